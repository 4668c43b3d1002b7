"""`/docs`: the reference, made from the OpenAPI document."""

from typing import Any

from tests.pages.parsed import Parsed

from capacity_api.pages.reference import render_reference

OPENAPI: dict[str, Any] = {
    "info": {"title": "Example <b>", "version": "1", "description": "Reads `state`."},
    "tags": [{"name": "intake", "description": "What is said"}],
    "paths": {
        "/v1/responders/{slug}/intake": {
            "parameters": [{"name": "slug", "in": "path", "required": True, "schema": {"type": "string"}}],
            "put": {
                "tags": ["intake"],
                "summary": "Say what holds",
                "security": [{"token": ["intake:write"]}],
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"$ref": "#/components/schemas/Report"},
                            "examples": {"paused": {"summary": "A pause", "value": {"state": "paused"}}},
                        }
                    }
                },
                "responses": {"404": {"$ref": "#/components/responses/Missing"}, "200": {"description": "Said"}},
            },
        }
    },
    "webhooks": {
        "intake.paused": {"post": {"summary": "Somebody paused", "responses": {"2XX": {"description": "Taken"}}}}
    },
    "components": {
        "schemas": {
            "Report": {
                "required": ["state"],
                "properties": {
                    "state": {"enum": ["open", "paused"]},
                    "until": {"oneOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
                    "kinds": {"type": "array", "items": {"$ref": "#/components/schemas/Kind"}},
                },
            },
            "Kind": {"type": "string"},
        },
        "responses": {
            "Missing": {
                "description": "Nothing here",
                "content": {
                    "application/problem+json": {"example": {"code": "not_found", "status": 404, "title": "Nothing"}}
                },
            }
        },
        "securitySchemes": {"token": {"type": "http", "description": "A token"}},
    },
}


def test_the_reference_says_all_that_the_document_says() -> None:
    text = Parsed(render_reference(OPENAPI)).text
    for words in (
        "Example <b> 1",
        "PUT /v1/responders/{slug}/intake Say what holds Needs token (intake:write).",
        "slug required in path string",
        "Example: A pause",
        '{ "state": "paused" }',
        "200 Said",
        "404 Nothing here Problem codes: not_found",
        "intake.paused Somebody paused",
        'state required "open" or "paused"',
        "until string (date) or null",
        "kinds list of Kind",
        "token A token",
    ):
        assert words in text


def test_every_link_of_the_reference_leads_somewhere() -> None:
    parsed = Parsed(render_reference(OPENAPI))
    named = {f"#{attributes['id']}" for _, attributes in parsed.elements if "id" in attributes}
    away = {"https://www.bbc.co.uk/weather", "tel:999", "tel:08000121700"}
    ours = {"/", "/coverage", "/evidence", "/update", "/about", "/wall-sheet", "/docs", "/openapi.json"}
    assert {link["href"] for link in parsed.links()} - away <= named | ours


def test_an_empty_document_has_a_page() -> None:
    assert "Documentation" in Parsed(render_reference({})).text
