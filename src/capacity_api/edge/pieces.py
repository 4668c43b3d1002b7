"""Cuts what arrives on a connection into pieces that hold at most one head each, and counts the bytes.

The parser cannot be stopped between two requests, so it is handed no more than one.
"""

from capacity_api.edge.connections import Limits
from capacity_api.errors import BodyTooLarge, HeadTooLarge

_END_OF_HEAD = b"\r\n\r\n"


class Pieces:
    """Where the parser is in what arrives: in a head, or `is_in_body`. `head_bytes` are those of a head so far."""

    __slots__ = ("_body_bytes", "_limits", "_tail", "head_bytes", "is_in_body", "missing_bytes")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.head_bytes = 0
        # The end of what the parser has of a head that is not whole. The end of the head may be cut in two.
        self._tail = b""
        self.is_in_body = False
        # As it comes over the wire; and what is still to come of it, where its length is known.
        self._body_bytes = 0
        self.missing_bytes = 0

    def is_at_start(self) -> bool:
        """Whether the next byte is the first of a head."""
        return not (self.is_in_body or self.head_bytes or self._tail)

    def cut(self, data: bytes, start: int) -> int:
        """Where the piece that begins at `start` ends. Raises `HeadTooLarge` and `BodyTooLarge`."""
        if self.missing_bytes:
            end = min(start + self.missing_bytes, len(data))
            self.missing_bytes -= end - start
        else:
            end = self._find_end(data, start)
        if self.is_in_body:
            self._body_bytes += end - start
            if self._body_bytes > self._limits.body_bytes:
                raise BodyTooLarge
        else:
            self.head_bytes += end - start
            if self.head_bytes > self._limits.head_bytes:
                raise HeadTooLarge
        return end

    def _find_end(self, data: bytes, start: int) -> int:
        """After the next head, or after what may be one: chunks and their trailers end with an empty line too."""
        tail, self._tail = self._tail, b""
        if tail:
            found = (tail + data[start : start + 3]).find(_END_OF_HEAD)
            if found >= 0:
                return start + found + len(_END_OF_HEAD) - len(tail)
        found = data.find(_END_OF_HEAD, start)
        if found >= 0:
            return found + len(_END_OF_HEAD)
        self._tail = (tail + data[max(start, len(data) - 3) :])[-3:]
        return len(data)

    def end_head(self, length: int, *, is_chunked: bool) -> None:
        """A head is whole. A body of so many bytes follows, or chunks."""
        self.head_bytes = 0
        self.is_in_body = is_chunked or length > 0
        self.missing_bytes = length
        self._body_bytes = 0

    def end_body(self) -> None:
        self.is_in_body = False
