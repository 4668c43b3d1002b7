"""The words for the codes, in English. What people read is made of these, and `/v1/vocabulary` lists them."""

from types import MappingProxyType

from capacity_api.domain.intake import Circumstance, Reason, State, Unit
from capacity_api.domain.matching import Outcome, ReasonCode
from capacity_api.domain.remit import AgeGroup, ExploitationType, Gender

STATES: MappingProxyType[State, str] = MappingProxyType(
    {
        State.OPEN: "Open",
        State.WAITING_LIST: "Waiting list",
        State.PAUSED: "Paused",
        State.UNCONFIRMED: "Not confirmed",
    }
)
EXPLOITATION_TYPES: MappingProxyType[ExploitationType, str] = MappingProxyType(
    {
        ExploitationType.LABOUR: "Labour exploitation (financial included)",
        ExploitationType.SEXUAL: "Sexual exploitation",
        ExploitationType.CRIMINAL: "Criminal exploitation",
        ExploitationType.DOMESTIC_SERVITUDE: "Domestic servitude",
        ExploitationType.ORGAN_HARVESTING: "Organ harvesting",
        ExploitationType.OTHER: "Other exploitation",
    }
)
AGE_GROUPS: MappingProxyType[AgeGroup, str] = MappingProxyType(
    {
        AgeGroup.ADULT: "Adults (18 and over)",
        AgeGroup.CHILD: "Children (under 18)",
        AgeGroup.YOUNG_PERSON: "Young people (18 to 25)",
    }
)
GENDERS: MappingProxyType[Gender, str] = MappingProxyType(
    {Gender.WOMAN: "Women", Gender.MAN: "Men", Gender.NON_BINARY: "Non-binary people"}
)
CIRCUMSTANCES: MappingProxyType[Circumstance, str] = MappingProxyType(
    {
        Circumstance.SELF_REFERRAL: "People who get in touch themselves",
        Circumstance.HOMELESSNESS: "People who are homeless or destitute",
        Circumstance.DETENTION: "People in detention",
        Circumstance.CRIMINAL_INVESTIGATION: "People with a pending criminal investigation",
        Circumstance.OTHER_URGENT: "Other urgent cases",
    }
)
REASONS: MappingProxyType[Reason, str] = MappingProxyType(
    {
        Reason.REFERRAL_THRESHOLD: "The limit for new referrals is reached",
        Reason.STAFFING: "Staffing",
        Reason.FUNDING: "Funding",
        Reason.PLANNED: "Planned",
        Reason.OTHER: "Another reason",
    }
)
# One, and more than one.
UNITS: MappingProxyType[Unit, tuple[str, str]] = MappingProxyType(
    {
        Unit.HOURS: ("hour", "hours"),
        Unit.DAYS: ("day", "days"),
        Unit.WORKING_DAYS: ("working day", "working days"),
        Unit.WEEKS: ("week", "weeks"),
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
        ReasonCode.EXISTING_CLIENTS_ONLY: "It takes on its existing clients only.",
        ReasonCode.EXISTING_CLIENT: "It takes on its existing clients, and this is said to be one.",
        ReasonCode.OPEN: "It has confirmed that it is open.",
        ReasonCode.WAITING_LIST: "It has confirmed that it has a waiting list.",
        ReasonCode.PAUSED: "It has paused and takes nobody new now.",
        ReasonCode.PAUSED_WITH_EXCEPTIONS: "It has paused, and none of the exceptions that it names was said.",
        ReasonCode.EXCEPTION_SELF_REFERRAL: "It has paused, but still takes people who get in touch themselves.",
        ReasonCode.EXCEPTION_HOMELESSNESS: "It has paused, but still takes people who are homeless or destitute.",
        ReasonCode.EXCEPTION_DETENTION: "It has paused, but still takes people in detention.",
        ReasonCode.EXCEPTION_CRIMINAL_INVESTIGATION: (
            "It has paused, but still takes people with a pending criminal investigation."
        ),
        ReasonCode.EXCEPTION_OTHER_URGENT: "It has paused, but still takes other urgent cases.",
        ReasonCode.UNCONFIRMED: "It has not confirmed whether it is open: ask.",
    }
)
