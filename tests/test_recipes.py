"""The recipes of CONTRIBUTING.md: what is easily forgotten when a field of a report or an event type is added."""

import re
from pathlib import Path

import pytest

from capacity_api.domain.events import EventType
from capacity_api.domain.intake import Report
from capacity_api.formats.csv import HEADER
from capacity_api.formats.open_referral.services import Capacity, PlannedCapacity
from capacity_api.representations.responder import HistoryEntry, IntakeShown, PlannedShown

ROOT = Path(__file__).parents[1]
UPDATE_FORM = ROOT / "src" / "capacity_api" / "pages" / "templates" / "update.html"
# `state` is called `reported_state` next to the effective state.
FIELDS = [field for field in Report.__struct_fields__ if field != "state"]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("representation", [IntakeShown, PlannedShown, HistoryEntry, Capacity, PlannedCapacity])
def test_a_field_of_a_report_is_in_every_representation(field: str, representation: type) -> None:
    assert field in representation.__struct_fields__  # type: ignore[attr-defined]  # each is a struct


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("prefix", ["", "planned_"])
def test_a_field_of_a_report_is_a_column_of_the_table(field: str, prefix: str) -> None:
    assert [column for column in HEADER if column.startswith(prefix + field)]


@pytest.mark.parametrize("field", [*FIELDS, "effective_from"])
def test_a_field_of_a_report_can_be_entered_on_the_update_page(field: str) -> None:
    assert f'data-pointer="/{field}"' in UPDATE_FORM.read_text()


def test_the_documentation_of_the_webhooks_lists_every_event_type() -> None:
    rows = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", (ROOT / "docs" / "webhooks.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(EventType)
