"""The pages that people read: rendered whole, styled by themselves; the directory is complete without a script."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from capacity_api.domain import vocabulary
from capacity_api.domain.areas import AREAS
from capacity_api.domain.intake import State
from capacity_api.publication import pictures, scripts, wording
from capacity_api.publication.language import ENGLISH, Language, gettext, in_markup, speaking
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
_BETWEEN_TAGS = re.compile(r">\n+<")
_HEADINGS = {
    State.OPEN: "Open",
    State.WAITING_LIST: "On a waiting list",
    State.PAUSED: "Paused",
    State.UNCONFIRMED: "Not confirmed",
}
_CHOICES = {
    State.OPEN: "takes new people",
    State.WAITING_LIST: "takes names, in turn",
    State.PAUSED: "takes nobody new now",
}
# From here on a browser lays out only the entries in sight. Fewer are better all there: for "find in page", for print.
MANY = 100
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
    count: int


def directory_page(
    directory: Directory,
    now: datetime,
    contact: str | None,
    *,
    address: str | None = None,
    parts: Mapping[str, bytes] = MappingProxyType({}),
    language: Language = ENGLISH,
    spoken: Sequence[Language] = (),
) -> bytes:
    """The page at `/` as UTF-8. A report whose `confirm_by` has passed at `now` is never shown as current.

    `contact` is an e-mail address, a web address or plain words; `address` is the page's own, for the printed sheet.
    `parts` are responders' entries by slug in that language, as far as they were made before; `spoken` are all
    languages that there are pages in.
    """
    many = len(directory.responders) > MANY
    by_state: dict[State, list[bytes]] = {state: [] for state in State}
    for responder in directory.responders:
        state = shown_state(responder.intake, now)
        made = parts.get(responder.slug) if state is responder.intake.state else None
        by_state[state].append(made or entry(responder, state, folded=not many, language=language).encode())
    with speaking(language):
        groups = [_group(state, by_state) for state in State]
        around = rendered(
            "directory.html",
            language,
            spoken,
            now=now,
            sequence=directory.sequence,
            many=many,
            counts=[(state, len(entries)) for state, entries in by_state.items()],
            groups=groups,
            key=pictures.key() if len(parts) <= MANY and any(b"<svg" in part for part in parts.values()) else [],
            demonstration=directory.demonstration is True,
            contact=contact,
            address=address,
            areas=[(code, gettext(area.name)) for code, area in AREAS.items()],
            exploitation_types=_terms(vocabulary.EXPLOITATION_TYPES),
            age_groups=_terms(vocabulary.AGE_GROUPS),
            genders=_terms(vocabulary.GENDERS),
            circumstances=_terms(vocabulary.CIRCUMSTANCES),
        )
    return b"".join(_filled(around, by_state))


def _filled(around: bytes, by_state: dict[State, list[bytes]]) -> Iterator[bytes]:
    """The page in pieces: the entries of each state in the place of its comment, which no text can hold unescaped."""
    for state, entries in by_state.items():
        before, _, around = around.partition(f"<!--{state}-->".encode())
        yield before
        yield from entries
    yield around


def entry(
    responder: Responder,
    state: State,
    *,
    states: Sequence[tuple[datetime, State]] = (),
    today: datetime | None = None,
    folded: bool = True,
    language: Language = ENGLISH,
) -> Markup:
    """A responder's part of the page, in the state that it is shown in.

    `states` are those of the 90 days up to `today`, as `pictures.strip` draws them; without `today` none are drawn.
    Where it is not `folded` the published remit stands open: a fold costs a browser as much as all the rest.
    """
    with speaking(language):
        html = _templates.get_template("entry.html").render(
            responder=responder,
            state=state,
            history=pictures.strip(states, today) if today is not None else None,
            folded=folded,
            not_supplied=wording.NOT_SUPPLIED,
        )
    # Between tags a line break is one more thing for the browser to keep; text has no tag that is not escaped.
    html = _BETWEEN_TAGS.sub("><", html)
    return Markup(html)  # noqa: S704 - what a template with escaping made


def update_page(language: Language = ENGLISH, spoken: Sequence[Language] = (), *, demonstration: bool = False) -> bytes:
    """The page at `/update`, on which a responder changes what is said of it."""
    with speaking(language):
        return rendered(
            "update.html",
            language,
            spoken,
            demonstration=demonstration,
            explained=_CHOICES,
            units=[(unit, gettext(many)) for unit, (_, many) in vocabulary.UNITS.items()],
            circumstances=_terms(vocabulary.CIRCUMSTANCES),
            reasons=_terms(vocabulary.REASONS),
        )


def unavailable_page() -> bytes:
    """What stands at `/` when the list cannot be made: where to turn, and that nothing is claimed."""
    return rendered("unavailable.html")


def rendered(template: str, language: Language = ENGLISH, spoken: Sequence[Language] = (), **values: object) -> bytes:
    """A page of `templates/` as UTF-8, with links to it in the other languages of `spoken`."""
    others = [each for each in spoken if each is not language]
    with speaking(language):
        html = _templates.get_template(template).render(values, language=language, others=others, home=language.home)
    return html.encode()


def headers(*bodies: bytes) -> tuple[tuple[str, str], ...]:
    """What a page, or any of several, is served with beside its content type and `Cache-Control: no-store`."""
    return (*HEADERS, ("content-security-policy", content_security_policy(*bodies)))


def content_security_policy(*bodies: bytes) -> str:
    """What the browser may do with a page: apply the styles in it, show its icon, and, where the page has a script,
    run what this server serves and ask this server. No text becomes markup by way of a script (Trusted Types).
    """
    # What a page brings along stands in its head; the rest of it may be long.
    heads = b"".join(body.partition(b"</head>")[0] for body in bodies)
    digests = {base64.b64encode(hashlib.sha256(style).digest()).decode(): None for style in _STYLE.findall(heads)}
    styles = " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
    scripts = "script-src 'self'; connect-src 'self'; " if b"<script " in heads else ""
    return (
        f"default-src 'none'; style-src {styles}; {scripts}img-src data:; require-trusted-types-for 'script'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def shown_state(intake: IntakeShown, now: datetime) -> State:
    """The state at `now`: unconfirmed from `confirm_by` on, and when a planned change is due that is not in yet."""
    until = holds_until(intake)
    return State.UNCONFIRMED if until is None or until <= now else intake.state


def holds_until(intake: IntakeShown) -> datetime | None:
    """When the clock alone changes the state that is shown; `None` where nothing was ever reported."""
    if intake.planned is None or intake.confirm_by is None:
        return intake.confirm_by
    return min(intake.confirm_by, intake.planned.effective_from)


def _group(state: State, by_state: dict[State, list[bytes]]) -> Group:
    explanation, onward = _explained(state, by_state)
    return Group(
        state=state,
        heading=gettext(_HEADINGS[state]),
        explanation=gettext(explanation),
        next=onward and (onward[0], gettext(onward[1])),
        count=len(by_state[state]),
    )


def _explained(state: State, by_state: dict[State, list[bytes]]) -> tuple[str, tuple[State, str] | None]:
    somebody_open = bool(by_state[State.OPEN])
    waiting = (State.WAITING_LIST, wording.SEE_WAITING) if by_state[State.WAITING_LIST] else None
    match state:
        case State.OPEN if somebody_open:
            return wording.OPEN, None
        case State.OPEN:
            return wording.NOBODY_OPEN, waiting
        case State.WAITING_LIST:
            return wording.WAITING, None
        case State.PAUSED if somebody_open:
            return wording.PAUSED, (State.OPEN, wording.SEE_OPEN)
        case State.PAUSED if waiting:
            return wording.PAUSED_NOBODY_OPEN, waiting
        case State.PAUSED:
            return wording.PAUSED_NOBODY, None
        case State.UNCONFIRMED:
            return wording.UNCONFIRMED, None


def _terms(labels: Mapping[Any, str]) -> list[tuple[str, str]]:
    return [(code, gettext(label)) for code, label in labels.items()]


def _strong(words: str) -> Markup:
    return Markup("<strong>{}</strong>").format(words)


def _published_cells(remit: RemitShown) -> list[tuple[str, str]]:
    published = remit.as_published
    cells = [(label, getattr(published, field)) for field, label in _CELLS.items()] if published else []
    return [(label, cell) for label, cell in cells if cell]


def _dialled(phone: str) -> str:
    return "".join(character for character in phone if character in "+0123456789")


def _mailed(address: str) -> str:
    return quote(address, safe="@+")


def _is_mail(contact: str) -> bool:
    """Whether it is one e-mail address, and not words with one in them."""
    return re.fullmatch(r"[^\s@,;<>]+@[^\s@,;<>]+", contact) is not None


def _is_web(address: str | None) -> bool:
    """Whether a page may link to it: the last guard against `javascript:` and the like."""
    return address is not None and urlsplit(address).scheme in {"http", "https"}


_templates = Environment(
    loader=PackageLoader("capacity_api.publication"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    # A release that is unpacked over a running one must not mix with it.
    auto_reload=False,
)
_templates.globals |= {"_": in_markup, "modules": scripts.MODULES, "strong": _strong}
_templates.filters |= {
    "balanced": wording.balanced,
    "circumstances_in_words": wording.circumstances_in_words,
    "day": wording.day,
    "dialled": _dialled,
    "holds_until": holds_until,
    "label": wording.label,
    "mailed": _mailed,
    "moment": wording.moment,
    "period_in_words": wording.period_in_words,
    "published_cells": _published_cells,
    "reason_in_words": wording.reason_in_words,
    "remit_in_words": wording.remit_in_words,
    "state_in_words": wording.state_in_words,
    "until": wording.until,
    "utc": wording.utc,
}
_templates.tests |= {"mail": _is_mail, "web": _is_web}
