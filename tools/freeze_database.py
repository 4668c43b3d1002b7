"""Write small databases of the version that is checked out: `python tools/freeze_database.py NAME [POSTGRESQL_URL]`.

For each release, as CONTRIBUTING.md says: `tests/db/test_released.py` upgrades what it writes in every later version.
The URL is of an empty PostgreSQL database; without it, only that of SQLite is written. It needs a `pg_dump` as new as
the server.
"""

import base64
import http.server
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

RELEASED = Path(__file__).parents[1] / "tests" / "db" / "released"
MAIN = "from capacity_api.cli.main import main; main()"
# The key of the tests. It protects nothing else.
KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
SLUG = "barnardos"
OPEN = {"state": "open", "expected_response": {"min": 5, "max": 10, "unit": "working_days"}}
PAUSED = {
    "state": "paused",
    "reason": "referral_threshold",
    "exceptions": ["self_referral"],
    "note": "“Full” – for now",
}
THRESHOLD = {"pause_at": 100, "reopen_below": 80, "report": PAUSED}
PERSON = {"email": "referrals@barnardos.example", "owner": SLUG}
HANDOVER = {"owner": SLUG, "scopes": ["intake:write"], "label": "Referral team"}
PATIENCE_SECONDS = 60


class Receiver(http.server.BaseHTTPRequestHandler):
    """An endpoint that takes everything."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return None


class Version:
    """The commands of the version, on one database."""

    def __init__(self, url: str) -> None:
        self._env = {
            **os.environ,
            "CAPACITY_DATABASE_URL": url,
            "CAPACITY_SECRET_KEY": KEY,
            "CAPACITY_EGRESS_ALLOW": "127.0.0.0/8",
            # Nobody listens there, so that what is to be sent stays.
            "CAPACITY_SMTP_URL": "smtp://127.0.0.1:1?starttls=no",
            "CAPACITY_MAIL_FROM": "directory@capacity.example",
            "CAPACITY_PUBLIC_URL": "https://capacity.example",
        }

    def run(self, *arguments: str) -> str:
        command = [sys.executable, "-c", MAIN, *arguments]
        return subprocess.run(command, env=self._env, check=True, stdout=subprocess.PIPE, text=True).stdout

    def token(self, *owner: str) -> str:
        token: str = json.loads(self.run("token", "issue", *owner, "--json"))["token"]
        return token

    @contextmanager
    def serve(self) -> Iterator[str]:
        """The address of a running service."""
        command = [sys.executable, "-u", "-c", MAIN, "serve", "--port", "0"]
        with subprocess.Popen(command, env=self._env, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                yield next(line.split()[-1] for line in process.stdout if "http://" in line)
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait()


def main(name: str, postgresql: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "capacity.db"
        facts = fill(f"sqlite:///{path}")
        # It stands beside the file of every SQLite database.
        write_facts(f"{name}.sqlite", facts | {"mark": path.with_name("capacity.db.mark").read_text()})
        with closing(sqlite3.connect(path)) as connection:
            (RELEASED / f"{name}.sqlite.sql").write_text("\n".join(connection.iterdump()) + "\n")
    if postgresql is not None:
        write_facts(f"{name}.postgresql", fill(postgresql))
        (RELEASED / f"{name}.postgresql.sql").write_text(dump_postgresql(postgresql))


def write_facts(stem: str, facts: dict[str, Any]) -> None:
    (RELEASED / f"{stem}.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n")


def dump_postgresql(url: str) -> str:
    command = ["pg_dump", "--inserts", "--no-owner", "--no-acl", url]
    dump = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    # Lines for psql alone, comments, and settings that an older server may not know.
    unwanted = ("\\", "--", "SET ")
    return "".join(f"{line}\n" for line in dump.splitlines() if line and not line.startswith(unwanted))


def fill(url: str) -> dict[str, Any]:
    """Put rows into each table by commands and calls alone. Returns what a later version has to find again."""
    version = Version(url)
    version.run("db", "create")
    tokens = {
        "responder": version.token("--responder", SLUG),
        "partner": version.token("--partner", "Tool", "--days", "3650"),
        "admin": version.token("--admin"),
    }
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        with version.serve() as address, httpx.Client(base_url=address, trust_env=False) as client:
            responder, partner, admin = (
                {"authorization": f"Bearer {tokens[name]}"} for name in ("responder", "partner", "admin")
            )
            endpoint = f"http://127.0.0.1:{receiver.server_port}/"
            made = client.post("/v1/webhooks", json={"url": endpoint}, headers=partner).raise_for_status().json()
            report = f"/v1/responders/{SLUG}/intake"
            client.put(report, json=OPEN, headers=responder).raise_for_status()
            for path, body in (("threshold", THRESHOLD), ("caseload", {"open_referrals": 40})):
                client.put(f"/v1/responders/{SLUG}/{path}", json=body, headers=responder).raise_for_status()
            client.put(report, json=PAUSED, headers=responder).raise_for_status()
            client.post("/v1/people", json=PERSON, headers=admin).raise_for_status()
            client.post("/v1/handovers", json=HANDOVER, headers=admin).raise_for_status()
            dispute = {"found": "no_answer"}
            client.post(f"/v1/responders/{SLUG}/disputes", json=dispute, headers=partner).raise_for_status()

            def has_delivered() -> bool:
                found = client.get(f"/v1/webhooks/{made['id']}/deliveries", headers=partner).raise_for_status().json()
                return any(each["status"] == "delivered" for each in found["items"])

            wait_for(has_delivered)
            now = datetime.now(UTC)
            shown = client.get(f"/v1/responders/{SLUG}").raise_for_status().json()
        receiver.shutdown()
    version.run("db", "rebuild")
    return {
        "at": now.isoformat(),
        "slug": SLUG,
        "tokens": tokens,
        "webhook": {"id": made["id"], "secret": made["secret"]},
        "report": PAUSED,
        "confirm_by": shown["intake"]["confirm_by"],
    }


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("nothing was delivered")
        time.sleep(0.1)  # the worker is another process


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
