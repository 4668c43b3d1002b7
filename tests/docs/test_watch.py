"""What `docs/operate` says of the metrics: the page, the alerts with their tests, and the dashboard."""

import asyncio
import json
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.alerts import PROMTOOL, RULES, needs_promtool, scrape, value_of
from tests.conftest import Clock
from tests.in_process import call
from tests.processes import environment
from tests.serving import OPEN, PAUSED, patience, serving

from capacity_api.api.shared_counts import SharedCounts
from capacity_api.config import Settings

_ROOT = Path(__file__).parents[2]
_OPERATE = _ROOT / "docs" / "operate"
_NAME = re.compile(r"\bcapacity_(?!api\b)[a-z_]+")
_FAMILY = re.compile(r"^# TYPE (capacity_[a-z_]+) (\w+)$", re.MULTILINE)
# Words of a slug, an id, an address or an endpoint.
_PRIVATE = ("tara", "127.0.0.1", "tool.example", "cap_", "http:", "https:")


def _alerts() -> dict[str, str]:
    """The text of each alert, by its name."""
    _, *rules = RULES.read_text().split("- alert: ")
    return {name: rest for name, _, rest in (each.partition("\n") for each in rules)}


def _names(text: str) -> set[str]:
    """The metrics that a text names; a bucket of a histogram is its histogram."""
    return {each.removesuffix("_bucket") for each in _NAME.findall(text)}


@pytest.fixture
async def answered(settings: Settings, clock: Clock, database_url: str, tmp_path: Path) -> str:
    """What a real service answers at `/metrics` when there is something of everything."""
    ended = await asyncio.to_thread(call, "backup", str(tmp_path / "backup"), env=environment(database_url))
    assert ended.code == 0, ended.out
    async with serving(settings, clock, deliver=True) as service:
        await service.report("tara", OPEN)
        admin = await service.token()
        async with patience(lambda: "a heartbeat"):
            while "capacity_heartbeat_age_seconds{" not in (text := await _read(service.client, admin)):
                pass
    for metric in SharedCounts(1).of_process(0).add_up():
        text += f"# TYPE {metric.name} {metric.type}\n"
    return text


async def _read(client: Any, admin: dict[str, str]) -> str:
    answer = await client.get("/metrics", headers=admin)
    assert answer.status_code == 200, answer.text
    text: str = answer.text
    return text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_metric_is_on_the_page_and_nothing_names_one_that_is_not_there(answered: str) -> None:
    families = dict(_FAMILY.findall(answered))
    page = (_OPERATE / "watch.md").read_text()
    # Each has a row of its own.
    assert set(re.findall(r"^\| `(capacity_[a-z_]+)`", page, re.MULTILINE)) == set(families)
    for file in (_OPERATE / "watch.md", RULES, RULES.with_name("rules_test.yml"), _OPERATE / "grafana.json"):
        assert _names(file.read_text()) <= set(families), file.name
    assert _names((_OPERATE / "grafana.json").read_text()) >= _names(RULES.read_text()) - {"capacity_ready"}
    for name, kind in families.items():
        assert (kind == "counter") == name.endswith("_total"), "as Prometheus names counters"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_metrics_name_nobody(answered: str) -> None:
    for private in _PRIVATE:
        assert private not in answered, private


def test_each_alert_has_a_summary_and_a_page_that_is_there() -> None:
    for name, rule in _alerts().items():
        assert re.search(r"^ +summary: \S.*\.$", rule, re.MULTILINE), name
        page = re.search(r"^ +page: (\S+)$", rule, re.MULTILINE)
        assert page, name
        assert (_ROOT / page[1]).is_file(), name
        assert re.search(r"severity: (page|work)}", rule), name


def test_each_alert_is_made_to_fire_by_its_fault() -> None:
    faults = (_ROOT / "tests" / "test_alerts.py").read_text()
    assert [name for name in _alerts() if f'"{name}"' not in faults] == []


def test_the_dashboard_asks_what_its_panels_can_show() -> None:
    dashboard = json.loads((_OPERATE / "grafana.json").read_text())
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    for panel in dashboard["panels"]:
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
        assert all(target["expr"] for target in panel["targets"]), panel["title"]


@needs_promtool
async def test_promtool_accepts_the_rules_their_tests_the_example_and_the_dashboard(tmp_path: Path) -> None:
    dashboard = json.loads((_OPERATE / "grafana.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(asked)]
    panels = tmp_path / "panels.yml"
    panels.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    for arguments in (
        ("check", "rules", "--lint-fatal", str(RULES)),
        ("check", "rules", "--lint-fatal", str(panels)),
        ("test", "rules", str(RULES.with_name("rules_test.yml"))),
        ("check", "config", str(RULES.with_name("scrape.yml"))),
    ):
        assert PROMTOOL is not None
        process = await asyncio.create_subprocess_exec(
            PROMTOOL, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_requests_are_counted_by_class(settings: Settings, clock: Clock) -> None:
    async with serving(msgspec.structs.replace(settings, metrics_allow=(ip_network("127.0.0.0/8"),)), clock) as service:
        before = await scrape(service)
        tara = await service.token(responder="tara")
        await service.read("/v1/directory")
        await service.client.get("/v1/me", headers=tara)
        await service.client.put("/v1/responders/tara/intake", json=PAUSED, headers=tara)
        await service.client.post("/v1/matches", json={})
        await service.client.get("/nothing")
        await service.client.get("/v1/audit", headers=await service.token())
        after = await scrape(service)
    for name, count in (
        ("published_read", 1),
        ("read", 1),
        ("write", 1),
        ("match", 1),
        ("none", 1),
        # The scrape before was noted after it was written.
        ("operator", 2),
    ):
        counts = [
            value_of(each, "capacity_request_duration_seconds_count", f'class="{name}"') or 0
            for each in (before, after)
        ]
        assert counts[1] - counts[0] == count, name
