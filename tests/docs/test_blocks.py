"""Each code block of the documents says its language, and is correct in it. `test_shell.py` runs the shell's."""

import ast
import configparser
import json
import re
import subprocess
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from tests.docs.blocks import ROOT, Block, blocks, fences
from tests.node import node

from capacity_api.db.tables import Table

LANGUAGES = {"sh", "python", "js", "json", "http", "ini", "sql", "text"}
DOCUMENT = json.loads((ROOT / "openapi" / "openapi.json").read_text())
# How the documents leave a responder out.
RESPONDER, INTAKE = "{ … as in the directory … }", "{ … as in the profile … }"
# What each block of JSON is, in the order of its page: a schema of the OpenAPI document, or "" for any JSON.
JSON = {
    "docs/coverage.md": ["Coverage"],
    "docs/formats.md": ["ChangesPage"],
    "docs/guide/errors.md": ["Problem"],
    "docs/matching.md": ["MatchQuestion"],
    "docs/operate/log.md": [""],
    "docs/operate/readiness.md": ["Readiness"],
    "docs/profile/open-referral.md": [""],
    "docs/static-site.md": [""],
}


def test_every_block_says_its_language() -> None:
    found = blocks()
    assert {block.where: block.language for block in found if block.language not in LANGUAGES} == {}
    for page, count in fences().items():
        assert count == 2 * sum(block.page == page for block in found), f"{page} has a block that is not closed"


def test_the_shell_can_read_its_blocks() -> None:
    for block in blocks("sh"):
        done = subprocess.run(["bash", "-n"], input=block.code, text=True, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), block.where


def test_python_can_read_its_blocks() -> None:
    for block in blocks("python"):
        ast.parse(block.code, filename=block.where)


def test_node_can_read_its_blocks(tmp_path: Path) -> None:
    """All in one process, as modules: each is compiled and none is run."""
    for number, block in enumerate(blocks("js")):
        (tmp_path / f"{number}.mjs").write_text(block.code)
    compile_all = """
        const { SourceTextModule } = require("node:vm");
        const { readdirSync, readFileSync } = require("node:fs");
        for (const name of readdirSync(process.argv[1])) {
          new SourceTextModule(readFileSync(`${process.argv[1]}/${name}`, "utf8"));
          console.log(name);
        }
    """
    compiled = node("--experimental-vm-modules", "--no-warnings", "-e", compile_all, str(tmp_path))
    assert len(compiled.split()) == len(blocks("js")) > 0


def example_responder() -> dict[str, Any]:
    """A responder as an answer of the OpenAPI document shows it."""
    answer = DOCUMENT["paths"]["/v1/directory"]["get"]["responses"]["200"]["content"]["application/json"]
    found: dict[str, Any] = answer["example"]["responders"][0]
    return found


def parsed(block: Block, code: str) -> Any:
    responder = example_responder()
    whole = code.replace(RESPONDER, json.dumps(responder)).replace(INTAKE, json.dumps(responder["intake"]))
    try:
        return json.loads(whole)
    except json.JSONDecodeError as error:
        raise AssertionError(f"{block.where}: {error}") from None


def assert_fits(block: Block, value: Any, schema: str) -> None:
    reference = {"$ref": f"#/components/schemas/{schema}", "components": DOCUMENT["components"]}
    faults = [error.message for error in Draft202012Validator(reference).iter_errors(value)]
    assert faults == [], block.where


def test_json_is_what_the_service_says() -> None:
    found = blocks("json")
    pages = {block.page for block in found}
    assert {page: sum(block.page == page for block in found) for page in pages} == {
        page: len(schemas) for page, schemas in JSON.items()
    }, "say in `JSON` what each block is"
    for page, schemas in JSON.items():
        for block, schema in zip((each for each in found if each.page == page), schemas, strict=True):
            value = parsed(block, block.code)
            if schema:
                assert_fits(block, value, schema)


def test_http_has_headers_that_can_be_read_and_a_body_that_fits() -> None:
    for block in blocks("http"):
        head, _, body = block.code.partition("\n\n")
        lines = head.splitlines()
        if lines[0].endswith("HTTP/1.1"):
            del lines[0]
        for line in lines:
            assert re.fullmatch(r"[A-Za-z-]+: \S.*", line), f"{block.where}: {line}"
        if body:
            assert_fits(block, parsed(block, body), "Event")


def test_ini_can_be_read() -> None:
    for block in blocks("ini"):
        # A unit of systemd may say a key several times.
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.read_string(block.code, block.where)
        assert parser.sections(), block.where


def test_sql_names_tables_that_there_are() -> None:
    for block in blocks("sql"):
        vacuumed = re.fullmatch(r"VACUUM FULL ([a-z_, ]+);\n", block.code)
        assert vacuumed, f"{block.where}: say here how to check it"
        assert set(vacuumed[1].split(", ")) <= set(Table.metadata.tables), block.where
