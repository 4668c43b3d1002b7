"""The page at `/about`, and the sheet for a wall at `/wall-sheet`."""

import segno
from markupsafe import Markup

from capacity_api.pages.rendering import PageSettings, page_resource, render_page
from capacity_api.snapshot.resource import Resource
from capacity_api.wording.language import Language


def about_page(language: Language, settings: PageSettings) -> Resource:
    """Who runs the directory, how a charity is listed, privacy, accessibility and licences."""
    return page_resource(render_page("about.html", language, settings))


def wall_sheet_page(language: Language, settings: PageSettings) -> Resource:
    """A sheet to print. It never says who is open, and names no charity: it hangs there for months."""
    address = None if settings.public_url is None else settings.public_url + language.home
    code = shown = None
    if address is not None:
        code = qr_code(address)
        # Browsers add the rest, and it would be more to type.
        shown = address.removeprefix("https://").rstrip("/")
    return page_resource(render_page("wall_sheet.html", language, settings, shown=shown, code=code))


def qr_code(address: str) -> Markup:
    """A QR code as SVG, without a style of its own: the policy of the pages would drop that."""
    drawn = segno.make(address, micro=False, error="m").svg_inline(
        omitsize=True, svgclass=None, lineclass=None, light="#fff"
    )
    return Markup(drawn)  # noqa: S704 - only numbers
