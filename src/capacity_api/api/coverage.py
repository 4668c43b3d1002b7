"""`/v1/coverage`: who is covered, and who is not. Usually the middleware answers it."""

from litestar import Controller, get
from litestar.di import NamedDependency

from capacity_api.api.context import Context
from capacity_api.representations.coverage import Coverage


class CoverageController(Controller):
    path = "/v1/coverage"
    tags = ("directory",)

    @get(operation_id="readCoverage", summary="Read the coverage and its gaps")
    async def coverage(self, context: NamedDependency[Context]) -> Coverage:
        """For each nation and region of England, exploitation type, age group and gender: how many are in each state.

        A responder counts where its remit is known, covers the whole area, and is not for existing clients alone. A gap
        means that nobody is confirmed as open or on a waiting list. A responder that does not count may still help.
        """
        return context.publisher.current().coverage
