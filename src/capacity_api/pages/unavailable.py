"""What is shown in place of a page that cannot be built: where to turn, and nothing about who is open."""

from capacity_api.pages.rendering import page_resource, render_page
from capacity_api.snapshot.resource import Resource


def unavailable_page() -> Resource:
    return page_resource(render_page("unavailable.html"), status=500)
