"""Responses that browsers save as files."""

from litestar import Response

from capacity_api.wording.tables import CSV


def csv_download(name: str, table: bytes) -> Response[bytes]:
    """A CSV table that browsers save as a file called `name`."""
    return Response(table, headers={"content-type": CSV, "content-disposition": f'attachment; filename="{name}"'})
