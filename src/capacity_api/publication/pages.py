"""The pages that people read: rendered whole, styled by themselves, complete without a script."""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from urllib.parse import quote, urlsplit

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from capacity_api.domain.intake import State
from capacity_api.domain.vocabulary import STATES
from capacity_api.publication import wording
from capacity_api.representations import Directory, IntakeShown, RemitShown, Responder

# A page may not be framed, read by other sites, or told to the site that a link leads to. Serving adds `no-store`.
HEADERS = (
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
)

_STYLE = re.compile(rb"<style>(.*?)</style>", re.DOTALL)
_HEADINGS = {
    State.OPEN: "Open",
    State.WAITING_LIST: "On a waiting list",
    State.PAUSED: "Paused",
    State.UNCONFIRMED: "Not confirmed",
}
_CELLS = {
    "geography": "Geographical presence",
    "exploitation": "Exploitation",
    "demographic": "Demographic",
    "limitation": "Other limitation",
}


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """One state's part of the page; `next` is the anchor and the words of where to go on."""

    state: State
    heading: str
    explanation: str
    next: tuple[State, str] | None
    parts: list[Markup]


def directory_page(
    directory: Directory,
    now: datetime,
    contact: str | None,
    *,
    address: str | None = None,
    parts: Mapping[str, Markup] = MappingProxyType({}),
) -> bytes:
    """The page at `/` as UTF-8. A report whose `confirm_by` has passed at `now` is never shown as current.

    `contact` is an e-mail address, a web address or plain words; `address` is the page's own, for the printed sheet.
    `parts` are responders' entries by slug, as far as they were made before.
    """
    by_state: dict[State, list[Markup]] = {state: [] for state in State}
    for responder in directory.responders:
        state = shown_state(responder.intake, now)
        made = parts.get(responder.slug) if state is responder.intake.state else None
        by_state[state].append(made or entry(responder, state))
    counts = [(state, len(entries)) for state, entries in by_state.items()]
    return rendered(
        "directory.html",
        now=now,
        counts=counts,
        groups=[_group(state, by_state) for state in State if state is State.OPEN or by_state[state]],
        labels=STATES,
        demonstration=directory.demonstration is True,
        contact=contact,
        address=address,
    )


def entry(responder: Responder, state: State) -> Markup:
    """A responder's part of the page, in the state that it is shown in."""
    html = _templates.get_template("entry.html").render(
        responder=responder, state=state, labels=STATES, not_supplied=wording.NOT_SUPPLIED
    )
    return Markup(html)  # noqa: S704 - what a template with escaping made


def unavailable_page() -> bytes:
    """What stands at `/` when the list cannot be made: where to turn, and that nothing is claimed."""
    return rendered("unavailable.html")


def rendered(template: str, **values: object) -> bytes:
    """A page of `templates/` as UTF-8."""
    return _templates.get_template(template).render(values).encode()


def headers(page: bytes) -> tuple[tuple[str, str], ...]:
    """What `page` is served with, beside its content type and `Cache-Control: no-store`."""
    return (*HEADERS, ("content-security-policy", content_security_policy(page)))


def content_security_policy(page: bytes) -> str:
    """What the browser may do with `page`: apply the styles in it, show its icon, and nothing else."""
    digests = [base64.b64encode(hashlib.sha256(style).digest()).decode() for style in _STYLE.findall(page)]
    styles = " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
    return (
        f"default-src 'none'; style-src {styles}; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def shown_state(intake: IntakeShown, now: datetime) -> State:
    """The state at `now`: unconfirmed from `confirm_by` on, and when a planned change is due that is not in yet."""
    if intake.confirm_by is None or intake.confirm_by <= now:
        return State.UNCONFIRMED
    if intake.planned is not None and intake.planned.effective_from <= now:
        return State.UNCONFIRMED
    return intake.state


def _group(state: State, by_state: dict[State, list[Markup]]) -> Group:
    explanation, onward = _explained(state, by_state)
    return Group(
        state=state,
        heading=_HEADINGS[state],
        explanation=explanation,
        next=onward,
        parts=by_state[state],
    )


def _explained(state: State, by_state: dict[State, list[Markup]]) -> tuple[str, tuple[State, str] | None]:
    somebody_open = bool(by_state[State.OPEN])
    match state:
        case State.OPEN if somebody_open:
            return "Taking new people who are within their remit.", None
        case State.OPEN:
            words = "No organisation has confirmed that it is open now. The helpline above can be called."
            return words, (State.WAITING_LIST, "See the waiting lists") if by_state[State.WAITING_LIST] else None
        case State.WAITING_LIST:
            return "They can be asked; whoever asks waits for a turn.", None
        case State.PAUSED if somebody_open:
            words = "Not taking new people now, apart from the exceptions named. Anybody else:"
            return words, (State.OPEN, "see who is open")
        case State.PAUSED if by_state[State.WAITING_LIST]:
            words = "Not taking new people now, apart from the exceptions. Nobody has confirmed being open:"
            return words, (State.WAITING_LIST, "see the waiting lists")
        case State.PAUSED:
            return "Not taking new people now, apart from the exceptions. Otherwise call the helpline above.", None
        case State.UNCONFIRMED:
            return "These have not said, or what they said has lapsed. Each may be open or not: only it can say.", None


def _published_cells(remit: RemitShown) -> list[tuple[str, str]]:
    published = remit.as_published
    cells = [(label, getattr(published, field)) for field, label in _CELLS.items()] if published else []
    return [(label, cell) for label, cell in cells if cell]


def _dialled(phone: str) -> str:
    return "".join(character for character in phone if character in "+0123456789")


def _mailed(address: str) -> str:
    return quote(address, safe="@+")


def _is_web(address: str | None) -> bool:
    """Whether a page may link to it: the last guard against `javascript:` and the like."""
    return address is not None and urlsplit(address).scheme in {"http", "https"}


_templates = Environment(
    loader=PackageLoader("capacity_api.publication"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters |= {
    "balanced": wording.balanced,
    "circumstances_in_words": wording.circumstances_in_words,
    "day": wording.day,
    "dialled": _dialled,
    "mailed": _mailed,
    "moment": wording.moment,
    "period_in_words": wording.period_in_words,
    "published_cells": _published_cells,
    "reason_in_words": wording.reason_in_words,
    "remit_in_words": wording.remit_in_words,
    "until": wording.until,
    "utc": wording.utc,
}
_templates.tests["web"] = _is_web
