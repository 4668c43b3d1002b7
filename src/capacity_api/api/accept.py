"""What a client would rather read: a page, or JSON (RFC 9110 §12.5.1)."""

from collections.abc import Mapping

from litestar.datastructures import Headers

from capacity_api.publication.answer import weight_of

_HTML = "text/html"
_JSON = ("application/problem+json", "application/json")
# How well a range fits, and how much the client wants what it fits.
_Preference = tuple[float, int]
_NOT_ACCEPTED: _Preference = (0.0, 0)


def prefers_html(headers: Headers) -> bool:
    """Whether the client prefers HTML to JSON. One that takes anything does not, unless it is about to show a page.

    Some browsers inside other apps take anything, and say what it is for in `Sec-Fetch-Dest`.
    """
    if headers.get("sec-fetch-dest") == "document":
        return True
    ranges = dict(_media_range(item) for item in ",".join(headers.getall("accept", [])).split(","))
    return _preference(ranges, _HTML) > max(_preference(ranges, each) for each in _JSON)


def _preference(ranges: Mapping[str, float], media_type: str) -> _Preference:
    """The weight of a media type, and how exactly it was named: the most exact range counts."""
    kind = media_type.partition("/")[0]
    for exactness, each in ((2, media_type), (1, f"{kind}/*"), (0, "*/*")):
        if each in ranges:
            return (ranges[each], exactness) if ranges[each] > 0 else _NOT_ACCEPTED
    return _NOT_ACCEPTED


def _media_range(item: str) -> tuple[str, float]:
    """A media range without its parameters, and its weight."""
    media_range, _, parameters = item.partition(";")
    return media_range.strip().lower(), weight_of(parameters)
