"""Header lines of an answer that h11 refuses, such as `X Powered By: PHP`. They do not make a good answer a bad one.

Lines about the length of the body are not dropped: the body would then end elsewhere than the server meant.
"""

import re

_END = re.compile(rb"\n\r?\n")
_LINE_END = re.compile(rb"\r?\n")
_FIELD = re.compile(rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+:[^\x00\r\n\f\v]*")
_FRAMING = re.compile(rb"content-length|transfer-encoding", re.IGNORECASE)
_FOLD = (b" ", b"\t")


def find_end(received: bytes) -> int | None:
    """Where the head ends, or `None` if it is not whole."""
    found = _END.search(received)
    return None if found is None else found.end()


def drop_bad_lines(head: bytes) -> bytes:
    """The head without them. If one may be about the length, the head stays as it is, and h11 refuses it."""
    status, *lines = _LINE_END.split(head)
    kept: list[bytes] = [status]
    bad: list[bytes] = []
    # A folded line belongs to the line before it, and none can belong to the status line.
    group = bad
    for line in lines:
        if not line.startswith(_FOLD):
            group = kept if not line or _FIELD.fullmatch(line) else bad
        group.append(line)
    if not bad or any(_FRAMING.search(line) for line in bad):
        return head
    return b"\r\n".join(kept)
