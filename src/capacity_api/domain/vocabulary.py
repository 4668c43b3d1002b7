"""The words for the codes, in English. What people read is made of these, and `/v1/vocabulary` lists them."""

from types import MappingProxyType

from capacity_api.domain.intake import Circumstance, Reason, State, Unit
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
