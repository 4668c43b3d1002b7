"""A complete integration: it receives webhooks, follows the events that it missed, and answers from its own copy.

    pip install httpx
    DIRECTORY=https://capacity.example.org WEBHOOK_SECRET=whsec_… COPY=copy.json PORT=9000 python integration.py

`POST /hook` takes webhooks. `GET /` is the copy as JSON, as it must be shown now.
"""

import json
import os
import random
import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from copy_of_directory import Copy
from signature import is_genuine, secrets_of

_LONGEST_BODY = 64 * 1024
# Webhooks bring news at once. This brings what they missed.
_FOLLOW_EVERY_SECONDS = float(os.environ.get("FOLLOW_EVERY_SECONDS", "30"))
_LONGEST_BACKOFF_SECONDS = 300
_LONGEST_PAUSE_SECONDS = 3600
# A copy that was not compared with the list for so long may have missed a pause: say so beside it.
_STALE_AFTER_SECONDS = 300


class Integration:
    """The copy, kept true from two sides: by webhooks as they arrive, and by following the list of events."""

    def __init__(self, copy: Copy, directory: str, secrets: list[str]) -> None:
        self._copy = copy
        self._secrets = secrets
        self._client = httpx.Client(base_url=directory, timeout=20)
        # Webhooks arrive in threads of their own.
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._checked_at: datetime | None = None

    def receive(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Take one webhook; False if it is not genuine. What it brought is stored when this returns."""
        if not is_genuine(self._secrets, headers, body, time.time()):
            return False
        with self._lock:
            self._copy.apply_webhook(json.loads(body))
        # It proves nothing about what came before it.
        self._woken.set()
        return True

    def show(self) -> dict[str, Any]:
        """What is to be shown now. `stale` where the directory could not be asked lately."""
        now = datetime.now(UTC)
        with self._lock:
            checked_at, responders = self._checked_at, self._copy.responders(now)
            # A restored directory confirms nothing, so neither does a copy of the one before.
            is_whole = self._copy.cursor is not None
        stale = not is_whole or checked_at is None or (now - checked_at).total_seconds() > _STALE_AFTER_SECONDS
        return {"checked_at": checked_at and checked_at.isoformat(), "stale": stale, "responders": responders}

    def follow(self) -> None:
        """Apply every event since the last time; begin with the whole directory."""
        while True:
            asked_at = datetime.now(UTC)
            cursor = self._copy.cursor
            if cursor is None:
                directory = self._client.get("/v1/directory").raise_for_status().json()
                with self._lock:
                    self._copy.replace(directory)
                continue
            answer = self._client.get("/v1/events", params={"after": cursor, "limit": 1000})
            with self._lock:
                if answer.status_code == httpx.codes.CONFLICT:
                    # A number that nobody has given out: the directory is not the one that we knew.
                    self._copy.cursor = None
                    continue
                page = answer.raise_for_status().json()
                # Not if a webhook told of a restore meanwhile: the page may be from before it.
                if self._copy.cursor is not None:
                    self._copy.apply_page(page)
                if self._copy.cursor is not None and page["sequence"] >= page["latest"]:
                    self._checked_at = asked_at
                    return

    def follow_forever(self) -> None:
        failures = 0
        while True:
            self._woken.clear()
            try:
                self.follow()
            except (httpx.HTTPError, OSError, ValueError, LookupError, TypeError) as error:
                # Also a full disk, or a proxy that answers anything in its place.
                failures += 1
                pause = _pause_after(error, failures)
                print(f"cannot follow the directory, next try in {pause:.0f} s: {error!r}", flush=True)
                # A webhook does not cut this short.
                time.sleep(pause)
            else:
                failures = 0
                self._woken.wait(_FOLLOW_EVERY_SECONDS)


def _pause_after(error: Exception, failures: int) -> float:
    """Longer each time, a little at random so that partners do not come all at once, and at least `Retry-After`."""
    pause = min(2.0 ** min(failures, 10), _LONGEST_BACKOFF_SECONDS) * random.uniform(0.5, 1)
    asked = error.response.headers.get("retry-after", "") if isinstance(error, httpx.HTTPStatusError) else ""
    return max(pause, min(int(asked), _LONGEST_PAUSE_SECONDS)) if asked.isdecimal() else pause


class Server(ThreadingHTTPServer):
    def __init__(self, port: int, integration: Integration) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.integration = integration


class Handler(BaseHTTPRequestHandler):
    server: Server
    # For a client that stops in the middle of a request.
    timeout = 15

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        if self.path != "/hook":
            self._answer(404)
        elif not length.isdecimal():
            self._answer(411)
        elif int(length) > _LONGEST_BODY:
            self._answer(413)
        elif self.server.integration.receive(self.headers, self.rfile.read(int(length))):
            # Also to a type that we do not know: it would be sent again.
            self._answer(204)
        else:
            self._answer(401)

    def do_GET(self) -> None:
        if self.path == "/":
            self._answer(200, json.dumps(self.server.integration.show()).encode())
        else:
            self._answer(404)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: a log of requests would hold addresses."""

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    try:
        # Several while one is being replaced, with white space between.
        secrets = secrets_of(os.environ.get("WEBHOOK_SECRET", ""))
    except ValueError as error:
        sys.exit(f"WEBHOOK_SECRET: {error}")
    copy = Copy(Path(os.environ.get("COPY", "copy.json")))
    integration = Integration(copy, os.environ["DIRECTORY"], secrets)
    threading.Thread(target=integration.follow_forever, daemon=True).start()
    Server(int(os.environ.get("PORT", "9000")), integration).serve_forever()


if __name__ == "__main__":
    main()
