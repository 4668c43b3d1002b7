"""Compares the OpenAPI document with the last release's, and fails on a change that breaks a client.

    python -m tools.contract openapi/released.json openapi/openapi.json

What a client may send can only grow, and what it reads can only grow. A client ignores fields, events and values that
it does not know (docs/compatibility.md), so a new one breaks nothing, and one that is gone does. Before version 1
nothing is released; from then on a missing release is an error, too.
"""

import json
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from msgspec import Struct

_METHODS = frozenset({"get", "put", "post", "delete", "patch"})
_PROBLEM = "application/problem+json"
# The bounds of what may be sent, with the value that stands for none.
_LEAST = {"minimum": float("-inf"), "exclusiveMinimum": float("-inf"), "minLength": 0, "minItems": 0}
_MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
Json = dict[str, Any]


class Side(Enum):
    """Who writes what a schema describes: the client sends it, or reads it."""

    SENT = "sent"
    READ = "read"


class Contract(Struct, frozen=True):
    """Two versions of the document. Each method yields a line for every change that breaks a client."""

    before: Json
    after: Json

    def faults(self) -> Iterator[str]:
        yield from self._security_schemes()
        schemas = self.before["components"]["schemas"].keys() - self.after["components"]["schemas"].keys()
        # Generated clients name their types after them.
        yield from (f"the schema {name} is gone" for name in sorted(schemas))
        for path, methods in self.before["paths"].items():
            for method in _METHODS & methods.keys():
                where = f"{method.upper()} {path}"
                latest = self.after["paths"].get(path, {}).get(method)
                if latest is None:
                    yield f"{where} is gone"
                else:
                    yield from self._operation(methods[method], latest, where)
        for name, methods in self.before.get("webhooks", {}).items():
            latest = self.after.get("webhooks", {}).get(name)
            if latest is None:
                yield f"the event {name} is gone"
            else:
                yield from self._event_headers(methods["post"], latest["post"], name)
                yield from self._body(methods["post"], latest["post"], Side.READ, name)

    def _security_schemes(self) -> Iterator[str]:
        latest = self.after["components"].get("securitySchemes", {})
        for name, scheme in self.before["components"].get("securitySchemes", {}).items():
            if name not in latest:
                yield f"the security scheme {name} is gone"
                continue
            for rule in ("type", "scheme", "in", "name"):
                if scheme.get(rule) != latest[name].get(rule):
                    yield f"the security scheme {name}: {rule} was {scheme.get(rule)} and is {latest[name].get(rule)}"

    def _operation(self, before: Json, after: Json, where: str) -> Iterator[str]:
        if before["operationId"] != after["operationId"]:
            # Generated clients name their functions after it.
            yield f"{where} is named {after['operationId']}, no longer {before['operationId']}"
        yield from _security(before.get("security", []), after.get("security", []), where)
        yield from self._parameters(before.get("parameters", []), after.get("parameters", []), where)
        yield from self._body(before, after, Side.SENT, where)
        for status, response in before["responses"].items():
            latest = after["responses"].get(status)
            if latest is not None:
                yield from self._response(response, latest, f"{where} {status}")
            else:
                yield f"{where} is no longer answered with {status}"
        for status in sorted(after["responses"].keys() - before["responses"].keys()):
            if status.startswith("2"):
                yield f"{where} may be answered with {status}"

    def _parameters(self, before: list[Json], after: list[Json], where: str) -> Iterator[str]:
        known = {(each["in"], each["name"]): each for each in before}
        latest = {(each["in"], each["name"]): each for each in after}
        for key, parameter in known.items():
            if key not in latest:
                yield f"{where}: the parameter {key[1]} is gone"
                continue
            yield from self._schema(parameter["schema"], latest[key]["schema"], Side.SENT, f"{where} ?{key[1]}")
            for rule in ("style", "explode"):
                if parameter.get(rule) != latest[key].get(rule):
                    yield f"{where} ?{key[1]}: {rule} was {parameter.get(rule)} and is {latest[key].get(rule)}"
        for key, parameter in latest.items():
            if parameter.get("required") and not known.get(key, {}).get("required"):
                yield f"{where}: the parameter {key[1]} is required"

    def _event_headers(self, before: Json, after: Json, where: str) -> Iterator[str]:
        """The headers of a webhook, which a client reads."""
        latest = {each["name"]: each for each in after.get("parameters", [])}
        for header in before.get("parameters", []):
            name = header["name"]
            if name not in latest:
                yield f"{where}: the header {name} is gone"
                continue
            if header.get("required") and not latest[name].get("required"):
                yield f"{where}: the header {name} may be missing"
            yield from self._schema(header["schema"], latest[name]["schema"], Side.READ, f"{where}: the header {name}")

    def _body(self, before: Json, after: Json, side: Side, where: str) -> Iterator[str]:
        known, latest = before.get("requestBody"), after.get("requestBody")
        if latest is not None and latest.get("required") and not (known or {}).get("required"):
            yield f"{where}: a body is required"
        if known is not None and latest is not None:
            yield from self._content(known["content"], latest["content"], side, where)
        elif known is not None:
            yield f"{where}: the body is gone"

    def _response(self, before: Json, after: Json, where: str) -> Iterator[str]:
        before, after = _resolved(self.before, before), _resolved(self.after, after)
        for name, header in before.get("headers", {}).items():
            if name not in after.get("headers", {}):
                yield f"{where}: the header {name} is gone"
                continue
            known, latest = _resolved(self.before, header), _resolved(self.after, after["headers"][name])
            yield from self._schema(known["schema"], latest["schema"], Side.READ, f"{where}: the header {name}")
        yield from self._content(before.get("content", {}), after.get("content", {}), Side.READ, where)

    def _content(self, before: Json, after: Json, side: Side, where: str) -> Iterator[str]:
        for media_type, media in before.items():
            latest = after.get(media_type)
            if latest is None:
                yield f"{where}: {media_type} is gone"
                continue
            if media_type == _PROBLEM:
                # An example of each problem, by its code.
                for code in media.get("examples", {}).keys() - latest.get("examples", {}).keys():
                    yield f"{where}: the problem {code} is gone"
            yield from self._schema(media.get("schema", {}), latest.get("schema", {}), side, where)

    def _schema(
        self, before: Json, after: Json, side: Side, where: str, seen: frozenset[str] = frozenset()
    ) -> Iterator[str]:
        name = before.get("$ref", "")
        if name and name in seen:
            return
        seen |= {name}
        known, latest = _variants(self.before, before), _variants(self.after, after)
        if not known:
            # It said nothing, so any value was possible.
            if latest and side is Side.SENT:
                yield f"{where}: only {' or '.join(latest)} is taken"
            return
        if not latest and side is Side.READ:
            yield f"{where}: may be anything"
        for kind, schema in known.items():
            if kind in latest:
                yield from self._variant(schema, latest[kind], side, where, seen)
            elif latest and (side is Side.SENT or kind.partition(" ")[2]):
                yield f"{where}: {kind} is gone"
            elif latest and not known.keys() & latest.keys():
                yield f"{where}: {kind} became {' or '.join(latest)}"
        if side is Side.READ:
            # A client ignores an event whose type it does not know, so a new type breaks nothing.
            yield from (
                f"{where}: may be {kind}" for kind in latest.keys() - known.keys() if not kind.partition(" ")[2]
            )

    def _variant(self, before: Json, after: Json, side: Side, where: str, seen: frozenset[str]) -> Iterator[str]:
        yield from _values(before, after, side, where)
        yield from _bounds(before, after, side, where)
        for name, schema in before.get("properties", {}).items():
            latest = after.get("properties", {}).get(name)
            if latest is None:
                yield f"{where}/{name} is gone"
            else:
                yield from self._schema(schema, latest, side, f"{where}/{name}", seen)
        required, required_now = set(before.get("required", ())), set(after.get("required", ()))
        if side is Side.SENT:
            yield from (f"{where}/{name} is required" for name in sorted(required_now - required))
        else:
            gone = (required - required_now) & after.get("properties", {}).keys()
            yield from (f"{where}/{name} may be missing" for name in sorted(gone))
        if side is Side.SENT and _is_closed(after) and not _is_closed(before):
            yield f"{where}: other fields are refused"
        for part in ("items", "additionalProperties"):
            if isinstance(before.get(part), dict) and isinstance(after.get(part), dict):
                yield from self._schema(before[part], after[part], side, f"{where}/*", seen)


def _values(before: Json, after: Json, side: Side, where: str) -> Iterator[str]:
    if "enum" in before and "enum" in after:
        yield from (f"{where}: the value {value} is gone" for value in before["enum"] if value not in after["enum"])
    elif "enum" in after and side is Side.SENT:
        yield f"{where}: only certain values are taken"
    for rule in ("pattern", "format"):
        was, now = before.get(rule), after.get(rule)
        if was != now and (now if side is Side.SENT else was) is not None:
            yield f"{where}: {rule} was {was} and is {now}"


def _bounds(before: Json, after: Json, side: Side, where: str) -> Iterator[str]:
    if side is Side.READ:
        return
    for bound, none in _LEAST.items():
        if after.get(bound, none) > before.get(bound, none):
            yield f"{where}: {bound} rose to {after[bound]}"
    for bound in _MOST:
        if bound in after and after[bound] < before.get(bound, float("inf")):
            yield f"{where}: {bound} fell to {after[bound]}"


def _security(before: list[Json], after: list[Json], where: str) -> Iterator[str]:
    """Each is a list of ways to be let in, of which one is enough. None at all, and an empty one, let anybody in."""
    ways, latest = ({tuple(sorted(way)) for way in each} or {()} for each in (before, after))
    if () in latest:
        return
    for way in sorted(ways - latest):
        yield f"{where} can no longer be called with {', '.join(way)}" if way else f"{where} needs a token"


def _is_closed(schema: Json) -> bool:
    return schema.get("additionalProperties") is False


def _variants(document: Json, schema: Json) -> dict[str, Json]:
    """What a value may be, by type. Objects of a union have a name behind their type, such as "object intake.paused".

    The name is the only value of their `type`, or else that of their schema.
    """
    schema = _resolved(document, schema)
    for union in ("oneOf", "anyOf"):
        if union in schema:
            found: dict[str, Json] = {}
            choices = [each for each in schema[union] if each != {"type": "null"}]
            for each in schema[union]:
                name = each.get("$ref", "").rpartition("/")[2] if len(choices) > 1 else ""
                found |= {
                    f"{kind} {name}" if name and kind == "object" else kind: variant
                    for kind, variant in _variants(document, each).items()
                }
            return found
    types = schema.get("type", [])
    found = {}
    for kind in [types] if isinstance(types, str) else types:
        names = schema.get("properties", {}).get("type", {}).get("enum", []) if kind == "object" else []
        found[f"{kind} {names[0]}" if len(names) == 1 else kind] = schema
    return found


def _resolved(document: Json, item: Json) -> Json:
    while "$ref" in item:
        found: Any = document
        for step in item["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        item = found
    return item


def breaking_changes(before: Json, after: Json) -> list[str]:
    """One line for each, in the order of the paths."""
    return list(dict.fromkeys(Contract(before, after).faults()))


def main(released: Path, current: Path) -> str | None:
    """What to complain about."""
    document = json.loads(current.read_bytes())
    if not released.exists():
        is_released = not document["info"]["version"].startswith("0.")
        return f"{released} is missing: fetch it from the last release" if is_released else None
    found = breaking_changes(json.loads(released.read_bytes()), document)
    if not found:
        return None
    return "\n".join([f"these changes break clients of {released}:", *(f"  {line}" for line in found)])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
