"""`/v1/coverage`. The middleware usually answers it."""

from litestar import Controller, get
from litestar.di import NamedDependency

from capacity_api.api.context import Context
from capacity_api.representations.coverage import Coverage


class CoverageController(Controller):
    path = "/v1/coverage"
    tags = ("directory",)

    @get(operation_id="readCoverage", summary="Read the coverage and its gaps")
    async def coverage(self, context: NamedDependency[Context]) -> Coverage:
        """How many responders are in each state, for each area, exploitation type, age group and gender.

        Areas are the nations and the regions of England. A responder counts if its remit is known, covers the whole
        area, and is not for existing clients only. A gap means that no responder is confirmed as open or on a waiting
        list. A responder that does not count may still help.
        """
        return context.publisher.current().coverage
