"""The alerts of `docs/operate/prometheus/rules.yml` on real scrapes, evaluated by Prometheus' own promtool."""

import asyncio
import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.serving import Service, patience

RULES = Path(__file__).parents[1] / "docs" / "operate" / "prometheus" / "rules.yml"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")

# Series with its labels, as in the text that a service answers with → value.
Scrape = dict[str, float]
_SAMPLE = re.compile(r"^(capacity_[a-z_]+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_COUNTERS = ("_total", "_bucket", "_count", "_sum")
_HEALTHY_MINUTES = 24 * 60
_FAULTY_MINUTES = 26 * 60


def parse(text: str, instance: str = "one") -> Scrape:
    """What one server answered, with the labels that Prometheus adds."""
    found: Scrape = {f'up{{job="capacity",instance="{instance}"}}': 1}
    for name, labels, value in _SAMPLE.findall(text):
        added = ",".join(filter(None, (labels, 'job="capacity"', f'instance="{instance}"')))
        found[f"{name}{{{added}}}"] = float(value)
    return found


def absent(instance: str = "one") -> Scrape:
    """What Prometheus notes of a server that did not answer."""
    return {f'up{{job="capacity",instance="{instance}"}}': 0}


def value_of(scrape: Scrape, name: str, *labels: str) -> float | None:
    """The value of the one series with this name and these labels; `None` if there is none."""
    values = [
        value for key, value in scrape.items() if key.startswith(f"{name}{{") and all(each in key for each in labels)
    ]
    assert len(values) <= 1, (name, labels)
    return values[0] if values else None


async def scrape(service: Service, instance: str = "one") -> Scrape:
    # A connection that is kept would lead to one process of several.
    answer = await service.client.get("/metrics", headers={"connection": "close"})
    assert answer.status_code == 200, answer.text
    return parse(answer.text, instance)


async def scraped(service: Service, is_expected: Callable[[Scrape], bool], what: str) -> Scrape:
    """The first scrape that is as expected."""
    async with patience(lambda: what):
        while not is_expected(found := await scrape(service)):
            pass
    return found


async def assert_fires(
    before: Scrape,
    after: Scrape,
    alerts: set[str],
    folder: Path,
    *,
    hours: float = 2,
    ignored: frozenset[str] = frozenset(),
) -> None:
    """These alerts fire, and no others, `hours` after a service that was as `before` for a day became as `after`.

    A counter goes on to grow in each minute as it grew between the two. `ignored` fire or not.
    """
    # How fast a machine of tests answers says nothing, unless a test asks.
    silent = {"CapacitySlow", *ignored} - alerts
    query = f'group by (alertname) (ALERTS{{alertstate="firing",alertname!~"{"|".join(silent)}"}})'
    test = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": series, "values": _values(series, before, after)} for series in {**before, **after}
                ],
                "promql_expr_test": [
                    {
                        "expr": query,
                        "eval_time": f"{_HEALTHY_MINUTES + int(hours * 60)}m",
                        "exp_samples": [{"labels": f'{{alertname="{each}"}}', "value": 1} for each in sorted(alerts)],
                    }
                ],
            }
        ],
    }
    file = folder / "alerts_test.yml"
    # JSON is YAML.
    file.write_text(json.dumps(test))
    assert PROMTOOL is not None
    process = await asyncio.create_subprocess_exec(
        PROMTOOL, "test", "rules", str(file), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


def _values(series: str, before: Mapping[str, float], after: Mapping[str, float]) -> str:
    earlier, later = before.get(series), after.get(series)
    first = f"_x{_HEALTHY_MINUTES}" if earlier is None else f"{earlier}+0x{_HEALTHY_MINUTES}"
    if later is None:
        return first
    grown = 0.0
    if series.partition("{")[0].endswith(_COUNTERS):
        grown = later - (earlier or 0)
    return f"{first} {later}+{grown}x{_FAULTY_MINUTES}"
