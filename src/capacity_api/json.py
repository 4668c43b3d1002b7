"""Strict decoding of JSON from outside: no type conversion, no unknown fields, and a JSON pointer to each mistake."""

import re
from typing import TypeVar

import msgspec

from capacity_api.errors import BadInput, FieldError, Invalid, Malformed, UnknownField

T = TypeVar("T")
# The messages of msgspec: a fault, and where it is.
_MESSAGE = re.compile(r"^(?P<fault>.*?)(?: - at `(?P<path>\$.*)`)?$", re.DOTALL)
_FIELD_FAULT = re.compile(r"^Object (?:contains unknown|missing required) field `(?P<field>.*)`$", re.DOTALL)


def decode(body: bytes, kind: type[T]) -> T:
    """The body as a `kind`. Raises `Malformed`, `Invalid` or `UnknownField`."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _refusal(error) from None
    except msgspec.DecodeError as error:
        raise Malformed(f"The body is not JSON: {error}") from None
    except UnicodeDecodeError:
        # Its message quotes the body.
        raise Malformed from None


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
