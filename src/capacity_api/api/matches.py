"""`/v1/matches`: who can take this person now? The question must not get into a URL, a log or a metric."""

from typing import Annotated

import msgspec
from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from capacity_api.api.context import Context
from capacity_api.domain.areas import AREAS
from capacity_api.domain.matching import Outcome, Question
from capacity_api.errors import FieldError, Invalid
from capacity_api.snapshot.matches import DEFAULT_MATCHES, MAX_MATCHES, Matches, find_matches

MatchLimit = Annotated[
    int, QueryParameter(ge=1, le=MAX_MATCHES, description=f"How many matches at most, up to {MAX_MATCHES}.")
]


class MatchQuestion(Question, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who can take this person? Leave out what is unknown. Empty `outcomes` means all outcomes."""

    outcomes: tuple[Outcome, ...] = ()
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_MATCHES)] = DEFAULT_MATCHES

    @property
    def question(self) -> Question:
        return Question(
            area=self.area,
            exploitation_type=self.exploitation_type,
            age_group=self.age_group,
            gender=self.gender,
            circumstances=self.circumstances,
            existing_client_of=self.existing_client_of,
        )


class MatchController(Controller):
    path = "/v1/matches"
    tags = ("matches",)

    @post(
        operation_id="findMatches", summary="Who can take this person now?", status_code=200, hides_error_message=True
    )
    async def find(self, context: NamedDependency[Context], data: JSONBody[MatchQuestion]) -> Response[Matches]:
        """Responders, each with an outcome and the reasons for it, ordered by outcome and then by name.

        Every field can be left out. If a remit depends on a field that was left out, the outcome is `ask`. This is a
        `POST`, so that a person's situation is not in a URL. The question is not stored, logged or counted.
        """
        snapshot = context.publisher.current()
        errors = []
        if data.area is not None and data.area not in AREAS:
            errors.append(FieldError("/area", "unknown area code; see /v1/vocabulary"))
        if data.existing_client_of is not None and data.existing_client_of not in snapshot.entries:
            errors.append(FieldError("/existing_client_of", "no such responder is listed; see /v1/directory"))
        if errors:
            raise Invalid("The question is not valid", tuple(errors))
        matches = find_matches(snapshot, data.question, data.outcomes or tuple(Outcome), data.limit)
        return Response(matches, headers={"cache-control": "no-store"})
