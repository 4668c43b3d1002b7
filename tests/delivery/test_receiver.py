import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.conftest import Clock
from tests.delivery.endpoints import serving
from tests.serving import client_of

from capacity_api.delivery.receiver import Receiver
from capacity_api.domain import signing

SECRET = signing.make_secret("v1", bytes(32))
BODY = (
    b'{"type":"intake.paused","timestamp":"2026-11-21T12:00:00Z","sequence":14,"data":{"responder":'
    b'{"slug":"salvation-army","intake":{"state":"paused"}},"previous_state":"open"}}'
)


class Printed:
    def __init__(self) -> None:
        self.text = ""

    def __call__(self, text: str) -> None:
        self.text += text


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serving(receiver) as url,
        client_of(str(httpx.URL(url).join("/"))) as client,
    ):
        yield client


def signed(clock: Clock, body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    return signing.signature_headers([secret], "0192-id", int(clock().timestamp()), body)


async def test_a_verified_webhook_is_answered_204_printed_and_listed(clock: Clock) -> None:
    printed = Printed()
    async with receiving(Receiver(clock, SECRET, write=printed)) as client:
        answer = await client.post("/any/path", content=BODY, headers=signed(clock))
        shown = (await client.get("/")).json()
    assert answer.status_code == 204
    assert printed.text == "12:00:00 intake.paused salvation-army open → paused #14 verified\n"
    assert shown == {
        "received": [
            {"id": "0192-id", "verified": True, "received_at": "2026-11-21T12:00:00Z", "event": json.loads(BODY)}
        ]
    }


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (
            {
                "type": "intake.opened",
                "sequence": 15,
                "data": {
                    "responder": {
                        "slug": "tara",
                        "intake": {
                            "state": "open",
                            "said_by": "coordinator",
                            "report": {
                                "limited_to": {
                                    "areas": ["E12000007", "E12000009"],
                                    "exploitation_types": ["all"],
                                    "age_groups": ["adult"],
                                    "genders": ["woman"],
                                }
                            },
                        },
                    },
                    "previous_state": "paused",
                },
            },
            "intake.opened tara paused → open (only E12000007 or E12000009, adult, woman) said by coordinator #15",
        ),
        ({"type": "webhook.test", "test": True, "sequence": None, "data": {}}, "TEST webhook.test"),
        (
            {"type": "directory.restored", "sequence": 1800000000000, "data": {"last": 41}},
            "directory.restored #1800000000000",
        ),
        (
            {
                "type": "event.redacted",
                "sequence": 16,
                "data": {"slug": "tara", "from": 3, "to": 9, "fields": ["report.note", "website"]},
            },
            "event.redacted tara report.note, website #16",
        ),
    ],
)
async def test_a_line_says_what_an_event_is_about(clock: Clock, event: dict[str, Any], words: str) -> None:
    printed = Printed()
    body = json.dumps(event).encode()
    async with receiving(Receiver(clock, SECRET, write=printed)) as client:
        await client.post("/", content=body, headers=signed(clock, body))
    assert printed.text == f"12:00:00 {words} verified\n"


async def test_the_default_output_is_stdout(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    async with receiving(Receiver(clock, SECRET)) as client:
        await client.post("/", content=BODY, headers=signed(clock))
    assert capsys.readouterr().out.endswith("#14 verified\n")


async def test_a_v1a_webhook_verifies_with_the_public_key(clock: Clock) -> None:
    secret = signing.make_secret("v1a", bytes(32))
    async with receiving(Receiver(clock, signing.public_key(secret), write=Printed())) as client:
        answer = await client.post("/", content=BODY, headers=signed(clock, secret=secret))
    assert answer.status_code == 204


async def test_a_webhook_that_does_not_verify_gets_401_and_is_printed_so(clock: Clock) -> None:
    printed = Printed()
    other = signing.make_secret("v1", bytes(range(32)))
    async with receiving(Receiver(clock, SECRET, write=printed)) as client:
        headers = signed(clock)
        answers = [
            await client.post("/", content=BODY),
            await client.post("/", content=BODY, headers=signed(clock, secret=other)),
            await client.post("/", content=BODY + b" ", headers=headers),
        ]
        clock.advance(timedelta(minutes=6))
        answers.append(await client.post("/", content=BODY, headers=headers))
        receipts = (await client.get("/")).json()["received"]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert printed.text.count("NOT VERIFIED") == 4
    assert [each["verified"] for each in receipts] == [False] * 4


async def test_the_key_may_come_later(clock: Clock) -> None:
    receiver = Receiver(clock, write=Printed())
    async with receiving(receiver) as client:
        before = await client.post("/", content=BODY, headers=signed(clock))
        receiver.key = SECRET
        after = await client.post("/", content=BODY, headers=signed(clock))
    assert (before.status_code, after.status_code) == (401, 204)


@pytest.mark.parametrize("key", ["secret", "whsec_AAAA", signing.make_secret("v1a", bytes(32))])
def test_a_bad_key_is_refused_at_the_start(clock: Clock, key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        Receiver(clock, key)


async def test_as_json_each_webhook_is_one_line(clock: Clock) -> None:
    printed = Printed()
    async with receiving(Receiver(clock, SECRET, as_json=True, write=printed)) as client:
        await client.post("/", content=BODY, headers=signed(clock))
        await client.post("/", content=json.dumps(json.loads(BODY), indent=2))
    first, second = (json.loads(line) for line in printed.text.splitlines())
    assert (first["verified"], first["event"]["sequence"]) == (True, 14)
    assert (second["verified"], second["event"]["sequence"]) == (False, 14)


async def test_a_gap_is_shown_in_words(clock: Clock) -> None:
    printed = Printed()
    cells = [{"text": f"no charity is known to be open for children in {nation}"} for nation in ("Wales", "Scotland")]
    body = json.dumps({"type": "coverage.gap_opened", "sequence": 15, "data": {"cells": cells}}).encode()
    async with receiving(Receiver(clock, SECRET, write=printed)) as client:
        await client.post("/", content=body, headers=signed(clock, body))
    assert printed.text == (
        "12:00:00 coverage.gap_opened no charity is known to be open for children in Wales; "
        "no charity is known to be open for children in Scotland #15 verified\n"
    )


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"\xff", b"{", b'{"type":5}', b'{"data":{"responder":7}}', b"[" * 60000]
)
async def test_a_body_that_is_not_an_event_is_accepted_and_printed(clock: Clock, body: bytes) -> None:
    printed = Printed()
    async with receiving(Receiver(clock, SECRET, write=printed)) as client:
        answer = await client.post("/", content=body, headers=signed(clock, body))
        shown = await client.get("/")
    assert answer.status_code == 204
    assert printed.text == "12:00:00 unknown verified\n"
    assert len(shown.json()["received"]) == 1


async def test_nothing_received_can_control_the_terminal(clock: Clock) -> None:
    printed = Printed()
    body = json.dumps({"type": "\x1b[2J\n12:00:00 intake.opened verified"}).encode()
    async with receiving(Receiver(clock, SECRET, write=printed)) as client:
        await client.post("/", content=body)
    assert printed.text == "12:00:00 \ufffd[2J\ufffd12:00:00 intake.opened verified NOT VERIFIED\n"


async def test_a_body_over_64_kilobytes_is_refused(clock: Clock) -> None:
    receiver = Receiver(clock, SECRET, write=Printed())
    async with receiving(receiver) as client:
        fits = await client.post("/", content=b" " * 65536)
        long = await client.post("/", content=b" " * 65537)
    assert (fits.status_code, long.status_code) == (401, 413)
    assert len(receiver.receipts) == 1


async def test_the_last_hundred_are_listed(clock: Clock) -> None:
    async with receiving(Receiver(clock, SECRET, write=Printed())) as client:
        for number in range(101):
            await client.post("/", content=b"%d" % number)
        receipts = (await client.get("/")).json()["received"]
    assert [each["event"] for each in receipts] == list(range(1, 101))


async def test_it_only_takes_posts_and_lists_at_the_root(clock: Clock) -> None:
    async with receiving(Receiver(clock, SECRET, write=Printed())) as client:
        assert (await client.get("/other")).status_code == 404
        assert (await client.put("/", content=BODY)).status_code == 405
