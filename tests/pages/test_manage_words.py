"""The words of the coordinator's page: each code that it may meet has some."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import pytest

from capacity_api.domain.endpoint_health import DisabledReason
from capacity_api.domain.people import Role
from capacity_api.domain.redaction import RedactedField
from capacity_api.operations.webhooks.delivery_rows import DeliveryStatus
from capacity_api.pages.manage_access_words import ACCESS_WORDS, ACTION_GROUPS, REDACTED_FIELDS
from capacity_api.representations.responder import HistoryEntry

DOCS = Path(__file__).parents[2] / "docs"
# The reasons of attempts that are one word; `http_` and a status has a sentence of its own.
REASONS = re.findall(r"`([a-z_]+)`", (DOCS / "webhooks.md").read_text().partition("### Reasons")[2].partition("###")[0])
ACTIONS = re.findall(r"(?m)^\| `([a-z]+\.[a-z_]+)` \|", (DOCS / "operate" / "audit.md").read_text())


@pytest.mark.parametrize(
    ("part", "prefix", "codes"),
    [
        ("manage_audit", "", ACTIONS),
        ("manage_webhooks", "reason_", {*REASONS} - {"reason", "http_", "http_500"}),
        ("manage_webhooks", "disabled_", get_args(DisabledReason)),
        ("manage_webhooks", "delivery_", DeliveryStatus),
        ("manage_redaction", "kind_", get_args(HistoryEntry.__annotations__["kind"])),
        ("manage_people", "is_", Role),
    ],
)
def test_every_code_has_words(part: str, prefix: str, codes: Iterable[str]) -> None:
    named = {f"{prefix}{code}" for code in codes}
    assert named
    assert named - set(ACCESS_WORDS[part]) == set()


def test_the_audit_can_be_filtered_by_each_kind_of_action() -> None:
    assert {action.partition(".")[0] for action in ACTIONS} - set(ACTION_GROUPS) == set()


def test_every_field_can_be_redacted() -> None:
    assert list(REDACTED_FIELDS) == list(RedactedField)
