"""What the page and its scripts say in answer to a question."""

from collections.abc import Mapping
from types import MappingProxyType

from capacity_api.domain.matching import Outcome
from capacity_api.pages.directory_words import Messages

# What one can do, and what that means.
ACTIONS: Mapping[Outcome, tuple[str, str]] = MappingProxyType(
    {
        Outcome.YES: (
            "Contact now",
            "They say they take people now. Their entries fit this situation.",
        ),
        Outcome.WAITING_LIST: ("Contact, there is a wait", "You can contact them. There is a wait."),
        Outcome.ASK: ("Ask", "We do not know enough. Contact them to ask."),
        Outcome.NO: ("Cannot", "These cannot help in this situation now."),
    }
)
# How many there are, for one and for more. In English most are the same.
FOUND: Mapping[Outcome, tuple[str, str]] = MappingProxyType(
    {
        Outcome.YES: ("{count} to contact now", "{count} to contact now"),
        Outcome.WAITING_LIST: ("{count} with a wait", "{count} with a wait"),
        Outcome.ASK: ("{count} to ask", "{count} to ask"),
        Outcome.NO: ("{count} cannot help", "{count} cannot help"),
    }
)
# Charities that the filter hides, though they may be open.
LEFT_OUT = ("{count} left out: not confirmed", "{count} left out: not confirmed")
QUESTION: Messages = {
    **{f"action_{outcome}": heading for outcome, (heading, _) in ACTIONS.items()},
    **{f"found_{outcome}": counts for outcome, counts in FOUND.items()},
    "left_out": LEFT_OUT,
    "nobody": "No charity here has confirmed that it can help in this situation now. Call the helpline above.",
    "may_help": "Paused. It may still help {people}.",
    "refusal": "{name}: {why}",
    "record_head": "Directory of charities that can refer to the NRM. Read on {time} (UK time). Number {number}.",
    "record_demonstration": "Demonstration data: not real. No organisation reported the states shown here.",
    "record_filtered": "Charities that do not say that they take new people are left out.",
    "record_cut": "There are more charities than are listed here.",
    "record_line": "{name}: {state}. This is said to hold until {time}.",
    "record_unconfirmed": "{name}: {state}.",
    "record_not_joined": "{name}: It has not joined this directory.",
    "record_exceptions": "Still takes {people}.",
    "record_foot": "The groups and reasons depend on what was asked. The answers are not in this record.",
    "record_proof": "To check it later: {address}",
    "record_copied": "Copied. You can paste it into your file.",
    "record_select": "Copy this text:",
}
