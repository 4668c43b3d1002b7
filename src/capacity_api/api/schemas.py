"""JSON Schemas of the structs, made from their types: one for what is read, and one for what is written.

An answer always has each of its fields, and may get more of them later. A request needs only what has no default, and
an unknown field is refused. So a struct that is both read and written has two schemas: `Limit` and `LimitRequest`. What
is read has the plain name. What is written ends in `Request`, in `Patch` if it changes a part, or in `Question`.
A default is in the description alone: client generators require a property that has one.
"""

import inspect
from enum import Enum
from types import UnionType
from typing import Any, get_args, get_origin

import msgspec
from msgspec import inspect as types

from capacity_api.api.descriptions import describe, format_of

REFERENCE = "#/components/schemas/"
_BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
}
# Structs that have another name in the contract, because the domain has the plain one or uses it otherwise.
_OTHER_NAMES = {
    # Generators for Python fail at a property with the name of its own class.
    "Matches": "MatchList",
    "Owner": "OwnerRef",
    "OwnerDetails": "Owner",
    "PublicIntake": "Intake",
    "PublicRemit": "Remit",
    "ReadinessReport": "Readiness",
}
_WRITTEN = ("Request", "Patch", "Question")
_OF_CODES = frozenset({"items", "enum"})
Schema = dict[str, Any]


class Schemas:
    """The named schemas of the document, by name."""

    def __init__(self) -> None:
        self.named: dict[str, Schema] = {}
        self._structs: dict[str, Any] = {}

    def of_answer(self, kind: Any) -> Schema:
        """The schema of what is read, after its structs have got names. What can be one of several has them all."""
        if isinstance(kind, UnionType):
            return {"anyOf": [self.of_answer(each) for each in get_args(kind)]}
        return self._of(types.type_info(kind), written=False)

    def of_request(self, kind: Any) -> Schema:
        """The schema of what is written, after its structs have got names."""
        return self._of(types.type_info(kind), written=True)

    def of_parameter(self, kind: Any) -> Schema:
        """The schema of a parameter. It is never null: a client leaves it out instead."""
        info = types.type_info(kind)
        choices = info.types if isinstance(info, types.UnionType) else (info,)
        (given,) = (each for each in choices if not isinstance(each, types.NoneType))
        return self._of(given, written=True)

    def _of(self, info: types.Type, *, written: bool) -> Schema:
        match info:
            case types.Metadata():
                limits = info.extra_json_schema or {}
                if not written:
                    # A reader need not check what a text or a number may be, and a limit may be raised later.
                    limits = {word: value for word, value in limits.items() if word in _OF_CODES}
                return {**self._of(info.type, written=written), **limits}
            case types.StructType():
                return {"$ref": REFERENCE + self._name_struct(info, written=written)}
            case types.EnumType():
                return {"$ref": REFERENCE + self._name_enum(info.cls)}
            case types.UnionType():
                return self._union(info.types, written=written)
            case types.ListType() | types.VarTupleType() | types.SetType():
                items = self._of(info.item_type, written=written)
                length = {"minItems": info.min_length, "maxItems": info.max_length}
                return {"type": "array", "items": items, **_without_none(length)}
            case types.DictType():
                return {"type": "object", "additionalProperties": True}
            case types.RawType():
                # The only bodies that are kept encoded are those of events.
                return {"$ref": REFERENCE + "Event"}
            case types.LiteralType():
                return {"type": "string", "enum": list(info.values)}
            case _:
                return _plain(info)

    def _union(self, choices: tuple[types.Type, ...], *, written: bool) -> Schema:
        given = [each for each in choices if not isinstance(each, types.NoneType)]
        schemas = [self._of(each, written=written) for each in given]
        is_nullable = len(given) < len(choices)
        if len(schemas) > 1:
            return {"anyOf": [*schemas, *([{"type": "null"}] if is_nullable else [])]}
        return nullable(schemas[0]) if is_nullable else schemas[0]

    def _name_enum(self, kind: type[Enum]) -> str:
        # The docstring of `StrEnum` itself says nothing of the codes.
        text = {"description": inspect.cleandoc(kind.__doc__)} if kind.__doc__ else {}
        self.named[kind.__name__] = {**text, "type": "string", "enum": [str(each.value) for each in kind]}
        return kind.__name__

    def _name_struct(self, info: types.StructType, *, written: bool) -> str:
        kind = get_origin(info.cls) or info.cls
        name = _written_name(kind) if written else _name(info.cls)
        if self._structs.setdefault(name, info.cls) is not info.cls:
            raise TypeError(f"{self._structs[name]} and {info.cls} would both be the schema {name}")
        if name in self.named:
            return name
        self.named[name] = {}
        names = [name, *(base.__name__ for base in kind.__mro__)]
        may_be_left_out = written or kind.__struct_config__.omit_defaults
        schema: Schema = {"description": inspect.cleandoc(kind.__doc__)} if kind.__doc__ else {}
        schema["type"] = "object"
        schema["properties"] = {
            field.encode_name: self._property(field, names, written=written) for field in info.fields
        }
        required = [
            field.encode_name
            for field in info.fields
            if field.required or (not may_be_left_out and not _is_unset(kind, field))
        ]
        if required:
            schema["required"] = required
        if written:
            schema["additionalProperties"] = False
        self.named[name] = schema
        return name

    def _property(self, field: types.Field, names: list[str], *, written: bool) -> Schema:
        schema = self._of(field.type, written=written)
        text = describe(field.encode_name, names)
        if written and _is_worth_saying(field.default):
            text += f" Default: `{msgspec.json.encode(field.default).decode()}`."
        shape = format_of(field.encode_name, names)
        # What is written may be empty for null, and its pattern says the rest.
        if not written and shape is not None and "string" in schema.get("type", ()):
            schema["format"] = shape
        return {"description": text, **schema}


def nullable(schema: Schema) -> Schema:
    """The schema, or null."""
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    choices = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [schema["type"], "null"], **choices}


def bounded(schema: Schema, definition: Any) -> Schema:
    """The schema with the limits that a parameter of the framework declares. For a list they are those of each item."""
    limits = {word: getattr(definition, name, None) for name, word in _BOUNDS.items()}
    if schema.get("type") == "array":
        return {**schema, "items": {**schema["items"], **_without_none(limits)}}
    return {**schema, **_without_none(limits)}


def _plain(info: types.Type) -> Schema:
    match info:
        case types.StrType():
            limits = {"minLength": info.min_length, "maxLength": info.max_length, "pattern": info.pattern}
            return {"type": "string", **_without_none(limits)}
        case types.IntType() | types.FloatType():
            kind = "integer" if isinstance(info, types.IntType) else "number"
            limits = {word: getattr(info, name) for name, word in _BOUNDS.items() if hasattr(info, name)}
            # Every number here fits into 64 bits, and the sequence needs more than 32.
            shape = {"format": "int64"} if kind == "integer" else {}
            return {"type": kind, **shape, **_without_none(limits)}
        case types.BoolType():
            return {"type": "boolean"}
        case types.DateTimeType():
            return {"type": "string", "format": "date-time"}
        case types.DateType():
            return {"type": "string", "format": "date"}
        case types.UUIDType():
            return {"type": "string", "format": "uuid"}
    raise TypeError(f"no schema is known for {info}")


def _name(kind: Any) -> str:
    """The name of a struct. That of a page begins with what is in it, as in `WebhookPage`."""
    items = get_args(kind)
    if items:
        return "".join(_name(item) for item in items) + "Page"
    name: str = kind.__name__
    return _OTHER_NAMES.get(name, name)


def _written_name(kind: Any) -> str:
    name: str = kind.__name__
    return name if name.endswith(_WRITTEN) else name + "Request"


def _is_unset(kind: Any, field: types.Field) -> bool:
    return any(each.name == field.name and each.default is msgspec.UNSET for each in msgspec.structs.fields(kind))


def _is_worth_saying(default: Any) -> bool:
    is_struct = isinstance(default, msgspec.Struct)
    return not (
        default is msgspec.UNSET or default is msgspec.NODEFAULT or default is None or default == () or is_struct
    )


def _without_none(limits: dict[str, Any]) -> dict[str, Any]:
    return {word: limit for word, limit in limits.items() if limit is not None}
