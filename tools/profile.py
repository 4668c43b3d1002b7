"""`openapi/profile/`: the model alone, as JSON Schemas with vectors, for directories of other help. `make openapi`
writes it from the OpenAPI document.
"""

import json
from pathlib import Path
from typing import Any

from capacity_api.domain.areas import AREAS

FOLDER = Path(__file__).parents[1] / "openapi"
# The root of each schema: its name in the OpenAPI document, its file, and what it is.
ROOTS = {
    "Responder": ("responder", "An organisation, whom it takes, and what it says it can take on now."),
    "ReportRequest": ("report", "What an organisation says of its intake."),
    "MatchQuestion": ("question", "Who can take this person? What is left out was not said."),
}
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_COMPONENTS = "#/components/schemas/"
_LICENCE = "CC0 1.0: https://creativecommons.org/publicdomain/zero/1.0/"
Json = dict[str, Any]


def schemas(openapi: Json) -> dict[str, Json]:
    """Each schema by its file name, with what it refers to inside it."""
    components = openapi["components"]["schemas"]
    return {
        f"{name}.schema.json": {
            "$schema": _DIALECT,
            "title": name,
            "description": about,
            "$comment": _LICENCE,
            "$ref": f"#/$defs/{root}",
            "$defs": {each: _inside(components[each]) for each in _used(components, root)},
        }
        for root, (name, about) in ROOTS.items()
    }


def _used(components: Json, root: str) -> list[str]:
    found: dict[str, None] = {}
    waiting = [root]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting += reversed(_references(components[name]))
    return list(found)


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"].removeprefix(_COMPONENTS)] if "$ref" in value else []
        return own + [name for each in value.values() for name in _references(each)]
    return [name for each in value for name in _references(each)] if isinstance(value, list) else []


def _inside(value: Any) -> Any:
    """The same with its references inside the file."""
    if isinstance(value, dict):
        return {
            key: each.replace(_COMPONENTS, "#/$defs/") if key == "$ref" else _inside(each)
            for key, each in value.items()
            if key != "discriminator"
        }
    return [_inside(each) for each in value] if isinstance(value, list) else value


def files(openapi: Json, vectors: Json) -> dict[str, str]:
    """Every file of the profile but its README."""
    made = {name: json.dumps(each, indent=1, ensure_ascii=False) + "\n" for name, each in schemas(openapi).items()}
    areas = [{"code": area.code, "name": area.name, "parent": area.parent} for area in AREAS.values()]
    return {**made, "matching.json": _one_case_a_line({"licence": _LICENCE, **vectors, "areas": areas})}


def _one_case_a_line(vectors: Json) -> str:
    """Readable by people, and in a comparison of two versions."""
    parts = []
    for key, value in vectors.items():
        lines = ",\n".join(json.dumps(each) for each in value) if isinstance(value, list) else None
        parts.append(f"{json.dumps(key)}: " + (json.dumps(value) if lines is None else f"[\n{lines}\n]"))
    return "{" + ",\n".join(parts) + "}\n"


def read_files() -> dict[str, str]:
    """What the committed document and the committed vectors make."""
    vectors = FOLDER.parent / "tests" / "vectors" / "matching.json"
    return files(json.loads((FOLDER / "openapi.json").read_bytes()), json.loads(vectors.read_bytes()))


def main() -> None:
    for name, text in read_files().items():
        (FOLDER / "profile" / name).write_text(text)


if __name__ == "__main__":
    main()
