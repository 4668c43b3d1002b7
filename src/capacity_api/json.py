"""Strict decoding of JSON from outside: no type conversion, no unknown fields, and a JSON pointer to each mistake."""

import json
import re
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from capacity_api.errors import BadInput, FieldError, Invalid, Malformed, UnknownField

T = TypeVar("T")
# The messages of msgspec: a fault, and where it is.
_MESSAGE = re.compile(r"^(?P<fault>.*?)(?: - at `(?P<path>\$.*)`)?$", re.DOTALL)
_FIELD_FAULT = re.compile(r"^Object (?:contains unknown|missing required) field `(?P<field>.*)`$", re.DOTALL)


def decode(body: bytes, kind: type[T]) -> T:
    """The body as a `kind`. Raises `Malformed`, `Invalid` or `UnknownField`."""
    _refuse_duplicates(body)
    try:
        return _decode_strictly(body, kind)
    except msgspec.ValidationError as error:
        raise _refusal(error) from None
    except msgspec.DecodeError as error:
        raise Malformed(f"The body is not JSON: {error}") from None
    except UnicodeDecodeError:
        # Its message quotes the body.
        raise Malformed from None


def _decode_strictly(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        if "got `float`" not in str(error):
            raise
    # For JSON Schema 92.0 is an integer, and a client that has no other numbers sends it.
    value = msgspec.json.Decoder(float_hook=_whole_number).decode(body)
    return msgspec.convert(value, kind)


def _whole_number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _refuse_duplicates(body: bytes) -> None:
    """Raise `Malformed` if an object has a key twice: readers differ in which one they take (RFC 8259 §4)."""
    # What is no JSON at all is refused with a better message later.
    with suppress(ValueError, RecursionError):
        json.loads(body, object_pairs_hook=_unique_keys)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            # The key may be anything, and is not repeated.
            raise Malformed("The body has the same key twice in one object")
        found[key] = value
    return found


def _refusal(error: msgspec.ValidationError) -> BadInput:
    """What msgspec says is wrong, as a refusal with a JSON pointer (RFC 6901)."""
    match = _MESSAGE.match(str(error))
    assert match is not None
    fault, path = match["fault"], match["path"] or "$"
    pointer = "".join(f"/{part}" for part in re.findall(r"[^.\[\]$`]+", path))
    about_field = _FIELD_FAULT.match(fault)
    if about_field is None:
        return Invalid.at(pointer, fault)
    pointer += "/" + about_field["field"].replace("~", "~0").replace("/", "~1")
    if fault.startswith("Object contains"):
        return UnknownField("The body has an unknown field", (FieldError(pointer, "unknown"),))
    return Invalid("The body lacks a required field", (FieldError(pointer, "required"),))
