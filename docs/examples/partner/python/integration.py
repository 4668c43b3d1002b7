"""A complete integration: it receives webhooks, follows the events that it missed, and answers from its own copy.

    pip install httpx standardwebhooks
    DIRECTORY=https://capacity.example.org WEBHOOK_SECRET=whsec_… COPY=copy.json PORT=9000 python integration.py

`POST /hook` takes webhooks. `GET /` is the copy as JSON, as it must be shown now.
"""

import json
import os
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from copy_of_directory import Copy
from standardwebhooks import Webhook, WebhookVerificationError

_LONGEST_BODY = 64 * 1024
# Webhooks bring news at once. This brings what they missed.
_FOLLOW_EVERY_SECONDS = float(os.environ.get("FOLLOW_EVERY_SECONDS", "30"))


class Integration:
    """The copy, kept true from two sides: by webhooks as they arrive, and by following the list of events."""

    def __init__(self, copy: Copy, directory: str, secret: str) -> None:
        self._copy = copy
        self._client = httpx.Client(base_url=directory, timeout=20)
        self._webhook = Webhook(secret)
        # Webhooks arrive in threads of their own.
        self._lock = threading.Lock()
        self.wake = threading.Event()

    def receive(self, body: bytes, headers: dict[str, str]) -> None:
        """Take one webhook. Raises `WebhookVerificationError`."""
        self._webhook.verify(body, headers)
        with self._lock:
            if not self._copy.apply(json.loads(body)):
                # The follower reads the directory whole.
                self._copy.cursor = None
        self.wake.set()

    def responders(self) -> dict[str, Any]:
        with self._lock:
            return self._copy.responders(datetime.now(UTC))

    def follow(self) -> None:
        """Apply every event since the last time; begin with the whole directory."""
        while True:
            cursor = self._copy.cursor
            if cursor is None:
                self._read_directory()
                continue
            answer = self._client.get("/v1/events", params={"after": cursor, "limit": 1000})
            if answer.status_code == httpx.codes.CONFLICT:
                # A number that nobody has given out: the directory is not the one that we knew.
                self._read_directory()
                continue
            page = answer.raise_for_status().json()
            with self._lock:
                if not all(self._copy.apply(event) for event in page["events"]):
                    self._copy.cursor = None
                elif self._copy.cursor is not None:
                    self._copy.advance(page["sequence"])
            if page["sequence"] >= page["latest"] and self._copy.cursor is not None:
                return

    def follow_forever(self) -> None:
        while True:
            self.wake.clear()
            try:
                self.follow()
            except httpx.HTTPError as error:
                print(f"the directory cannot be read: {error!r}", flush=True)
            self.wake.wait(_FOLLOW_EVERY_SECONDS)

    def _read_directory(self) -> None:
        directory = self._client.get("/v1/directory").raise_for_status().json()
        with self._lock:
            self._copy.replace(directory)


def handler_for(integration: Integration) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            if length > _LONGEST_BODY:
                self._answer(413)
                return
            try:
                integration.receive(
                    self.rfile.read(length), {name.lower(): value for name, value in self.headers.items()}
                )
            except WebhookVerificationError:
                self._answer(401)
                return
            self._answer(204)

        def do_GET(self) -> None:
            self._answer(200, json.dumps(integration.responders()).encode())

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: a log of requests would hold addresses."""

        def _answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def main() -> None:
    copy = Copy(Path(os.environ.get("COPY", "copy.json")))
    integration = Integration(copy, os.environ["DIRECTORY"], os.environ["WEBHOOK_SECRET"])
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9000"))), handler_for(integration))
    threading.Thread(target=integration.follow_forever, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
