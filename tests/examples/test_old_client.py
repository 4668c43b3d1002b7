"""The examples, written for this version, meet a newer directory: what they do not know, they must not read as "open".

The newer directory is the real service, behind a server that adds what docs/compatibility.md says may come.
"""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.delivery import endpoints
from tests.examples.partners import COMMANDS, Integration, moved_clock
from tests.examples.test_guide import IN_CODE, output_of
from tests.nginx import free_port
from tests.serving import OPEN, PAUSED, Service, client_of, serving

from capacity_api.clock import utc_now
from capacity_api.config import Settings
from capacity_api.domain import signing

SECRET = signing.make_secret("v1", bytes(32))
STRANGE = {"tara": "holiday"}


def newer(value: Any) -> Any:
    """What a newer version may answer in place of this: more fields, and codes that are new."""
    if isinstance(value, list):
        return [newer(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: newer(each) for name, each in value.items()}
    if value.get("slug") in STRANGE and "intake" in value:
        found["intake"]["state"] = STRANGE[value["slug"]]
    if "outcome" in value:
        found["outcome"] = "perhaps"
    if "events" in value:
        found["events"] = [each for event in found["events"] for each in (event, storm_after(event))]
    return {**found, "more": {"words": ["of", "a", "later", "version"]}}


def storm_after(event: dict[str, Any]) -> dict[str, Any]:
    """An event of a type that is new, with the number of one that the client knows."""
    return {**event, "id": str(uuid4()), "type": "weather.storm", "data": {"wind": 11}}


class NewerDirectory:
    """An ASGI application that answers what the service does, and more."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive()).get("body", b"")
        answer = await self._client.request(
            scope["method"],
            f"{scope['path']}?{scope['query_string'].decode()}",
            content=body,
            headers={"content-type": "application/json"} if body else {},
        )
        content = json.dumps(newer(answer.json())).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": content})


@asynccontextmanager
async def newer_directory(settings: Settings) -> AsyncIterator[tuple[Service, str]]:
    async with (
        serving(settings, utc_now) as service,
        client_of(str(service.client.base_url)) as client,
        endpoints.serving(NewerDirectory(client)) as address,
    ):
        yield service, address.removesuffix("/hook")


async def shown_by(address: str) -> dict[str, Any]:
    """The newer directory as a client of this version has to show it."""
    async with client_of(address) as client:
        responders = (await client.get("/v1/directory")).json()["responders"]
    for each in responders:
        if each["slug"] in STRANGE:
            assert each["intake"]["state"] == STRANGE[each["slug"]]
            # Nor may another word say that it is open.
            last = each["intake"]["report"] or each["intake"]["last_report"]
            unconfirmed = {"state": "unconfirmed", "capacity_status": None, "report": None, "last_report": last}
            each["intake"].update(unconfirmed)
    return {each["slug"]: each for each in responders}


async def agrees(integration: Integration, address: str) -> None:
    expected = await shown_by(address)
    await integration.until(lambda shown: shown["responders"] == expected)


async def deliver(port: int, event: dict[str, Any]) -> int:
    """Send a webhook, signed as the service does, and return the status of the answer."""
    body, now = json.dumps(event).encode(), int(time.time())
    headers = signing.signature_headers([SECRET], event["id"], now, body)
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.post(f"http://127.0.0.1:{port}/hook", content=body, headers=headers)).status_code


@pytest.mark.parametrize("language", COMMANDS)
async def test_an_integration_ignores_what_it_does_not_know_and_takes_no_strange_state_for_open(
    settings: Settings, tmp_path: Path, language: str
) -> None:
    async with newer_directory(settings) as (service, address):
        await service.report("tara", OPEN)
        port = free_port()
        moved_clock(tmp_path)
        environment = {
            "DIRECTORY": address,
            "WEBHOOK_SECRET": SECRET,
            "COPY": str(tmp_path / "copy.json"),
            "PORT": str(port),
            "FOLLOW_EVERY_SECONDS": "0.5",
            "CLOCK": str(tmp_path / "clock"),
        }
        integration = Integration(COMMANDS[language], environment)
        await integration.start()
        try:
            await agrees(integration, address)
            # Following goes on behind events of a type that is new.
            await service.report("unseen", PAUSED)
            await agrees(integration, address)
            (*_, event) = (await service.read("/v1/events", after=0))["events"]
            assert await deliver(port, newer(storm_after(event))) == 204
            await agrees(integration, address)
            # A type that it knows, with a state that it does not.
            after = await service.report("tara", PAUSED)
            assert await deliver(port, newer({**event, "id": str(uuid4()), "data": {"responder": after}})) == 204
            await agrees(integration, address)
        finally:
            await integration.stop()


@pytest.mark.parametrize("suffix", IN_CODE)
async def test_an_outcome_that_is_new_is_read_as_ask(settings: Settings, tmp_path: Path, suffix: str) -> None:
    async with newer_directory(settings) as (service, address):
        await service.report("salvation-army", OPEN)
        lines = (await output_of(f"match{suffix}", tmp_path, DIRECTORY=address)).splitlines()
        assert lines
        outcomes = {line.split()[0] for line in lines if "[" in line}
        assert outcomes == {"ask"}, lines
