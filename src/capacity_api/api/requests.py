"""Strict requests: unknown parameters, wrong types and other media types are refused, not ignored."""

from collections import Counter
from datetime import datetime
from typing import Annotated, Any, TypeVar, cast

import msgspec
from litestar.connection import ASGIConnection, Request
from litestar.dto import AbstractDTO
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from capacity_api.errors import FieldError, Invalid, NotFound, UnknownParameter
from capacity_api.json import decode

MAX_BODY_BYTES = 64 * 1024

_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

T = TypeVar("T")
Connection = ASGIConnection[Any, Any, Any, Any]
UtcMoment = Annotated[datetime, msgspec.Meta(tz=True)]


class EmptyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The only body that a call without a body may have: `{}`."""


class StrictBody(AbstractDTO[T]):
    """Decodes a body into the type of the handler's `data`, strictly and with pointers to faults.

    The framework's own decoding converts `"5"` to 5, and answers 400 for every fault.
    """

    def decode_bytes(self, value: bytes) -> Any:
        handler = cast("HTTPRouteHandler", self.asgi_connection.route_handler)
        assert handler.parsed_data_field is not None
        return decode(value, handler.parsed_data_field.annotation)

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        return None

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any
    ) -> Reference | Schema:
        schema: Reference | Schema = schema_creator.for_field_definition(field_definition)
        return schema

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Any:
        raise NotImplementedError

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        raise NotImplementedError


async def refuse_unknown_parameters(connection: Connection, handler: BaseRouteHandler) -> None:
    """A Litestar guard: refuse unknown parameters. To ignore a mistyped filter would give a wrong answer."""
    counts = Counter(key for key, _ in connection.query_params.multi_items())
    known = query_parameters(cast("HTTPRouteHandler", handler), connection)
    if unknown := counts.keys() - known.keys():
        raise UnknownParameter.named(unknown, known)
    repeated = [name for name, count in counts.items() if count > 1 and not _is_list(known[name])]
    if repeated:
        raise Invalid(
            "A parameter is repeated", tuple(FieldError(f"?{name}", "must not be repeated") for name in repeated)
        )
    # The framework would take the word for "left out", and answer without the filter.
    null = sorted({name for name, value in connection.query_params.multi_items() if _is_null(value, known[name])})
    if null:
        raise Invalid(
            "A parameter is null", tuple(FieldError(f"?{name}", "must not be null; leave it out") for name in null)
        )


def query_parameters(handler: HTTPRouteHandler, connection: Connection) -> dict[str, FieldDefinition]:
    """The query parameters of a handler and of its dependencies, by the name that a client sends."""
    known: dict[str, FieldDefinition] | None = handler.opt.get("parameters")
    if known is None:
        model = handler.create_kwargs_model(path_parameters=cast("Any", connection.scope["path_params"]))
        definitions = parameters_of(handler)
        known = handler.opt["parameters"] = {
            each.field_alias: definitions[each.field_alias] for each in model.expected_query_params
        }
    return known


def parameters_of(handler: HTTPRouteHandler) -> dict[str, FieldDefinition]:
    """Everything that a handler and its dependencies take, by the name that a client sends."""
    signatures = [handler.parsed_fn_signature]
    signatures += [each.parsed_fn_signature for each in handler.resolve_dependencies().values()]
    return {
        getattr(definition.kwarg_definition, "name", None) or name: definition
        for signature in signatures
        for name, definition in signature.parameters.items()
    }


def _is_list(parameter: FieldDefinition) -> bool:
    return parameter.is_non_string_sequence or any(each.is_non_string_sequence for each in parameter.inner_types)


def _is_null(value: str, parameter: FieldDefinition) -> bool:
    is_text = str in {parameter.annotation, *(each.annotation for each in parameter.inner_types)}
    return value.lower() == "null" and not is_text and not _is_list(parameter)


async def refuse_odd_paths(connection: Connection, handler: BaseRouteHandler) -> None:
    """A Litestar guard: a resource has one path, as it was sent.

    Percent-encoded, with a second slash or with one at its end it is not found. The option `slash` allows the last, for
    the root of an API whose standard has it and whose clients leave it out.
    """
    raw_path = connection.scope.get("raw_path", b"").partition(b"?")[0]
    has_extra_slash = raw_path.endswith(b"/") and raw_path != b"/" and not handler.opt.get("slash")
    if has_extra_slash or b"//" in raw_path or b"%" in raw_path or not connection.scope["path"].isprintable():
        raise NotFound


async def refuse_unread_bodies(connection: Connection, handler: BaseRouteHandler) -> None:
    """A Litestar guard: refuse a body if the handler reads none. An empty object is allowed."""
    if handler.opt.get("reads_form"):
        return
    if cast("HTTPRouteHandler", handler).parsed_data_field is None and connection.scope.get("method") in _CHANGES:
        body = await cast("Request[Any, Any, Any]", connection).body()
        if body.strip():
            decode(body, EmptyBody)


async def require_json(connection: Connection, handler: BaseRouteHandler) -> None:
    """A guard: the media type of a body must be JSON in UTF-8 (RFC 9110 §8.3). A body that is left out has none."""
    field = cast("HTTPRouteHandler", handler).parsed_data_field
    if field is None or (field.has_default and not await cast("Request[Any, Any, Any]", connection).body()):
        return
    media_type, _, parameters = connection.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if media_type.strip().lower() != "application/json" or charset not in {"", "utf-8"}:
        raise HTTPException(status_code=415)
