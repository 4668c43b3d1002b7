"""What must be true of the head of a request, besides what the parser refuses by itself."""

from collections.abc import Mapping

import httptools

from capacity_api.config import HOST

# The headers that decide what becomes of a request. Several lines of one are one list (RFC 9110 §5.3).
DECISIVE = frozenset(
    {b"accept-encoding", b"content-length", b"expect", b"host", b"if-none-match", b"transfer-encoding"}
)


def path_of(url: bytes) -> bytes:
    """The path and query of a request's target, which may be a whole address (RFC 9112 §3.2.2). Empty for no path."""
    if url.startswith(b"/") or url == b"*":
        return url
    try:
        parsed = httptools.parse_url(url)
    except httptools.HttpParserInvalidURLError:
        return b""
    if (parsed.schema or b"").lower() not in {b"http", b"https"}:
        return b""
    query = b"" if parsed.query is None else b"?" + parsed.query
    return (parsed.path or b"/") + query


def find_fault(version: str, path: bytes, decisive: Mapping[bytes, bytes], known_host: bytes | None) -> str | None:
    """What is wrong with the head, in one sentence. `known_host` is one that is valid."""
    if version not in {"1.1", "1.0"}:
        return "The version of HTTP must be 1.1 or 1.0"
    host = decisive.get(b"host")
    if host is None and version == "1.1":
        return "The Host header is missing"
    # A list is no host.
    if host is not None and host != known_host and not HOST.fullmatch(host.decode("latin-1")):
        return "The Host header must be one host name with an optional port"
    coding = decisive.get(b"transfer-encoding")
    if coding is not None and (version == "1.0" or coding.lower() != b"chunked"):
        return "The only transfer coding is chunked"
    if not path or b"#" in path:
        return "The path is not valid"
    return None
