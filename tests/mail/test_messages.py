"""The words of each mail: what is published and until when, what to do, and who runs it, twice the same."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import msgspec
import pytest
from tests.conftest import NOON, Clock
from tests.mail import rows
from tests.mail.mailers import SENDER
from tests.mail_server import text_of
from uuid_utils.compat import uuid7

from capacity_api.config import Settings
from capacity_api.db.engine import Database
from capacity_api.domain.disputes import DisputeFinding
from capacity_api.domain.endpoint_health import DisabledReason
from capacity_api.domain.intake import State
from capacity_api.domain.mail import REMINDERS, MailKind
from capacity_api.domain.owner import ADMIN, Owner
from capacity_api.domain.responder import ResponderRecord
from capacity_api.mail.messages import Writer
from capacity_api.operations.mail.content import MailContent
from capacity_api.operations.responders import get_responder
from capacity_api.wording.sentences import state_in_words

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SETTINGS = Settings(mail_from=SENDER, public_url="https://directory.example", contact="desk@directory.example")
TOOL = Owner(type="partner", name="Case tool", id=uuid7())
ARMY = Owner(type="responder", name="The Salvation Army", slug="salvation-army", id=uuid7())
LINK = "https://directory.example/update#link=abcdefghijklmnopqrstuvwxyz0"
WITH_LINK = REMINDERS | {MailKind.SIGN_IN, MailKind.INVITATION}


@pytest.fixture
async def record(listed: Database, clock: Clock) -> ResponderRecord:
    await rows.report(listed, clock(), note="Call before noon.")
    async with listed.read() as session:
        return (await get_responder(session, "salvation-army")).record


def content_of(kind: MailKind, record: ResponderRecord, owner: Owner = ARMY) -> MailContent:
    """A mail of this kind with all that it may have."""
    return MailContent(
        mail_id=uuid7(),
        kind=kind,
        email="ada@example.org",
        owner=owner,
        link=LINK if kind in WITH_LINK else None,
        link_expires_at=NOON + timedelta(minutes=15) if kind in WITH_LINK else None,
        responder=record if kind in REMINDERS | {MailKind.UNANSWERED} else None,
        was_reminded=True,
        dispute=("no_answer", "open", NOON) if kind is MailKind.DISPUTED else None,
        subject_owner=ARMY,
        subject_name="Case tool",
        subject_at=NOON,
        disabled_reason="failing" if kind is MailKind.WEBHOOK_DISABLED else None,
    )


class _Reader(HTMLParser):
    """The text of each paragraph, every tag and every attribute."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.paragraphs: list[str] = []
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value or "" for name, value in attrs if name == "href"]
        if tag in {"p", "hr"}:
            self.paragraphs.append("--" if tag == "hr" else "")

    def handle_data(self, data: str) -> None:
        if self.paragraphs:
            self.paragraphs[-1] += data.strip("\n")


@pytest.mark.parametrize("kind", list(MailKind))
async def test_each_mail_says_the_same_twice_and_loads_nothing(kind: MailKind, record: ResponderRecord) -> None:
    message = Writer(SETTINGS).write(content_of(kind, record), NOON)
    assert (message["From"], message["To"]) == (SENDER, "ada@example.org")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"] == "Sat, 21 Nov 2026 12:00:00 +0000"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    text = text_of(message)
    html = _Reader(text_of(message, "html"))
    assert [each for each in html.paragraphs if each] == text.strip().split("\n\n")
    assert html.tags == {"html", "head", "meta", "title", "body", "p", "a", "hr"}
    assert html.attributes == {"lang", "charset", "name", "content", "style", "href"}
    assert set(html.addresses) <= {LINK, "https://directory.example/update", "https://directory.example"}
    assert ("\n\n" + LINK + "\n\n" in text) is (kind in WITH_LINK)
    assert "desk@directory.example" in text
    # A watched telephone shows the subject: what the directory says stays inside.
    subject = str(message["Subject"])
    assert "First Responder directory" in subject
    assert not re.search("open|paused|waiting|lapsed", subject)
    assert not re.search(r"\{|\}|None|  ", text)


@pytest.mark.parametrize("kind", sorted(REMINDERS | {MailKind.UNANSWERED}))
async def test_a_reminder_says_what_is_published_now_and_what_to_do(kind: MailKind, record: ResponderRecord) -> None:
    writer = Writer(SETTINGS)
    before = text_of(writer.write(content_of(kind, record), NOON))
    assert "\n\nOpen: taking new people. It adds: “\u2068Call before noon.\u2069” " in before
    assert "Confirmed on 21 November 2026, 12:00, until 28 November 2026, 12:00 (UK time)" in before
    after = text_of(writer.write(content_of(kind, record), NOON + timedelta(days=8)))
    assert "Not confirmed: we do not know if it is open." in after
    assert "That ended on 28 November 2026, 12:00 (UK time)." in after
    if kind in REMINDERS:
        assert "choose “Still true” on the page" in before
        assert "Opening it changes nothing: only your tap on the page does." in before
        without = text_of(writer.write(msgspec.structs.replace(content_of(kind, record), link=None), NOON))
        assert "Please sign in and say what is true now:\n\nhttps://directory.example/update\n" in without
        assert "Still true" not in without


async def test_who_signs_in_is_told_where_and_until_when(record: ResponderRecord) -> None:
    text = text_of(Writer(SETTINGS).write(content_of(MailKind.SIGN_IN, record, ADMIN), NOON))
    assert "for the coordinators of the directory." in text
    assert "The link works once, until 21 November 2026, 12:15 (UK time)." in text


@pytest.mark.parametrize("found", list(DisputeFinding))
@pytest.mark.parametrize("shown", list(State))
async def test_a_dispute_says_what_was_found_and_what_was_shown(
    found: DisputeFinding, shown: State, record: ResponderRecord
) -> None:
    content = msgspec.structs.replace(content_of(MailKind.DISPUTED, record), dispute=(found, shown, NOON))
    text = text_of(Writer(SETTINGS).write(content, NOON))
    assert "On 21 November 2026, 12:00 (UK time) an organisation that uses the directory called The Salv" in text
    heard = "Nobody answered." if found is DisputeFinding.NO_ANSWER else "They were told that it "
    assert heard in text
    assert f"The directory said “{state_in_words(shown)}”." in text


def written(content: MailContent) -> str:
    return text_of(Writer(SETTINGS).write(content, NOON))


async def test_the_coordinators_read_whether_anybody_could_be_reminded(record: ResponderRecord) -> None:
    content = content_of(MailKind.UNANSWERED, record, ADMIN)
    assert "The Salvation Army has not answered any reminder." in written(content)
    without = Writer(SETTINGS).write(msgspec.structs.replace(content, was_reminded=False), NOON)
    assert "Nobody at The Salvation Army can be reminded." in text_of(without)
    assert "answer" not in f"{without['Subject']} {text_of(without)}"


@pytest.mark.parametrize("kind", [MailKind.TOKEN_ENDING, MailKind.WEBHOOK_FAILING, MailKind.WEBHOOK_DISABLED])
async def test_who_finds_no_tokens_and_webhooks_on_a_page_is_not_sent_there(
    kind: MailKind, record: ResponderRecord
) -> None:
    responder, partner, admin = [written(content_of(kind, record, owner)) for owner in (ARMY, TOOL, ADMIN)]
    assert "/update" not in responder + partner + admin
    assert "/manage" not in responder
    ask = "Ask the people who run the directory (desk@directory.example)"
    assert ask in responder
    assert "https://directory.example/manage\n" in admin
    if kind is MailKind.TOKEN_ENDING:
        assert f"{ask} for a new one." in partner
        assert "/manage" not in partner
    else:
        assert "https://directory.example/manage\n" in partner
    nobody_named = text_of(
        Writer(msgspec.structs.replace(SETTINGS, contact=None)).write(content_of(kind, record), NOON)
    )
    assert re.search(r"Ask the people who run the directory[ .]", nobody_named)


@pytest.mark.parametrize("owner", [ARMY, TOOL, ADMIN])
@pytest.mark.parametrize(
    ("reason", "why", "next_step", "may_partner_enable"),
    [
        ("failing", "It took no message for five days.", "When its address works again", True),
        ("gone", "Its server answered that its address is gone for good.", "When its address works again", True),
        ("secret_lost", "We cannot read its secret any more.", "Rotate its secret first", True),
        ("administrator", "The people who run the directory disabled it.", "Only the people who run", False),
        ("owner", "Its owner disabled it.", "When its address works again", True),
    ],
)
async def test_a_disabled_webhook_says_why_and_who_can_enable_it(
    owner: Owner,
    reason: DisabledReason,
    why: str,
    next_step: str,
    may_partner_enable: bool,
    record: ResponderRecord,
) -> None:
    content = content_of(MailKind.WEBHOOK_DISABLED, record, owner)
    text = written(msgspec.structs.replace(content, disabled_reason=reason))
    assert f"was disabled. {why} Nothing more is sent to it" in text
    assert f"\n\n{next_step}" in text
    may_enable = owner is ADMIN or (owner is TOOL and may_partner_enable)
    assert ("You can enable it here:\n\nhttps://directory.example/manage\n" in text) is may_enable


async def test_an_invitation_says_what_it_is_for(record: ResponderRecord) -> None:
    responder, partner, admin = [
        written(content_of(MailKind.INVITATION, record, owner)) for owner in (ARMY, TOOL, ADMIN)
    ]
    assert "You are invited to keep the entry of The Salvation Army up to date." in responder
    assert "You are invited to look after the webhooks of Case tool." in partner
    assert "the entry of" not in partner + admin
    assert "You are invited to help look after the whole directory." in admin
    assert "You will be able to change every entry, and who may sign in." in admin
    assert "change every entry" not in responder + partner


async def test_an_invitation_that_was_refused_is_not_looked_for_among_the_people(record: ResponderRecord) -> None:
    content = content_of(MailKind.ADDRESS_REFUSED, record, ADMIN)
    invited = written(msgspec.structs.replace(content, subject_name="invitation"))
    assert "You can send a new invitation here:" in invited
    assert "whose it is" not in invited
    assert "You can see whose it is, and replace it, here:" in written(
        msgspec.structs.replace(content, subject_name=None)
    )


async def test_hostile_words_stay_words(record: ResponderRecord) -> None:
    hostile = "Tara\r\nBcc: eve@example.org\n\nhttps://evil.example/\n\n<img src=https://evil.example/>\u202e"
    owner = msgspec.structs.replace(ARMY, name=hostile)
    content = content_of(MailKind.CONFIRMATION_DUE, msgspec.structs.replace(record, name=hostile), owner)
    message = Writer(SETTINGS).write(content, NOON)
    assert message["Bcc"] is None
    html = _Reader(text_of(message, "html"))
    assert "img" not in html.tags
    assert set(html.addresses) == {LINK, "https://directory.example/update", "https://directory.example"}
    assert "\n\nhttps://evil" not in text_of(message)
    for line in message.as_bytes().splitlines():
        assert len(line) <= 998


async def test_neither_the_content_of_a_mail_nor_its_claim_shows_an_address(record: ResponderRecord) -> None:
    shown = repr(content_of(MailKind.SIGN_IN, record))
    assert "ada@" not in shown
    assert "abcdefghij" not in shown
