"""What becomes of a request that the server cuts off because it stops."""

import asyncio

import msgspec

from capacity_api.api.headers import request_id
from capacity_api.api.problems import problem_from_error
from capacity_api.asgi import Application, Message, Receive, Scope, Send
from capacity_api.errors import DatabaseUnavailable
from capacity_api.representations.problem import PROBLEM_JSON


class ShutdownMiddleware:
    """Answers with a problem document when the server cancels a request. The server would say 500, in plain text."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_started = False

        async def send_on(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except asyncio.CancelledError:
            if has_started:
                raise
            # Servers cancel a request only when it has outlived their grace: it waits for the database.
            number = request_id(scope)  # type: ignore[arg-type]  # a plain ASGI scope
            problem, headers = problem_from_error(DatabaseUnavailable(), number)
            headers |= {"content-type": PROBLEM_JSON, "cache-control": "no-store", "x-request-id": str(number)}
            encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
            await send({"type": "http.response.start", "status": problem.status, "headers": encoded})
            body = b"" if scope["method"] == "HEAD" else msgspec.json.encode(problem)
            await send({"type": "http.response.body", "body": body})
