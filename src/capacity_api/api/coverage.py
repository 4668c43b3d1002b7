"""`/v1/coverage`: for whom somebody is confirmed, and for whom nobody is. The publication answers first."""

from litestar import Controller, get
from litestar.di import NamedDependency

from capacity_api.api.context import Context
from capacity_api.representations import Coverage


class CoverageController(Controller):
    path = "/v1/coverage"
    tags = ("directory",)

    @get(operation_id="readCoverage", summary="Read the coverage and its gaps")
    async def coverage(self, context: NamedDependency[Context]) -> Coverage:
        """For each nation and region of England, exploitation type, age group and gender: who is in which state.

        Only known remits count that cover the whole of the area and are not for existing clients alone. A gap says
        that nobody is confirmed as open or on a waiting list; somebody who is not counted here may still take a person.
        """
        return context.publication.current().coverage
