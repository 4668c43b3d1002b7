"""`docs/guide/limits.md` says the numbers of the code."""

import json
import re
from datetime import timedelta

from tests.docs.blocks import ROOT

from capacity_api.api import context, requests
from capacity_api.config import Settings
from capacity_api.delivery import sender, wire
from capacity_api.domain import disputes, egress, endpoint_health, intake, retry, signing
from capacity_api.edge.connections import Limits
from capacity_api.operations import changes, notices, paging, people, sign_in, tokens
from capacity_api.operations.webhooks import due_work, management, secrets
from capacity_api.representations.encoding import TTL_SECONDS
from capacity_api.snapshot import matches

EDGE, SETTINGS = Limits(), Settings()
HOUR = timedelta(hours=1)
# The longest and the usual page of a list that differs from the others.
LENGTHS = {"/v1/events": (1000, 100), "/v1/changes": (500, 500)}


def kilobytes(count: int) -> str:
    return f"{count // 1024} kB"


def in_short(time: timedelta) -> str:
    for unit, length in (("h", HOUR), ("min", timedelta(minutes=1))):
        if time >= length:
            return f"{time // length} {unit}"
    return f"{time.seconds} s"


SCHEDULE = ", ".join(map(in_short, retry._RETRY_SCHEDULE))
# By the first words of a row. tests/api/test_budgets.py tries what has none.
LIMITS = {
    "Reads of what is published": "no limit",
    "Reads that query": f"{SETTINGS.query_limit} a minute (`CAPACITY_QUERY_LIMIT`)",
    "Writes of one owner": f"{SETTINGS.write_limit} a minute (`CAPACITY_WRITE_LIMIT`)",
    "Unknown tokens": f"{context.FAILURE_LIMIT} a minute",
    "Sign-in links": f"{context.SIGN_IN_LIMIT} a minute",
    "Sign-in mails": f"{sign_in.MAX_BY_ADDRESS} an hour to one person, {sign_in.MAX_BY_OWNER} an hour to one owner",
    "Disputes": f"1 in {disputes.DISPUTE_EVERY // HOUR} hours",
    "How often to ask": f"every {TTL_SECONDS} seconds",
    "The head of a request |": kilobytes(EDGE.head_bytes),
    "The body of a request": kilobytes(requests.MAX_BODY_BYTES),
    "The body of a webhook": f"{changes.MAX_EVENT_BYTES // 1000} kB",
    "What we read": kilobytes(wire.MAX_ANSWER_BYTES),
    "What the log": kilobytes(sender._MAX_LOGGED_BYTES),
    "A note": f"{intake.MAX_NOTE_LENGTH} characters",
    "The `description`": f"{management._MAX_DESCRIPTION} characters",
    "The `url`": f"{egress.MAX_URL_LENGTH} characters",
    "Events on a page": "100, at most 1000",
    "Responders on a page": "500, at most 500",
    "Items on a page": f"{paging.DEFAULT_LIMIT}, at most {paging.MAX_LIMIT}",
    "Matches": f"{matches.DEFAULT_MATCHES}, at most {matches.MAX_MATCHES}",
    "Webhooks": f"{management.MAX_WEBHOOKS}",
    "Sends": f"{due_work.MAX_SENDS_PER_OWNER}",
    "People": f"{people.MAX_PEOPLE}",
    "Connections": f"{EDGE.connections_per_address} (`CAPACITY_MAX_CONNECTIONS_PER_ADDRESS`)",
    "The head of a request has": f"{EDGE.head_seconds:g} seconds",
    "Its body": f"{EDGE.body_seconds:g} seconds",
    "A reader": f"{EDGE.stalled_seconds:g} seconds",
    "An idle connection": f"{SETTINGS.keep_alive_seconds} seconds (`CAPACITY_KEEP_ALIVE_SECONDS`)",
    "Your answer": f"{sender.DEADLINE_SECONDS:g} seconds",
    "A webhook's": f"{signing.TOLERANCE_SECONDS // 60} minutes",
    "A report holds, unless": f"{intake.DEFAULT_VALID_FOR.days} days",
    "A report holds at most": f"{intake.MAX_VALID_FOR.days} days",
    "A token": f"{tokens.DEFAULT_LIFETIME.days} days",
    "Both secrets": f"{secrets.ROTATION_OVERLAP // HOUR} hours",
    "The log of deliveries": f"{SETTINGS.keep_deliveries.days} days",
    "Tried again": f"{SCHEDULE}, then every {retry._THEN_EVERY // HOUR} h",
    "Each wait": f"{retry._JITTER:.0%}",
    "Your `Retry-After`": f"{retry.MAX_RETRY_AFTER // HOUR} hours",
    "One event": f"{retry.RETRY_FOR // HOUR} hours",
    "The webhook is disabled": f"{endpoint_health.DISABLE_AFTER.days} days without a success, and at least "
    f"{endpoint_health._MIN_FAILED_ATTEMPTS} failed attempts",
    "You are told": f"{notices.FAILING_AFTER // HOUR} hour",
}


def test_each_limit_is_the_one_of_the_code() -> None:
    page = (ROOT / "docs" / "guide" / "limits.md").read_text()
    rows = dict(re.findall(r"^\| (?!what )([^|]+ \|) ([^|]+) \|$", page, re.MULTILINE))
    known = {}
    for words, limit in LIMITS.items():
        (row,) = [each for each in rows if each.startswith(words) and each not in known]
        known[row] = limit
    assert rows == known


def test_webhooks_and_limits_name_one_schedule() -> None:
    text = " ".join((ROOT / "docs" / "webhooks.md").read_text().split())
    assert (
        f"We try again after {SCHEDULE} and then every {retry._THEN_EVERY // HOUR} h, each ±{retry._JITTER:.0%}" in text
    )
    assert f"{retry.RETRY_FOR // HOUR} hours after its first failure we try an event for the last time" in text


def test_the_lists_take_the_lengths_that_the_page_says() -> None:
    """As the OpenAPI document declares them, which a test compares with the code."""
    paths = json.loads((ROOT / "openapi" / "openapi.json").read_text())["paths"]
    for path, methods in paths.items():
        for parameter in methods.get("get", {}).get("parameters", []):
            if parameter["name"] == "limit":
                most, usual = LENGTHS.get(path, (paging.MAX_LIMIT, paging.DEFAULT_LIMIT))
                assert parameter["schema"]["maximum"] == most, path
                assert re.search(rf"\b{usual}\b", parameter["description"].rpartition(",")[2]), path
