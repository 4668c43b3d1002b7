"""What the scripts of the public pages say."""

from collections.abc import Mapping

# A text; or two, for one and for more.
Messages = Mapping[str, str | tuple[str, str]]
# In English "min" is the same for one and for more.
_STALE_LIST = "You may be offline. Last checked {time}."
_STALE_COVERAGE = (
    "You may be offline. Last checked {time}, {minutes} min ago. "
    "A charity that this page counts as open may have closed."
)
# What stands below the heading of each state. A link follows what ends with a colon.
GROUPS: Mapping[str, str] = {
    "open": "Taking new people.",
    "nobody_open": "No charity has confirmed that it is open now. Call the helpline above.",
    "waiting_list": "You can contact them. There is a wait.",
    "paused": "Only taking the people listed. Anyone else:",
    "paused_nobody_open": "Only taking the people listed. No charity has confirmed that it is open. Anyone else:",
    "paused_nobody": "Only taking the people listed. Anyone else: call the helpline above.",
    "unconfirmed": "We do not know if these are open. Contact them to ask.",
    "before_you_call": "Before you call",
    "see_open": "see who is open",
    "see_waiting_list": "see the waiting lists",
    "or_waiting_list": "See the waiting lists",
}
# What is said of a responder without a current report.
LAPSED: Mapping[str, str] = {
    "confirmed": "Last confirmed “{state}” on {time}. We do not know about today.",
    "said": "Its last report (“{state}”) ended on {time}. We do not know about today.",
    "never_reported": "It has not joined this directory.",
}
DIRECTORY: Messages = {
    "changed": "Changed just now: {changes}.",
    "change": "{name}: {state}",
    "stale": (_STALE_LIST, _STALE_LIST),
    "fresh": "New states arrive again.",
    "nobody_open": GROUPS["nobody_open"],
    "paused_nobody": GROUPS["paused_nobody"],
    "nobody_else": "Nobody else is known to take these people now. Call the helpline above.",
    "others": "These may take the same people:",
    "nobody_else_in_situation": "Nobody else is known to help in this situation now. Call the helpline above.",
    "others_in_situation": "These may help in this situation:",
}
COVERAGE: Messages = {
    "changed": "This page has just changed.",
    "stale": (_STALE_COVERAGE, _STALE_COVERAGE),
    "fresh": "This page is up to date again.",
}
RESPONDER: Messages = {
    "changed": "Changed just now: {name}: {state}.",
    "stale": (_STALE_LIST, _STALE_LIST),
    "fresh": "New states arrive again.",
}
