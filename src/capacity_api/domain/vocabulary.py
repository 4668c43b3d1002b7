"""The words for the codes, in English. What people read is made of these, and `/v1/vocabulary` lists them."""

from types import MappingProxyType
from typing import NamedTuple

from capacity_api.domain.areas import YORKSHIRE
from capacity_api.domain.intake import Circumstance, Reason, State, Unit
from capacity_api.domain.matching import Outcome, ReasonCode
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender


class Label(NamedTuple):
    """The words for a code, standing alone and inside a sentence. Each language has its own rules for capital letters.

    `compound`: they have an "and" or "or" of their own, which a list has to keep apart from its own "and".
    """

    alone: str
    inside: str
    compound: bool = False


STATES: MappingProxyType[State, Label] = MappingProxyType(
    {
        State.OPEN: Label("Open", "open"),
        State.WAITING_LIST: Label("Waiting list", "waiting list"),
        State.PAUSED: Label("Paused", "paused"),
        State.UNCONFIRMED: Label("Not confirmed", "not confirmed"),
    }
)
EXPLOITATION_TYPES: MappingProxyType[ExploitationType, Label] = MappingProxyType(
    {
        ExploitationType.LABOUR: Label(
            "Labour exploitation (financial included)", "labour exploitation (financial included)"
        ),
        ExploitationType.SEXUAL: Label("Sexual exploitation", "sexual exploitation"),
        ExploitationType.CRIMINAL: Label("Criminal exploitation", "criminal exploitation"),
        ExploitationType.DOMESTIC_SERVITUDE: Label("Domestic servitude", "domestic servitude"),
        ExploitationType.ORGAN_HARVESTING: Label("Organ harvesting", "organ harvesting"),
        ExploitationType.OTHER: Label("Other exploitation", "other exploitation"),
    }
)
AGE_GROUPS: MappingProxyType[AgeGroup, Label] = MappingProxyType(
    {
        AgeGroup.ADULT: Label("Adults (18 and over)", "adults (18 and over)"),
        AgeGroup.CHILD: Label("Children (under 18)", "children (under 18)"),
        AgeGroup.YOUNG_PERSON: Label("Young people (18 to 25)", "young people (18 to 25)"),
    }
)
GENDERS: MappingProxyType[Gender, Label] = MappingProxyType(
    {
        Gender.WOMAN: Label("Women", "women"),
        Gender.MAN: Label("Men", "men"),
        Gender.NON_BINARY: Label("Non-binary people", "non-binary people"),
    }
)
CIRCUMSTANCES: MappingProxyType[Circumstance, Label] = MappingProxyType(
    {
        Circumstance.SELF_REFERRAL: Label("People who get in touch themselves", "people who get in touch themselves"),
        Circumstance.HOMELESSNESS: Label(
            "People who are homeless or destitute", "people who are homeless or destitute", compound=True
        ),
        Circumstance.DETENTION: Label("People in detention", "people in detention"),
        Circumstance.CRIMINAL_INVESTIGATION: Label(
            "People with a pending criminal investigation", "people with a pending criminal investigation"
        ),
        Circumstance.EXISTING_CLIENT: Label("Its existing clients", "its existing clients"),
        Circumstance.OTHER_URGENT: Label("Other urgent cases", "other urgent cases"),
    }
)
REASONS: MappingProxyType[Reason, Label] = MappingProxyType(
    {
        Reason.REFERRAL_THRESHOLD: Label(
            "The limit for new referrals is reached", "the limit for new referrals is reached"
        ),
        Reason.STAFFING: Label("Staffing", "staffing"),
        Reason.FUNDING: Label("Funding", "funding"),
        Reason.PLANNED: Label("Planned", "planned"),
        Reason.OTHER: Label("Another reason", "another reason"),
    }
)
# The areas whose names have an "and" of their own.
COMPOUND_AREAS = frozenset({YORKSHIRE})
UNITS: MappingProxyType[Unit, str] = MappingProxyType(
    {
        Unit.HOURS: "hours",
        Unit.DAYS: "days",
        Unit.WORKING_DAYS: "working days",
        Unit.WEEKS: "weeks",
    }
)
OUTCOMES: MappingProxyType[Outcome, str] = MappingProxyType(
    {
        Outcome.YES: "Can help now",
        Outcome.WAITING_LIST: "Has a waiting list",
        Outcome.ASK: "Ask them",
        Outcome.NO: "Cannot help now",
    }
)
# Why a match has its outcome: a sentence each, about the responder.
MATCH_REASONS: MappingProxyType[ReasonCode, str] = MappingProxyType(
    {
        ReasonCode.WITHIN_REMIT: "It helps people in this situation.",
        ReasonCode.AREA_NOT_COVERED: "It does not cover this area.",
        ReasonCode.AREA_PARTLY_COVERED: "It covers only a part of this area. Ask if it covers the place.",
        ReasonCode.AREA_NOT_GIVEN: "It does not cover the whole United Kingdom. Ask if it covers the place.",
        ReasonCode.EXPLOITATION_NOT_COVERED: "It does not take on this kind of exploitation.",
        ReasonCode.EXPLOITATION_PARTLY_COVERED: "It takes on only some of these kinds of exploitation. Ask which.",
        ReasonCode.EXPLOITATION_UNKNOWN: "We do not know which kinds of exploitation it takes on. Ask.",
        ReasonCode.EXPLOITATION_NOT_GIVEN: "It takes on only certain kinds of exploitation. Ask which.",
        ReasonCode.AGE_NOT_COVERED: "It does not take on people of this age.",
        ReasonCode.AGE_PARTLY_COVERED: "It takes on people of only some of these ages. Ask which.",
        ReasonCode.YOUNG_PEOPLE_ONLY: "It takes on adults only up to the age of 25. Ask about the age.",
        ReasonCode.AGE_NOT_GIVEN: "It takes on people of certain ages only. Ask about the age.",
        ReasonCode.GENDER_NOT_COVERED: "It does not take on people of this gender.",
        ReasonCode.GENDER_PARTLY_COVERED: "It takes on people of only some of these genders. Ask which.",
        ReasonCode.GENDER_NOT_GIVEN: "It takes on people of certain genders only. Ask about the gender.",
        ReasonCode.OUTSIDE_CURRENT_LIMIT: (
            "For now it helps only some of the people that it usually helps. This situation is not among them."
        ),
        ReasonCode.EXISTING_CLIENTS_ONLY: "It takes on its existing clients only.",
        ReasonCode.EXISTING_CLIENT_NOT_GIVEN: "It takes on its existing clients only. Ask if that applies.",
        ReasonCode.EXISTING_CLIENT: "It takes on its existing clients, and that applies here.",
        ReasonCode.OPEN: "It says it is open.",
        ReasonCode.WAITING_LIST: "It says it has a waiting list.",
        ReasonCode.PAUSED: "It is paused and takes nobody new now.",
        ReasonCode.PAUSED_WITH_EXCEPTIONS: "It is paused, and none of its exceptions applies here.",
        ReasonCode.EXCEPTION_SELF_REFERRAL: "It is paused, but still takes people who get in touch themselves.",
        ReasonCode.EXCEPTION_HOMELESSNESS: "It is paused, but still takes people who are homeless or destitute.",
        ReasonCode.EXCEPTION_DETENTION: "It is paused, but still takes people in detention.",
        ReasonCode.EXCEPTION_CRIMINAL_INVESTIGATION: (
            "It is paused, but still takes people with a pending criminal investigation."
        ),
        ReasonCode.EXCEPTION_EXISTING_CLIENT: "It is paused, but still takes its existing clients.",
        ReasonCode.EXCEPTION_OTHER_URGENT: "It is paused, but still takes other urgent cases.",
        ReasonCode.EXCEPTION_NOT_GIVEN_SELF_REFERRAL: ("Paused. It may still help people who get in touch themselves."),
        ReasonCode.EXCEPTION_NOT_GIVEN_HOMELESSNESS: (
            "Paused. It may still help people who are homeless or destitute."
        ),
        ReasonCode.EXCEPTION_NOT_GIVEN_DETENTION: "Paused. It may still help people in detention.",
        ReasonCode.EXCEPTION_NOT_GIVEN_CRIMINAL_INVESTIGATION: (
            "Paused. It may still help people with a pending criminal investigation."
        ),
        ReasonCode.EXCEPTION_NOT_GIVEN_EXISTING_CLIENT: ("Paused. It may still help its existing clients."),
        ReasonCode.EXCEPTION_NOT_GIVEN_OTHER_URGENT: ("Paused. It may still help other urgent cases."),
        ReasonCode.UNCONFIRMED: "We do not know if it is open. Ask.",
    }
)
