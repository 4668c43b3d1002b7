"""The scripts of the pages: their own tests, run by Node, and the rules in the page against those of the service.

Node comes from a wheel among the development dependencies, so nothing here is ever skipped.
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from pathlib import Path

import msgspec
import pytest
from tests.node import ROOT, node
from tools.matching_vectors import Draws, about_a_question, about_a_remit
from tools.write_facts import SCRIPTS, write_facts

from capacity_api.domain.areas import AREAS
from capacity_api.domain.intake import Circumstance, ExpectedTime, State, Unit
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender, Limit, Remit, validate_limit
from capacity_api.errors import FieldError
from capacity_api.pages import scripts
from capacity_api.representations.responder import represent_remit
from capacity_api.wording import sentences
from capacity_api.wording.language import ENGLISH, Language, join_items, speaking

# The sets that a report can limit.
VOCABULARIES: dict[str, Iterable[str]] = {
    "areas": AREAS,
    "exploitation_types": ExploitationType,
    "age_groups": AgeGroup,
    "genders": Gender,
}
REMITS = [
    Remit(areas=tuple(areas), exploitation_types=tuple(types), age_groups=tuple(ages), genders=tuple(genders))
    for areas in (["K02000001"], ["E92000001", "W92000004"], ["E12000009"], ["S92000003"], ["E12000003", "E12000007"])
    for types in (["all"], ["unknown"], ["sexual"], ["labour", "criminal"])
    for ages in (["adult"], ["child"], ["child", "young_person"], ["adult", "child"], ["all"])
    for genders in (["all"], ["woman"], ["woman", "non_binary"])
]
LIMITS = [
    Limit(areas=("E12000007",)),
    Limit(areas=("E12000003", "E12000007", "S92000003")),
    Limit(exploitation_types=("sexual", "criminal"), age_groups=("young_person",)),
    Limit(age_groups=("adult",), genders=("woman",)),
    Limit(genders=("woman", "non_binary")),
    Limit(age_groups=("child", "young_person"), genders=("man",), areas=("E92000001", "W92000004")),
]
IMPORT = re.compile(r'^import (?:[^"]* from )?"\./([^"]+)";$', re.MULTILINE)


@pytest.fixture(autouse=True)
def facts() -> None:
    write_facts()


def test_the_tests_of_the_scripts_pass_and_none_is_skipped() -> None:
    files = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "js").glob("*.test.js"))
    output = node("--test", "--test-reporter=tap", *files)
    counts = {name: int(number) for name, number in re.findall(r"(?m)^# (\w+) (\d+)$", output)}
    assert counts["pass"] == counts["tests"] >= 40, output
    assert counts["skipped"] == counts["todo"] == counts["cancelled"] == 0, output


def test_the_page_and_the_service_agree_on_ten_thousand_random_cases() -> None:
    draws = Draws(20261121)
    drawn = [about_a_question(draws) for _ in range(8000)] + [about_a_remit(draws) for _ in range(2000)]
    cases = msgspec.json.encode(drawn).decode()
    decisions = json.loads(node("tests/js/decide.js", stdin=cases))
    for case, decision in zip(json.loads(cases), decisions, strict=True):
        assert decision == {"outcome": case["outcome"], "reasons": case["reasons"]}, case


def test_the_page_makes_plurals_and_lists_as_the_service_does(tmp_path: Path, invented_language: Language) -> None:
    people = [some for number in range(len(Circumstance) + 1) for some in combinations(Circumstance, number)]
    periods = [
        ExpectedTime(min=low, max=high, unit=unit)
        for unit in Unit
        for high in (1, 2, 3, 10, 11, 100, 102, 1000)
        for low in {0, 1, high}
    ]
    counts = [(state, number) for state in State for number in (0, 1, 2, 3, 11, 100, 10_000)]
    items = ["abcd"[:number] for number in range(5)]
    limits = [(represent_remit(remit), limit) for remit, limit in product(REMITS, LIMITS)]
    # Three days around each change of the clocks of a year, by the half hour.
    changes = (datetime(2027, 3, 27, tzinfo=UTC), datetime(2027, 10, 30, tzinfo=UTC))
    moments = [start + timedelta(minutes=30 * number) for start in changes for number in range(144)]
    cases = {
        "people": people,
        "periods": periods,
        "counts": counts,
        "items": [list(each) for each in items],
        "limits": limits,
        "moments": moments,
        "remits": [],
    }
    for language in (ENGLISH, invented_language):
        folder = tmp_path / language.tag
        folder.mkdir()
        (folder / "package.json").write_text('{"type": "module"}')
        for name in scripts.names(is_static=False):
            (folder / name).write_bytes(scripts.script(name, language))
        said = json.loads(node("tests/js/say.js", str(folder), stdin=msgspec.json.encode(cases).decode()))
        with speaking(language):
            assert said["people"] == [sentences.circumstances_in_words(each) for each in people]
            assert said["periods"] == [sentences.period_in_words(each) for each in periods]
            assert said["counts"] == [sentences.count_in_words(*each) for each in counts]
            assert said["items"] == [join_items(each) for each in items]
            assert said["moments"] == [sentences.moment(each) for each in moments]
            assert said["limits"] == [sentences.limit_in_words(*each) for each in limits]


def test_the_page_offers_each_limit_that_the_service_takes_and_no_other() -> None:
    empty: dict[str, list[object]] = {
        "people": [],
        "periods": [],
        "counts": [],
        "items": [],
        "limits": [],
        "moments": [],
    }
    cases = {**empty, "remits": [represent_remit(remit) for remit in REMITS]}
    said = json.loads(node("tests/js/say.js", str(SCRIPTS), stdin=msgspec.json.encode(cases).decode()))
    for remit, offered in zip(REMITS, said["codes"], strict=True):
        for aspect, codes in zip(VOCABULARIES, offered, strict=True):
            taken = [code for code in VOCABULARIES[aspect] if takes_limit(remit, Limit(**{aspect: (code,)}))]
            assert codes == taken, (remit, aspect)


def takes_limit(remit: Remit, limit: Limit) -> bool:
    errors: list[FieldError] = []
    validate_limit(limit, remit, errors)
    return not errors


def imports_of(name: str) -> set[str]:
    """The modules that a module needs, and those that these need."""
    direct = set(IMPORT.findall(scripts.script(name, ENGLISH).decode()))
    return direct.union(*(imports_of(each) for each in direct))


@pytest.mark.parametrize("page", scripts.MODULES)
def test_a_page_names_each_module_that_it_needs_and_no_other(page: str) -> None:
    modules = scripts.MODULES[page]
    assert modules[-1] == f"{page}.js"
    assert len(modules) == len(set(modules))
    assert set(modules) == {f"{page}.js"} | imports_of(f"{page}.js")


def test_every_script_in_the_folder_belongs_to_a_page() -> None:
    assert {path.name for path in SCRIPTS.glob("*.js")} == set(scripts.names(is_static=False))


def test_what_the_tests_import_is_what_is_published() -> None:
    for name in scripts.names(is_static=False):
        assert (SCRIPTS / name).read_bytes() == scripts.script(name, ENGLISH)
