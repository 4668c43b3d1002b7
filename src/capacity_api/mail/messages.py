"""The words of each mail, as plain text and as a small HTML part that says the same.

Each kind has a template, whose first line is the subject. The HTML is made from the paragraphs of the text, so the two
cannot differ. It loads nothing, and nothing in it tells whether it was read.
"""

import re
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from capacity_api.config import Settings
from capacity_api.domain.disputes import DisputeFinding
from capacity_api.domain.intake import State
from capacity_api.domain.owner import Owner
from capacity_api.domain.responder import ResponderRecord
from capacity_api.operations.mail.content import MailContent
from capacity_api.representations.responder import represent_responder
from capacity_api.wording import sentences
from capacity_api.wording.rendering import environment

_text = Environment(
    loader=PackageLoader("capacity_api.mail", "templates"),
    # Plain text. What becomes HTML is escaped there.
    autoescape=False,  # noqa: S701
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_html = environment("capacity_api.mail", "templates")
_DEFAULT_FROM = "capacity@localhost"
# What somebody heard who rang.
_FINDINGS = {
    DisputeFinding.OPEN: "They were told that it is open.",
    DisputeFinding.WAITING_LIST: "They were told that it runs a waiting list.",
    DisputeFinding.PAUSED: "They were told that it is paused.",
    DisputeFinding.NO_ANSWER: "Nobody answered.",
}


class Writer:
    """Writes mail from `CAPACITY_MAIL_FROM`, for the directory at `CAPACITY_PUBLIC_URL`."""

    def __init__(self, settings: Settings) -> None:
        self._from = settings.mail_from or _DEFAULT_FROM
        self._domain = parseaddr(self._from)[1].rpartition("@")[2]
        self._public_url = settings.public_url or ""
        self._contact = settings.contact

    def write(self, content: MailContent, now: datetime) -> EmailMessage:
        """The message. Written again for another attempt, it has the same `Message-ID`."""
        values = self._values(content, now)
        subject, *paragraphs = _paragraphs(_text.get_template(f"{content.kind}.txt").render(values))
        addresses = {content.link, values["page"], self._public_url}
        message = EmailMessage(policy=SMTP)
        message["From"] = self._from
        message["To"] = content.email
        message["Subject"] = subject
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{content.mail_id}@{self._domain}>"
        # No answering machine shall answer (RFC 3834 §5).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("\n\n".join(paragraphs) + "\n", cte="quoted-printable")
        html = _html.get_template("mail.html").render(subject=subject, paragraphs=paragraphs, addresses=addresses)
        message.add_alternative(html, subtype="html", cte="quoted-printable")
        return message

    def _values(self, content: MailContent, now: datetime) -> dict[str, Any]:
        page = "update" if content.owner.type == "responder" else "manage"
        link_ends = content.link_expires_at
        return {
            "public_url": self._public_url,
            "contact": self._contact,
            "page": f"{self._public_url}/{page}",
            "owner": _owner_in_words(content.owner),
            "owner_type": content.owner.type,
            "runners": f"the people who run the directory{f' ({self._contact})' if self._contact else ''}",
            "link": content.link,
            "link_ends": link_ends and sentences.until(link_ends),
            "subject_owner": content.subject_owner and _owner_in_words(content.subject_owner),
            "subject_name": content.subject_name and _line(content.subject_name),
            "subject_at": content.subject_at and sentences.until(content.subject_at),
            "was_reminded": content.was_reminded,
            "disabled_reason": content.disabled_reason,
            **(_responder_values(content.responder, now) if content.responder is not None else {}),
            **(_dispute_values(*content.dispute) if content.dispute is not None else {}),
        }


def _paragraphs(text: str) -> list[str]:
    """The paragraphs, each on one line."""
    return [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]


def _line(words: str) -> str:
    """What somebody entered, on one line: with an empty line in it, it could look like a paragraph of ours."""
    return " ".join(sentences.balanced(words).split())


def _owner_in_words(owner: Owner) -> str:
    return "the coordinators of the directory" if owner.name is None else _line(owner.name)


def _responder_values(record: ResponderRecord, now: datetime) -> dict[str, str | None]:
    responder = represent_responder(record, now)
    lapses = responder.intake.confirm_by
    return {
        "responder": _line(responder.name),
        "said": _line(" ".join(sentences.intake_in_sentences(responder))),
        "lapses": None if lapses is None else sentences.until(lapses),
    }


def _dispute_values(found: str, shown: str, at: datetime) -> dict[str, str]:
    return {
        "dispute_found": _FINDINGS[DisputeFinding(found)],
        "dispute_shown": sentences.state_in_words(State(shown)),
        "dispute_at": sentences.moment(at),
    }
