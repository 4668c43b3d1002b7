"""A full run with people, and then a search for their addresses: in database, log, metrics and every refusal."""

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import select
from tests import mail_server
from tests.api.people import DAY, add_person, use
from tests.api.test_openapi import OPERATIONS
from tests.conftest import Clock
from tests.mail_server import MailServer, link_of
from tests.serving import OPEN, Headers, Service, serving

from capacity_api.config import Settings
from capacity_api.db.tables import Table

# Words that are nowhere else.
INVITED = "quillfeather@tara.example"
COORDINATOR = "bramblewick@network.example"
REFUSED = "thistledown@tara.example"
UNKNOWN = "marrowfield@tara.example"
NAMES = ("quillfeather", "bramblewick", "thistledown", "marrowfield")


def assert_nameless(text: str, what: object) -> None:
    found = [name for name in NAMES if name in text.lower()]
    assert not found, (found, what)


async def rows(service: Service) -> list[str]:
    """Every stored value as text, and what is in it if it is sealed."""
    found = []
    async with service.database.read() as session:
        for table in Table.metadata.sorted_tables:
            for row in await session.execute(select(table)):
                for value in row:
                    found.append(f"{table.name}: {value!r}")
                    if isinstance(value, str) and service.keys.can_unseal(value):
                        found.append(f"{table.name} sealed: {service.keys.unseal(value)}")
    return found


async def test_after_a_full_run_no_address_is_anywhere_but_in_the_mail(
    settings: Settings, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    refusals: list[str] = []

    async def note_refusal(answer: httpx.Response) -> None:
        if answer.status_code >= 400:
            refusals.append((await answer.aread()).decode())

    async with mail_server.serving() as server:
        settings = msgspec.structs.replace(
            settings, smtp=server.server, mail_from="capacity@example.org", public_url="https://capacity.example.org"
        )
        async with serving(settings, clock, deliver=True) as service:
            service.client.event_hooks["response"].append(note_refusal)
            admin, tara = await service.token(), await service.token(responder="tara")
            await run(service, server, clock, admin, tara)
            # While people are here, only their own rows have their addresses, and sealed.
            stored = await rows(service)
            assert any(each.startswith("person sealed: ") for each in stored)
            others = [each for each in stored if not each.startswith(("person sealed: ", "link sealed: "))]
            assert_nameless("\n".join(others), "the database")
            await refuse_everything(service, admin, tara)
            people = (await service.client.get("/v1/people", headers=admin)).json()["items"]
            assert {each["email"] for each in people} == {INVITED, REFUSED, COORDINATOR}
            for person in people:
                assert (await service.client.delete(f"/v1/people/{person['id']}", headers=admin)).status_code == 204
            assert_nameless("\n".join(await rows(service)), "the database after the removal")
            for method, path in OPERATIONS:
                if method == "get" and "{" not in path:
                    assert_nameless((await service.client.get(path, headers=admin)).text, path)
    assert len(refusals) > 40
    assert_nameless("\n".join(refusals), "a refusal")
    assert_nameless(caplog.text, "the log")
    if settings.is_sqlite:
        for file in Path(str(settings.url.database)).parent.iterdir():
            assert_nameless(file.read_bytes().decode("latin-1"), file.name)


async def run(service: Service, server: MailServer, clock: Clock, admin: Headers, tara: Headers) -> None:
    """An invitation, a sign-in, a report, a reminder, and an address that does not work."""
    # As mail servers do, it repeats the address.
    server.at_recipient[REFUSED] = f"550 5.1.1 <{REFUSED}>: no such user"
    await add_person(service, admin, COORDINATOR, owner="admin")
    await add_person(service, tara, REFUSED)
    invited = await service.client.post("/v1/invitations", json={"email": INVITED}, headers=tara)
    assert invited.status_code == 202, invited.text
    accepted = await use(service, link_of((await server.arrived(1))[0]))
    assert (accepted.status_code, accepted.json()["email"]) == (200, INVITED)
    for email in (UNKNOWN, INVITED):
        assert (await service.client.post("/v1/sign-in", json={"email": email})).status_code == 202
    used = await use(service, link_of((await server.arrived(2))[1]))
    person = {"authorization": f"Bearer {used.json()['token']}"}
    reported = await service.client.put("/v1/responders/tara/intake", json=OPEN, headers=person)
    assert reported.status_code == 200, reported.text
    # The responder is reminded, and the coordinator hears which address did not work.
    clock.advance(6 * DAY)
    mail = (await server.arrived(4))[2:]
    assert sorted(server.recipients[2:]) == sorted([INVITED, COORDINATOR])
    reminder = mail[server.recipients[2:].index(INVITED)]
    assert (await use(service, link_of(reminder))).status_code == 200


async def refuse_everything(service: Service, admin: Headers, tara: Headers) -> None:
    """Calls with an address in them that are refused, for many reasons."""
    bodies: list[Any] = [
        {"email": INVITED},
        {"email": INVITED, "owner": "unseen"},
        {"email": INVITED, "owner": INVITED},
        {"email": f"{INVITED} x"},
        {"email": [INVITED]},
        {"email": INVITED, "name": INVITED},
        {"email": INVITED, "roles": []},
        {"owner": INVITED},
    ]
    for path in ("/v1/people", "/v1/invitations", "/v1/sign-in"):
        for body in bodies:
            for token in (admin, tara, {}):
                await service.client.post(path, json=body, headers=token)
    for path in ("/v1/links/look", "/v1/links/use"):
        for link in (INVITED, [INVITED]):
            await service.client.post(path, json={"link": link})
    # What is not JSON at all.
    headers = {**tara, "content-type": "application/json"}
    await service.client.post("/v1/people", content=INVITED.encode(), headers=headers)
