"""`/v1/matches`: who can take this person now? What is asked goes into no address, no log and no count."""

from typing import Annotated

from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from capacity_api.api.context import Context
from capacity_api.api.requests import MatchQuestion
from capacity_api.domain.areas import AREAS
from capacity_api.domain.matching import Outcome, Question
from capacity_api.errors import FieldError, Invalid
from capacity_api.publication import matches
from capacity_api.publication.matches import Matches

MatchLimit = Annotated[
    int, QueryParameter(ge=1, le=matches.MOST, description=f"At most so many matches, up to {matches.MOST}.")
]


class MatchController(Controller):
    path = "/v1/matches"
    tags = ("matches",)

    @post(operation_id="findMatches", summary="Who can take this person now?", status_code=200, private=True)
    async def find(self, context: NamedDependency[Context], data: JSONBody[MatchQuestion]) -> Response[Matches]:
        """Each responder with an outcome and the reasons that decide it, by outcome, then by name.

        Everything can be left out: what a question leaves out and a remit restricts is `ask`. It is a `POST` so that
        a person's situation stands in no address; it is stored, logged and counted nowhere.
        """
        tree = context.publication.current()
        errors = []
        if data.area is not None and data.area not in AREAS:
            errors.append(FieldError("/area", "unknown area code; see /v1/vocabulary"))
        if data.existing_client_of is not None and data.existing_client_of not in tree.responders:
            errors.append(FieldError("/existing_client_of", "no such responder is listed; see /v1/directory"))
        if errors:
            raise Invalid("The question is not valid", tuple(errors))
        question = Question(
            area=data.area,
            exploitation_type=data.exploitation_type,
            age_group=data.age_group,
            gender=data.gender,
            circumstances=data.circumstances,
            existing_client_of=data.existing_client_of,
        )
        found = matches.matches(tree, question, data.outcomes or tuple(Outcome), data.limit)
        return Response(found, headers={"cache-control": "no-store"})
