"""JSON from outside, decoded strictly: no lax types, no unknown fields, and each mistake with a JSON pointer to it."""

import re
from typing import TypeVar

import msgspec

from capacity_api.errors import BadInput, FieldError, Invalid, Malformed, UnknownField

T = TypeVar("T")
_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>\$.*)`)?$", re.DOTALL)
_NAMED = re.compile(r"^Object (?:contains unknown|missing required) field `(?P<field>.*)`$", re.DOTALL)


def decode(body: bytes, kind: type[T]) -> T:
    """The body as `kind`; raises `Malformed`, `Invalid` or `UnknownField`."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _told(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"The body is not JSON: {error}" if isinstance(error, msgspec.DecodeError) else "") from None


def _told(error: msgspec.ValidationError) -> BadInput:
    """What msgspec found wrong with a body, with a JSON pointer to it."""
    match = _AT.match(str(error))
    assert match is not None
    what, path = match["what"], match["path"] or "$"
    pointer = "".join(f"/{part}" for part in re.findall(r"[^.\[\]$`]+", path))
    named = _NAMED.match(what)
    if named is None:
        return Invalid.at(pointer, what)
    pointer += "/" + named["field"].replace("~", "~0").replace("/", "~1")
    if what.startswith("Object contains"):
        return UnknownField("The body has a field that is not known here", (FieldError(pointer, "unknown"),))
    return Invalid("The body lacks a required field", (FieldError(pointer, "required"),))
