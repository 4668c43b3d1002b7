"""Answers that are files."""

from litestar import Response

from capacity_api.publication.tables import CSV


def saved_as(name: str, table: bytes) -> Response[bytes]:
    """A table as an answer that browsers save as `name`."""
    return Response(table, headers={"content-type": CSV, "content-disposition": f'attachment; filename="{name}"'})
