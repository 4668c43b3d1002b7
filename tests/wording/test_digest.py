"""The digest, word by word, from real databases: it is read days later, and must be true then."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.conftest import Clock
from tests.restores import back_up

from capacity_api.cli.digest import make_digest
from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.db.restore import remember_mark
from capacity_api.domain.codes import EVERYTHING
from capacity_api.domain.contact import ContactRequest
from capacity_api.domain.intake import Circumstance, ExpectedTime, Reason, Report, ReportedState, SaidBy, Unit
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Limit, Remit
from capacity_api.errors import DatabaseRestored
from capacity_api.operations import intake, responders, restored
from capacity_api.operations.responders import ResponderPatch, ResponderRequest
from capacity_api.operations.restored import TokenDecision
from capacity_api.publication.documents import catalogue
from capacity_api.publication.publisher import Publisher
from capacity_api.wording.digest import WIDTH

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
PUBLIC = "https://capacity.example.org"
UK = Remit(areas=("K02000001",), exploitation_types=EVERYTHING, age_groups=(AgeGroup.ADULT,))
WOMEN_IN_SCOTLAND = Remit(
    areas=("S92000003",),
    exploitation_types=(ExploitationType.SEXUAL,),
    age_groups=(AgeGroup.ADULT,),
    genders=(Gender.WOMAN,),
)
OPEN = Report(state=ReportedState.OPEN)
WAITING = Report(state=ReportedState.WAITING_LIST)
PAUSED = Report(state=ReportedState.PAUSED)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


async def list_one(database: Database, at: datetime, slug: str, name: str, remit: Remit = UK) -> None:
    async with database.write() as session:
        await responders.list_responder(session, at, ResponderRequest(slug=slug, name=name, remit=remit))


async def report(database: Database, at: datetime, slug: str, said: Report, **options: Any) -> None:
    async with database.write() as session:
        await intake.report_intake(session, at, slug, said, **options)


async def delist(database: Database, at: datetime, slug: str) -> None:
    async with database.write() as session:
        await responders.delist_responder(session, at, slug)


async def digest_of(database: Database, now: datetime = NOW, days: int = 7, **settings: Any) -> str:
    clock = Clock(now)
    published = catalogue(Settings(**{"public_url": PUBLIC, **settings}))
    return (await make_digest(database, Publisher(database, clock, published), days)).text


async def fill(database: Database) -> None:
    """A fortnight of a small network, in the order in which it happened."""
    for slug, name, remit in (
        ("charity-a", "Charity A", UK),
        ("charity-b", "Charity B", WOMEN_IN_SCOTLAND),
        ("charity-c", "Charity C", UK),
        ("charity-d", "Charity D", UK),
        ("charity-e", "Charity E", UK),
    ):
        await list_one(database, ago(20), slug, name, remit)
    await report(database, ago(9), "charity-c", OPEN)
    await report(database, ago(6), "charity-a", OPEN)
    await report(database, ago(5), "charity-b", WAITING, said_by=SaidBy.COORDINATOR)
    await list_one(database, ago(4), "charity-f", "Elusen Ŵ")
    async with database.write() as session:
        patch = ResponderPatch(contact=ContactRequest(phone="0808 808 3733", email="enquiries@example.org"))
        await responders.change_details(session, ago(3), "charity-b", patch)
        await responders.change_details(session, ago(3), "charity-b", ResponderPatch(website="https://example.org/"))
    await delist(database, ago(2.5), "charity-e")
    pause = Report(
        state=ReportedState.PAUSED,
        exceptions=(Circumstance.DETENTION, Circumstance.HOMELESSNESS),
        reopens_on=date(2026, 12, 10),
        reason=Reason.STAFFING,
        note="Write to our new office.",
    )
    await report(database, ago(2), "charity-d", pause)
    limited = Report(
        state=ReportedState.OPEN,
        expected_response=ExpectedTime(min=5, max=10, unit=Unit.WORKING_DAYS),
        limited_to=Limit(genders=(Gender.WOMAN,)),
    )
    await report(database, ago(1), "charity-a", limited)
    await report(database, ago(1), "charity-a", PAUSED, effective_from=NOW + timedelta(days=3))


WHOLE = """\
Who takes new people
====================

From 20 November 2026 to 27 November 2026.

This text was made on 27 November 2026, 09:30 (UK time). Check the end
date of each answer: after it, we do not know. An organisation may also
change its answer before that.

Check today:
https://capacity.example.org/

In immediate danger, call 999.
Modern Slavery & Exploitation Helpline: 08000 121 700

What changed
------------

21 November 2026
* Charity A: open

22 November 2026
* Charity B: waiting list

23 November 2026
* \u2068Elusen Ŵ\u2069: joined the directory

24 November 2026
* Charity B: new contact, name, website or who it helps
* Charity E: left the directory

25 November 2026
* Charity C: not confirmed any more
* Charity D: paused

Open: 1
-------

* Charity A. For: Adults · any kind of exploitation · United Kingdom.
  Open: taking new people. For now only: Adult women. Response: 5 to 10
  working days: expected, not guaranteed. Confirmed on 26 November 2026,
  09:30, until 3 December 2026, 09:30 (UK time). After that we do not
  know. Planned: paused from 30 November 2026, 09:30 (UK time). It
  listed no exceptions. It has not said until when.

Waiting list: 1
---------------

* Charity B. For: Adult women · sexual exploitation · Scotland. Waiting
  list: you can contact it. There is a wait. We were told this on 22
  November 2026, 09:30, until 29 November 2026, 09:30 (UK time). After
  that we do not know.

Paused: 1
---------

* Charity D. For: Adults · any kind of exploitation · United Kingdom.
  Paused: not taking new people. It still takes people who are homeless
  or destitute, and people in detention. It expects to stay paused
  through 10 December 2026. Reason given: staffing. Confirmed on 25
  November 2026, 09:30, until the end of 10 December 2026 (UK time).
  After that we do not know. It adds a note: see the directory.

Not confirmed: 2
----------------

We do not know if these are open. Contact them to ask.

* Charity C. For: Adults · any kind of exploitation · United Kingdom.
  Not confirmed: we do not know if it is open. Contact it to ask. It
  last said “open”. That ended on 25 November 2026, 09:30 (UK time).

These have not joined this directory:

* \u2068Elusen Ŵ\u2069

Gaps
----

When this text was made:

* No charity is known to be open for adult men or non-binary adults in
  any nation or region of the United Kingdom as a whole.
* No charity is known to be open for children in any nation or region of
  the United Kingdom as a whole.

Before you ring
---------------

Check today:
https://capacity.example.org/

Is something here wrong? Tell us:
network@example.org
"""


async def test_it_says_the_week_and_the_present_word_by_word(database: Database) -> None:
    await fill(database)
    assert await digest_of(database, contact="network@example.org") == WHOLE


async def test_what_lapsed_while_nothing_ran_is_not_called_open(database: Database) -> None:
    await list_one(database, ago(30), "charity-a", "Charity A")
    await report(database, ago(8), "charity-a", OPEN)
    a_moment_before = await digest_of(database, ago(1) - timedelta(seconds=1))
    assert "Open: 1" in a_moment_before
    assert ", until 26 November 2026, 09:30 (UK time)" in " ".join(a_moment_before.split())
    text = await digest_of(database)
    assert "26 November 2026\n* Charity A: not confirmed any more\n" in text
    assert "Open: 0" in text
    assert "That ended on 26 November 2026, 09:30" in text
    # Further back than the week.
    assert "Charity A: open" not in text
    assert "19 November 2026\n* Charity A: open\n" in await digest_of(database, days=14)


async def test_each_that_is_open_has_its_date_beside_it(database: Database) -> None:
    for n in range(5):
        await list_one(database, ago(30), f"charity-{n}", f"Charity {n}")
    for n in range(5):
        await report(database, ago(5 - n), f"charity-{n}", OPEN)
    text = await digest_of(database)
    section = text[text.index("Open: 5") : text.index("Waiting list: 0")]
    entries = [" ".join(each.split()) for each in section.split("\n* ")[1:]]
    assert [each.partition(".")[0] for each in entries] == [f"Charity {n}" for n in range(5)]
    for n, each in enumerate(entries):
        assert f", until {29 + n if n < 2 else n - 1} {'November' if n < 2 else 'December'} 2026" in each


async def test_after_a_restore_nobody_is_called_open(database: Database) -> None:
    await fill(database)
    async with database.write(recovering=True) as session:
        await restored.declare_restored(session, ago(0.5), above=100, tokens=TokenDecision.KEEP)
    await remember_mark(database)
    text = await digest_of(database)
    assert "* The directory was restored from a backup. What was said before is not\n  confirmed." in text
    assert "* Charity A: not confirmed any more" in text
    for heading in ("Open: 0", "Waiting list: 0", "Paused: 0"):
        assert heading in text
    assert "Not confirmed: 5" in text
    assert "Planned" not in text


async def test_of_a_database_that_went_back_in_time_there_is_no_digest(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    await list_one(database, ago(3), "charity-a", "Charity A")
    await report(database, ago(2), "charity-a", OPEN)
    backup = await back_up(settings.url, tmp_path)
    await report(database, ago(1), "charity-a", PAUSED)
    async with database.read() as session:
        await database.continuity.look(session)
    await backup.restore()
    with pytest.raises(DatabaseRestored):
        await digest_of(database)


async def test_an_empty_directory_has_a_digest(database: Database) -> None:
    text = await digest_of(database, public_url=None)
    assert "No organisation changed what it says, and no answer ended." in text
    assert "Not confirmed: 0\n----------------\n\nNone." in text
    assert "No charity is known to be open for anybody" in text
    assert "Check today, in the directory that this text was made from." in text


async def test_where_everybody_is_covered_the_digest_says_until_when_that_is_known(database: Database) -> None:
    everybody = Remit(areas=("K02000001",), exploitation_types=EVERYTHING, age_groups=tuple(AgeGroup))
    await list_one(database, ago(30), "charity-a", "Charity A", everybody)
    await report(database, ago(1), "charity-a", OPEN)
    assert "None when this text was made. There may be one by now." in await digest_of(database)


async def test_it_has_no_note_and_no_way_to_reach_anybody(database: Database) -> None:
    await fill(database)
    plan = msgspec.structs.replace(WAITING, note="Only on the new line.")
    await report(database, NOW, "charity-c", OPEN)
    await report(database, NOW, "charity-c", plan, effective_from=NOW + timedelta(days=2))
    text = await digest_of(database)
    for kept_back in ("new office", "new line", "0808 808 3733", "enquiries@", "https://example.org/"):
        assert kept_back not in text
    assert " ".join(text.split()).count("It adds a note: see the directory.") == 2


HOSTILE = "\u202eturned \u2067 " + "A" * 150


async def test_lines_are_short_and_no_name_turns_others_round(database: Database) -> None:
    await list_one(database, ago(30), "hostile", HOSTILE)
    await fill(database)
    await report(database, ago(1), "hostile", WAITING)
    text = await digest_of(database)
    assert max(map(len, text.splitlines())) <= WIDTH
    (item,) = [each for each in text.split("\n* ") if "A" * 50 in each and "For:" in each]
    name = item.partition(". For:")[0]
    assert name.startswith("\u2068\u202e")
    # Each mark is closed before the name ends.
    assert name.endswith("\u2069\u202c\u2069")


async def test_a_demonstration_says_so(database: Database) -> None:
    assert "Demonstration data: not real." in await digest_of(database, demonstration=True)
