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

        Areas are the nations and the regions of England. A responder counts in a cell if its remit now is known to take
        everybody in it; one for existing clients only counts nowhere. `ask` counts apart those that are open or on a
        waiting list and may take somebody of the cell, or may not. A gap is a cell for which no responder is confirmed
        open. Whom to ask in it, `ask` and `text` of the gap say.
        """
        return context.publisher.current().coverage
