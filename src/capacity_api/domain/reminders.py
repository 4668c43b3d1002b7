"""Which mail a step of an intake asks for. The times of the reminders are part of the intake (`domain.intake`)."""

from capacity_api.domain.intake import MAX_REMINDERS, Step
from capacity_api.domain.mail import MailKind


def reminder_after(step: Step) -> MailKind | None:
    """The mail that the responder's people get because of a step; `None` for most.

    Of several steps that are recorded together only the last counts: what the others asked for is no longer true.
    """
    after = step.after
    if step.kind == "reminded":
        if after.lapsed:
            return MailKind.STILL_LAPSED
        return None if step.event is None else MailKind.CONFIRMATION_DUE
    return MailKind.LAPSED if after.lapsed and step.kind in {"lapsed", "counted"} else None


def is_unanswered(step: Step) -> bool:
    """Whether the step is the last reminder of a report: the coordinators hear."""
    return step.kind == "reminded" and step.after.reminders >= MAX_REMINDERS
