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
        Outcome.YES: "Can take the person now",
        Outcome.WAITING_LIST: "Has a waiting list",
        Outcome.ASK: "Ask them",
        Outcome.NO: "Cannot take the person now",
    }
)
# Why a match has its outcome: a sentence each, about the responder, for whoever asks on somebody's behalf.
MATCH_REASONS: MappingProxyType[ReasonCode, str] = MappingProxyType(
    {
        ReasonCode.WITHIN_REMIT: "This is within its remit.",
        ReasonCode.AREA_NOT_COVERED: "It does not cover this area.",
        ReasonCode.AREA_PARTLY_COVERED: "It covers a part of this area only: ask whether it covers the place.",
        ReasonCode.AREA_NOT_GIVEN: "It does not cover the whole United Kingdom: ask whether it covers the place.",
        ReasonCode.EXPLOITATION_NOT_COVERED: "It does not take on this kind of exploitation.",
        ReasonCode.EXPLOITATION_PARTLY_COVERED: "It takes on some of these kinds of exploitation only: ask which.",
        ReasonCode.EXPLOITATION_UNKNOWN: "Which kinds of exploitation it takes on is not known: ask.",
        ReasonCode.EXPLOITATION_NOT_GIVEN: "It takes on certain kinds of exploitation only: ask whether this is one.",
        ReasonCode.AGE_NOT_COVERED: "It does not take on people of this age.",
        ReasonCode.AGE_PARTLY_COVERED: "It takes on people of some of these ages only: ask which.",
        ReasonCode.YOUNG_PEOPLE_ONLY: "It takes on adults up to the age of 25 only: ask whether this person is one.",
        ReasonCode.AGE_NOT_GIVEN: "It takes on people of certain ages only: ask whether this is one.",
        ReasonCode.GENDER_NOT_COVERED: "It does not take on people of this gender.",
        ReasonCode.GENDER_PARTLY_COVERED: "It takes on people of some of these genders only: ask which.",
        ReasonCode.GENDER_NOT_GIVEN: "It takes on people of certain genders only: ask whether this person is one.",
        ReasonCode.OUTSIDE_CURRENT_LIMIT: "For now it takes only some of the people in its remit, and not this person.",
        ReasonCode.EXISTING_CLIENTS_ONLY: "It takes on its existing clients only.",
        ReasonCode.EXISTING_CLIENT_NOT_GIVEN: "It takes on its existing clients only: ask whether this person is one.",
        ReasonCode.EXISTING_CLIENT: "It takes on its existing clients, and this person is one.",
        ReasonCode.OPEN: "It is known to be open.",
        ReasonCode.WAITING_LIST: "It is known to have a waiting list.",
        ReasonCode.PAUSED: "It has paused and takes nobody new now.",
        ReasonCode.PAUSED_WITH_EXCEPTIONS: "It has paused, and none of its exceptions applies to this person.",
        ReasonCode.EXCEPTION_SELF_REFERRAL: "It has paused, but still takes people who get in touch themselves.",
        ReasonCode.EXCEPTION_HOMELESSNESS: "It has paused, but still takes people who are homeless or destitute.",
        ReasonCode.EXCEPTION_DETENTION: "It has paused, but still takes people in detention.",
        ReasonCode.EXCEPTION_CRIMINAL_INVESTIGATION: (
            "It has paused, but still takes people with a pending criminal investigation."
        ),
        ReasonCode.EXCEPTION_EXISTING_CLIENT: "It has paused, but still takes its existing clients.",
        ReasonCode.EXCEPTION_OTHER_URGENT: "It has paused, but still takes other urgent cases.",
        ReasonCode.EXCEPTION_NOT_GIVEN_SELF_REFERRAL: (
            "It has paused, but may still take people who get in touch themselves: ask if this person does."
        ),
        ReasonCode.EXCEPTION_NOT_GIVEN_HOMELESSNESS: (
            "It has paused, but may still take people who are homeless or destitute: ask if this person is."
        ),
        ReasonCode.EXCEPTION_NOT_GIVEN_DETENTION: (
            "It has paused, but may still take people in detention: ask if this person is."
        ),
        ReasonCode.EXCEPTION_NOT_GIVEN_CRIMINAL_INVESTIGATION: (
            "It has paused, but may still take people with a pending criminal investigation: ask if there is one."
        ),
        ReasonCode.EXCEPTION_NOT_GIVEN_EXISTING_CLIENT: (
            "It has paused, but may still take its existing clients: ask if this person is one."
        ),
        ReasonCode.EXCEPTION_NOT_GIVEN_OTHER_URGENT: (
            "It has paused, but may still take other urgent cases: ask if this is one."
        ),
        ReasonCode.UNCONFIRMED: "It has not confirmed whether it is open: ask.",
    }
)
