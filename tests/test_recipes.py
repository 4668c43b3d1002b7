"""The recipes of CONTRIBUTING.md: that their places exist, and what somebody forgets who follows one."""

import ast
import csv
import io
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import hypothesis
import msgspec
import pytest
from tests.formats.test_registry import PATHS
from tests.snapshot.responders import NOON, clean_reports, responder

from capacity_api.api.intake import ReportRequest
from capacity_api.db.tables import ReportRow
from capacity_api.domain.events import PRIVATE, EventType
from capacity_api.domain.intake import (
    Circumstance,
    ExpectedTime,
    Plan,
    Reason,
    Report,
    ReportedState,
    SaidBy,
    State,
    Unit,
)
from capacity_api.domain.matching import EXCEPTIONS, EXCEPTIONS_NOT_GIVEN, ReasonCode
from capacity_api.domain.remit import Limit
from capacity_api.formats.csv import directory_table, row
from capacity_api.formats.open_referral.services import represent_service
from capacity_api.operations.history import represent_report
from capacity_api.operations.webhooks.management import _RESTRICTED

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "capacity_api"
ENTRY = "".join((PACKAGE / "pages" / "templates" / name).read_text() for name in ("entry_now.html", "entry_more.html"))
PREVIEW = PACKAGE / "pages" / "scripts" / "report.js"
RULES = (ROOT / "tests" / "domain" / "test_matching.py").read_text()
UPDATE_FORM = PACKAGE / "pages" / "templates" / "report_fields.html"
RECIPES = (ROOT / "CONTRIBUTING.md").read_text().split("\n## Recipes\n")[1]
# Each numbered step, from its number to the next step, an empty line or the end.
STEPS = re.findall(r"^\d+\. .*?(?=^\d+\. |\n\n|\Z)", RECIPES, re.MULTILINE | re.DOTALL)
# Each place below has the state in its own way.
FIELDS = [field for field in Report.__struct_fields__ if field != "state"]
# The pages do not show these of a plan.
LEFT_OUT_OF_A_PLAN = {"expected_response", "expected_referral", "no_timeframe", "reason"}
# Says everything that a report can say, although nobody could say it all at once.
SAID = Report(
    state=ReportedState.WAITING_LIST,
    expected_response=ExpectedTime(min=1, max=2, unit=Unit.WEEKS),
    expected_referral=ExpectedTime(min=3, max=4, unit=Unit.WEEKS),
    no_timeframe=True,
    limited_to=Limit(areas=("S92000003",)),
    reason=Reason.FUNDING,
    exceptions=(Circumstance.DETENTION,),
    reopens_on=date(2026, 12, 1),
    note="A note",
)
PLAN = Plan(
    effective_from=NOON + timedelta(days=1),
    said_by=SaidBy.RESPONDER,
    said_at=NOON,
    confirm_by=NOON + timedelta(days=7),
    report=SAID,
)
SHOWN = responder(SAID, planned=PLAN)
# A reason for each circumstance: the rows name some.
NAMED_BY_CIRCUMSTANCE = {*EXCEPTIONS.values(), *EXCEPTIONS_NOT_GIVEN.values()}
# Scripts and models that no type of Python describes, and how a field of a report is read or written there.
UNTYPED = {
    "src/capacity_api/pages/scripts/types.d.ts": r"^  {}\??: ",
    "src/capacity_api/pages/scripts/report_form.js": r"(?s)function readReport\(.*?^    {}: ",
    "src/capacity_api/pages/scripts/report.js": r"\b{}\b",
    "src/capacity_api/wording/sentences.py": r"\breport\.{}\b",
    "src/capacity_api/api/examples.py": r"\"{}\": ",
    "bench/peers.py": r"^    {}: ",
}


def _paths(text: str) -> list[Path]:
    """The files and folders that a text names; none for a name with a gap, such as `formats/<name>.py`."""
    names = re.findall(r"`([\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|js|ts|html|md|json|toml|conf|pot)))`", text)
    return [ROOT / name if (ROOT / name).exists() else PACKAGE / name for name in names]


def test_every_place_that_a_recipe_names_exists() -> None:
    assert len(STEPS) > 40
    # These are named without their folder too.
    missing = [
        path for path in _paths(RECIPES) if not (path.exists() or path.name in {"entry_now.html", "entry_more.html"})
    ]
    assert not missing


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step[:30])
def test_every_name_in_a_step_is_in_a_file_of_that_step(step: str) -> None:
    files = [path for path in _paths(step) if path.is_file()] or list(PACKAGE.rglob("*.py"))
    text = "\n".join(path.read_text() for path in files)
    names = re.findall(r"`(?:[A-Za-z]+\.)?([A-Za-z_]+)`", step)
    extensions = {path.suffix[1:] for path in files}
    assert not [name for name in names if name not in extensions and not re.search(rf"\b{name}", text)]


def test_the_report_here_says_everything() -> None:
    assert not [field for field in FIELDS if getattr(SAID, field) == getattr(Report(state=SAID.state), field)]


def test_a_report_is_typed_once() -> None:
    """No other class repeats its fields: a new field is read and written everywhere at once."""
    fields = set(Report.__struct_fields__)
    found = [
        f"{path.name}: {node.name}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and len(fields & _typed_names(node)) > 2
    ]
    assert found == ["intake.py: Report"]


def _typed_names(node: ast.ClassDef) -> set[str]:
    return {
        each.target.id for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    }


def test_what_is_written_is_what_is_read_everywhere() -> None:
    stored = ReportRow(
        id=UUID(int=1),
        kind="reported",
        at=NOON,
        state=State.WAITING_LIST,
        report=SAID,
        said_by=SaidBy.RESPONDER,
        effective_from=None,
        confirm_by=None,
    )
    stored.sequence = 1
    written = _plain(SAID)
    assert represent_report(stored).report == SHOWN.intake.report == SAID
    assert SHOWN.intake.planned is not None
    assert SHOWN.intake.planned.report == SAID
    assert _plain(SHOWN)["intake"]["report"] == written
    capacity = _plain(represent_service(SHOWN).first_responder_capacity)
    assert capacity["intake"]["report"] == capacity["intake"]["planned"]["report"] == written


def _plain(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


@pytest.mark.parametrize("field", FIELDS)
def test_random_reports_say_a_field_of_a_report(field: str) -> None:
    unsaid = getattr(Report(state=SAID.state), field)
    # Any example will do: to look for the smallest takes seconds.
    any_example = hypothesis.settings(phases=[hypothesis.Phase.generate])
    assert hypothesis.find(clean_reports, lambda report: bool(getattr(report, field) != unsaid), settings=any_example)


def test_nothing_of_a_request_is_lost_before_it_is_a_report() -> None:
    assert msgspec.json.decode(msgspec.json.encode(SAID), type=ReportRequest).report == SAID


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("prefix", ["reported_", "planned_"])
def test_a_field_of_a_report_fills_a_cell_of_the_table(field: str, prefix: str) -> None:
    (cells,) = csv.DictReader(io.StringIO(directory_table([row(SHOWN)]).decode("utf-8-sig"), newline=""))
    assert any(cell for column, cell in cells.items() if column.startswith(prefix + field))


@pytest.mark.parametrize("place", UNTYPED)
@pytest.mark.parametrize("field", FIELDS)
def test_a_field_of_a_report_is_in_each_place_that_no_type_checks(field: str, place: str) -> None:
    assert re.search(UNTYPED[place].format(field), (ROOT / place).read_text(), re.MULTILINE)


@pytest.mark.parametrize("field", [each for each in Report.__struct_fields__ if each != "state"])
def test_the_form_of_a_report_begins_with_what_stands(field: str) -> None:
    form = (PACKAGE / "pages/scripts/report_form.js").read_text()
    filled = form[form.index("function fillReport(") : form.index("function fillExpectedTime(")]
    assert re.search(rf"\breport\?\.{field}\b", filled)


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_of_a_report_is_shown_in_the_directory(field: str) -> None:
    assert re.search(rf"\breport\.{field}\b", ENTRY)


@pytest.mark.parametrize("field", [field for field in FIELDS if field not in LEFT_OUT_OF_A_PLAN])
def test_a_field_of_a_plan_is_shown_in_the_directory_and_in_the_preview(field: str) -> None:
    assert re.search(rf"\bplan\.{field}\b", ENTRY)
    # ESLint refuses a parameter that the function does not use.
    (parameters,) = re.findall(r"function planParagraphs\(\{(.*?)\}\)", PREVIEW.read_text(), re.DOTALL)
    assert re.search(rf"\b{field}\b", parameters)


def test_a_webhook_that_names_a_private_event_type_of_somebody_else_is_refused() -> None:
    # An event about a webhook goes to the other webhooks of its owner.
    assert _RESTRICTED.keys() == PRIVATE - {EventType.WEBHOOK_FAILING, EventType.WEBHOOK_DISABLED}


@pytest.mark.parametrize("code", [code for code in ReasonCode if code not in NAMED_BY_CIRCUMSTANCE])
def test_each_reason_is_in_a_row_of_the_tests_of_the_rules(code: ReasonCode) -> None:
    assert f'["{code}"' in RULES or f', "{code}"' in RULES


@pytest.mark.parametrize("path", [path.removesuffix("/services") for path in PATHS.values()])
def test_the_documentation_has_the_path_of_every_format(path: str) -> None:
    assert path in "".join((ROOT / "docs" / name).read_text() for name in ("formats.md", "statistics.md"))


@pytest.mark.parametrize("field", [*FIELDS, "effective_from"])
def test_a_field_of_a_report_can_be_entered_on_the_update_page(field: str) -> None:
    assert re.search(rf'(data-pointer=|period\()"/{field}"', UPDATE_FORM.read_text())


def test_the_documentation_of_the_webhooks_lists_every_event_type() -> None:
    rows = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", (ROOT / "docs" / "webhooks.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(EventType)
