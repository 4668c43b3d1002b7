"""`/v1/matches`: who can take this person now? The question must not get into a URL, a log or a metric."""

from typing import Annotated

import msgspec
from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from capacity_api.api.context import Context
from capacity_api.domain.codes import EVERYTHING, code_limits, includes, standard_codes
from capacity_api.domain.matching import Outcome, Question, validate_question
from capacity_api.errors import FieldError, Invalid
from capacity_api.snapshot.matches import ALTERNATIVE_OUTCOMES, DEFAULT_MATCHES, MAX_MATCHES, Matches, find_matches

MatchLimit = Annotated[
    int, QueryParameter(ge=1, le=MAX_MATCHES, description=f"How many matches at most, up to {MAX_MATCHES}.")
]
_BodyLimit = Annotated[int, msgspec.Meta(ge=1, le=MAX_MATCHES)]
NOT_STORED = {"cache-control": "no-store"}


class MatchQuestion(Question, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who can take this person? Leave out what is unknown. `outcomes` are those that the answer should have."""

    outcomes: Annotated[tuple[str, ...], code_limits(Outcome)] = EVERYTHING
    limit: _BodyLimit = DEFAULT_MATCHES


class AlternativesQuestion(Question, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who else can take this person? Leave out what is unknown; without any answer it is about the whole remit."""

    outcomes: Annotated[tuple[str, ...], code_limits(ALTERNATIVE_OUTCOMES)] = EVERYTHING
    limit: _BodyLimit = DEFAULT_MATCHES


def outcomes_of(codes: tuple[str, ...], possible: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """The outcomes that a question asks for. Raises `Invalid` with the fault of each code."""
    errors: list[FieldError] = []
    standard = standard_codes(codes, possible, "/outcomes", errors)
    if errors:
        raise Invalid("The question is not valid", tuple(errors))
    return tuple(outcome for outcome in possible if includes(standard, outcome))


class MatchController(Controller):
    path = "/v1/matches"
    tags = ("matches",)

    @post(
        operation_id="findMatches", summary="Who can take this person now?", status_code=200, hides_error_message=True
    )
    async def find(self, context: NamedDependency[Context], data: JSONBody[MatchQuestion]) -> Response[Matches]:
        """Responders, each with an outcome and the reasons for it, ordered by outcome and then by name.

        Every field can be left out. If a remit depends on a field that was left out, the outcome is `ask`.
        `circumstances` apply and `circumstances_excluded` do not; what is in neither list was not said.
        `existing_client_of` names responders, `[]` says "of nobody". This is a `POST`, so that a person's situation is
        not in a URL. The question is not stored, logged or counted.
        """
        snapshot = context.publisher.current()
        validate_question(data, snapshot.entries)
        matches = find_matches(snapshot, data, outcomes_of(data.outcomes, tuple(Outcome)), data.limit)
        return Response(matches, headers=NOT_STORED)
