"""`docs/matching.md`: its tables are what the rules decide over the starting register.

After a change of either: `python -m tests.test_matching_document` writes the tables anew.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from capacity_api.domain import match_index
from capacity_api.domain.areas import LONDON
from capacity_api.domain.intake import NEVER_REPORTED, Circumstance, Intake, Report, ReportedState
from capacity_api.domain.match_index import Candidate
from capacity_api.domain.matching import OUTCOME_OF, Question, ReasonCode, decide_situations, situation_of
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender
from capacity_api.domain.vocabulary import MATCH_REASONS
from capacity_api.operations.responders import read_register

DOCUMENT = Path(__file__).parent.parent / "docs" / "matching.md"
_TABLE = re.compile(r"(<!-- (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

# The briefing's own case (2024): an adult woman, forced labour, London, known to no responder.
HER = Question(
    area=LONDON,
    exploitation_type=ExploitationType.LABOUR,
    age_group=AgeGroup.ADULT,
    gender=Gender.WOMAN,
    existing_client_of=(),
)
HOMELESS = msgspec.structs.replace(HER, circumstances=(Circumstance.HOMELESSNESS,))
NONE_APPLIES = msgspec.structs.replace(
    HER,
    circumstances_excluded=(
        Circumstance.SELF_REFERRAL,
        Circumstance.HOMELESSNESS,
        Circumstance.DETENTION,
        Circumstance.CRIMINAL_INVESTIGATION,
    ),
)
# As the briefing documents it: the pause of May 2024 with its exceptions (note 11), and a waiting list.
DOCUMENTED = {
    "salvation-army": Report(
        state=ReportedState.PAUSED,
        exceptions=(
            Circumstance.SELF_REFERRAL,
            Circumstance.HOMELESSNESS,
            Circumstance.DETENTION,
            Circumstance.CRIMINAL_INVESTIGATION,
        ),
    ),
    "migrant-help": Report(state=ReportedState.WAITING_LIST),
}


def tables() -> dict[str, list[str]]:
    return {
        "reasons": [
            "| code | outcome | sentence |",
            "|---|---|---|",
            *(f"| `{code}` | `{OUTCOME_OF[code]}` | {MATCH_REASONS[code]} |" for code in ReasonCode),
        ],
        "nobody-confirmed": _decided(HER, {}),
        "documented": _decided(HER, DOCUMENTED),
        "documented-and-none-applies": _decided(NONE_APPLIES, DOCUMENTED),
        "documented-and-homeless": _decided(HOMELESS, DOCUMENTED),
    }


def _decided(question: Question, reports: Mapping[str, Report]) -> list[str]:
    entries = [
        Candidate(
            each.slug,
            each.name,
            each.remit,
            Intake(report=reports[each.slug]) if each.slug in reports else NEVER_REPORTED,
        )
        for each in read_register()
    ]
    asked = situation_of(question)
    lines = ["| responder | outcome | why |", "|---|---|---|"]
    for entry in match_index.build_index(entries).first(asked, len(entries)):
        outcome, codes = decide_situations(entry.slug, entry.remit, entry.intake, asked)
        lines.append(f"| {entry.name} | `{outcome}` | {' '.join(MATCH_REASONS[code] for code in codes)} |")
    return lines


def filled(document: str) -> str:
    """The document with its tables as they have to be."""
    lines_by_name = tables()
    return _TABLE.sub(lambda found: found[1] + "\n".join(lines_by_name[found["name"]]) + "\n" + found[3], document)


def test_the_tables_are_what_the_rules_decide() -> None:
    document = DOCUMENT.read_text()
    assert {found["name"] for found in _TABLE.finditer(document)} == set(tables())
    assert document == filled(document), "run python -m tests.test_matching_document"


if __name__ == "__main__":
    DOCUMENT.write_text(filled(DOCUMENT.read_text()))
