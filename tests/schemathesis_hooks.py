"""A check for Schemathesis: a request that its schema allows is refused only for what no schema can declare."""

import re
from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, Response

# Each depends on what is stored, on the time, or on two values together.
_BEYOND_SCHEMAS = (
    "is not a cursor that this list gave out",
    "no such taxonomy",
    "no such term",
    "must not be in the future",
    "must be in the future",
    "`from` must not be after `to`",
    "must not be less than min|must not be below from",
    "must be from 1 to pause_at",
    "must not be true beside an expected time",
    "must be in the next .* days",
    "must not be before the day on which the plan starts",
    "is only for a pause or a waiting list",
    "is not for a pause",
    "is not for a threshold",
    "must be paused",
    "must be referral_threshold; leave it out",
    "is not within the remit",
    "must narrow the remit",
    "must stand alone",
    "must name one owner|must name a responder by slug|names nobody|must be the slug of a responder",
    "no partner|There is no partner|No responder",
    "must be true, or null if it is not known",
    "must be the code of a language",
    "must be one telephone number",
    "no telephone takes this number",
    "must be a web address|must be an e-mail address",
    "must be a year, a month or a day",
    "is listed already|stands for something else here",
    "must be https|cannot be reached|is not allowed",
    "a token of a .* may have only",
    "no responder '|is sent (when|only)",
    "it cannot be both",
    "no responder with this slug",
    "must not contain the character",
    "no public event has this type",
)


@schemathesis.check
def refused_for_what_no_schema_can_declare(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """Fails for a 422 to a valid request with a reason that its schema should have."""
    if response.status_code != 422 or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    # A form is refused with a page.
    if "json" not in "".join(response.headers.get("content-type", [])):
        return
    for error in response.json().get("errors", []):
        assert any(re.search(reason, error["detail"]) for reason in _BEYOND_SCHEMAS), error
