"""`capacity-api responder import`: a table or a JSON list, all of it or nothing."""

import asyncio
import csv
import io
import json
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest
from tests.listed import postgresql_template, sqlite_template
from tests.processes import COMMAND, environment, finish, run, serving
from tests.serving import client_of

__all__ = ["postgresql_template", "sqlite_template"]

REMIT = {"areas": ["W92000004"], "exploitation_types": ["all"], "age_groups": ["adult"]}
NEW = "slug,name,areas,exploitation_types,age_groups,phone\n"


@pytest.fixture
def env(database_url: str) -> dict[str, str]:
    return environment(database_url, write_limit="0", log_level="error")


async def listed(env: dict[str, str]) -> dict[str, Any]:
    _, out, _ = await run("responder", "list", "--json", env=env)
    return {each["slug"]: each for each in json.loads(out)}


async def bring(env: dict[str, str], file: Path, text: str, *options: str) -> tuple[int, list[list[str]], list[str]]:
    """The exit code, the cells of the table that is printed, and the lines of standard error."""
    file.write_text(text)
    code, out, err = await run("responder", "import", str(file), *options, env=env)
    lines = [[cell.strip() for cell in line.split("  ") if cell] for line in out.splitlines()]
    return code, lines[1:], err.splitlines()


async def test_a_table_is_tried_and_then_imported_whole(env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "responders.csv"
    text = NEW + "new-help,New Help,Wales|e12000007,all,adult,'0800 808 3733\nother-help,Other,England,unknown,child,\n"
    before = await listed(env)
    code, tried, err = await bring(env, file, text, "--dry-run")
    assert (code, err) == (0, ["nothing was changed: leave out --dry-run to do it"])
    assert tried == [
        ["new-help", "added", "-", "New Help", "Wales, London"],
        ["other-help", "added", "-", "Other", "England"],
    ]
    assert await listed(env) == before
    code, done, err = await bring(env, file, text)
    assert (code, done, err) == (0, tried, [])
    after = await listed(env)
    assert after.keys() - before.keys() == {"new-help", "other-help"}
    assert after["new-help"]["contact"]["phone"]["dial"] == "+448008083733"
    assert after["new-help"]["intake"]["state"] == "unconfirmed"


async def test_those_that_are_listed_change_only_when_asked_and_only_where_a_cell_says_so(
    env: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "responders.csv"
    text = "slug;phone;areas;hours\ntara;0808 808 3733;Wales|London;\nbawso;;wales;\n"
    before = await listed(env)
    code, _, err = await bring(env, file, text)
    assert code == 1
    assert err == [
        "row 2, slug: A responder 'tara' is listed already; --update changes it",
        "row 3, slug: A responder 'bawso' is listed already; --update changes it",
        "capacity-api: nothing was changed: 2 faults in the file",
    ]
    assert await listed(env) == before
    code, done, err = await bring(env, file, text, "--update")
    assert (code, done) == (
        0,
        [["tara", "changed", "phone, areas", "TARA", "Wales, London"], ["bawso", "same", "-", "BAWSO", "Wales"]],
    )
    assert len(err) == 1
    assert err[0].startswith("tara: the page shows this as the responder's own contact")
    after = await listed(env)
    assert after["bawso"] == before["bawso"], "what does not change makes no event"
    changed = {name: value for name, value in after["tara"]["remit"].items() if value != before["tara"]["remit"][name]}
    assert changed == {"areas": [{"code": "W92000004", "name": "Wales"}, {"code": "E12000007", "name": "London"}]}
    _, done, _ = await bring(env, file, text, "--update")
    assert [row[1] for row in done] == ["same", "same"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_table_of_the_directory_can_be_imported_again(env: dict[str, str], tmp_path: Path) -> None:
    await run("responder", "edit", "tara", "--phone", "0808 808 3733", "--hours", "=9-5", "--all-hours", env=env)
    async with serving(env=env) as service, client_of(service.address) as client:
        table = (await client.get("/v1/directory.csv")).text
    code, done, err = await bring(env, tmp_path / "directory.csv", table, "--update")
    assert (code, len(done)) == (0, 13)
    assert [row for row in done if row[1] != "same"] == []
    assert err[0].startswith("columns that an import does not change: state, state_in_words, since")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_template_can_be_imported(env: dict[str, str], tmp_path: Path) -> None:
    code, out, _ = await run("responder", "import", "--template", env=env)
    (row,) = csv.DictReader(io.StringIO(out))
    assert code == 0
    code, done, _ = await bring(env, tmp_path / "template.csv", out)
    assert (code, done[0][0]) == (0, row["slug"])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("import", "slug,name,areas,exploitation_types,age_groups\nnew,New,Wales,all,adult\n"),
        ("add", json.dumps({"slug": "new", "name": "New", "remit": REMIT})),
    ],
)
async def test_a_file_can_come_from_standard_input(env: dict[str, str], command: str, text: str) -> None:
    """The service's user may not read the folders of who runs a command as it."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, "responder", command, "-", env=env, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    assert process.stdin is not None
    process.stdin.write(text.encode())
    process.stdin.close()
    _, err = await finish(process)
    assert process.returncode == 0, err
    assert (await listed(env))["new"]["name"] == "New"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_each_fault_is_named_by_row_and_column_and_nothing_is_listed(env: dict[str, str], tmp_path: Path) -> None:
    before = await listed(env)
    text = (
        "slug,name,areas,exploitation_types,age_groups,phone,all_hours,valid_for_hours\n"
        "one,One,Wales,all,adult,,,\n"
        "two,,Wale,all,adult,,maybe,soon\n"
        "\n"
        "three,Three,Wales,slavery,adult,1,,\n"
        "one,One,Wales,all,adult,,,\n"
        "Four,Four,Wales,all,adult,,,\n"
    )
    code, _, err = await bring(env, tmp_path / "bad.csv", text, "--dry-run")
    assert code == 1
    starts = [
        "row 3, areas: unknown area 'Wale'; did you mean Wales?",
        "row 3, all_hours: must be yes or no, not 'maybe'",
        "row 3, valid_for_hours: must be a whole number of hours, not 'soon'",
        "row 3, name: required",
        "row 5, phone: must be one telephone number",
        "row 5, exploitation_types: unknown code 'slavery'; use labour",
        "row 6, slug: 'one' stands twice in the file",
        "row 7, slug: must be lower-case letters",
        "capacity-api: nothing was changed: 8 faults in the file",
    ]
    assert len(err) == len(starts), err
    assert all(line.startswith(start) for line, start in zip(err, starts, strict=True)), err
    assert await listed(env) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "has no column slug"),
        (b"slug,nam\nx,y\n", "has unknown columns: nam; use slug, name"),
        (b"slug,name,name\n", "has columns twice: name"),
        ("slug,name\nx,Caf\u00e9\n".encode("latin-1"), 'is not UTF-8; save it as "CSV UTF-8"'),
        (b'slug,name\nx,"y\n', "is not CSV"),
        (b"slug,name\nx,y,z\n", "row 2 has 3 cells, and the header 2"),
        (b'[{"slug": "x"}]', "required"),
    ],
)
async def test_what_is_no_table_is_refused_in_one_line(
    env: dict[str, str], tmp_path: Path, content: bytes, expected: str
) -> None:
    (tmp_path / "file").write_bytes(content)
    code, _, err = await run("responder", "import", str(tmp_path / "file"), env=env)
    assert (code, len(err.splitlines())) == (1, 1)
    assert expected in err


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_json_list_adds_and_changes_nobody(env: dict[str, str], tmp_path: Path) -> None:
    remit = {"areas": ["W92000004"], "exploitation_types": ["all"], "age_groups": ["adult"]}
    text = json.dumps([{"slug": slug, "name": slug, "remit": remit} for slug in ("new-help", "tara")])
    before = await listed(env)
    code, _, err = await bring(env, tmp_path / "list.json", text)
    assert (code, err[0]) == (1, "responder 2, slug: A responder 'tara' is listed already")
    code, _, err = await bring(env, tmp_path / "list.json", text, "--update")
    assert (code, len(err)) == (2, 1)
    assert await listed(env) == before
    code, done, _ = await bring(env, tmp_path / "list.json", text.replace("tara", "other-help"), "--dry-run")
    assert (code, [row[:2] for row in done]) == (0, [["new-help", "added"], ["other-help", "added"]])
