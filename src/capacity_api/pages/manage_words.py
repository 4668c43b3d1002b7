"""What the scripts of `/manage` say: the frame and the part about responders."""

from collections.abc import Mapping

# A text; or two, for one and for more.
_Messages = Mapping[str, str | tuple[str, str]]
MANAGE: _Messages = {
    "coordinator": "Coordinator",
    "for_responders": "You are signed in for a responder. This page is for coordinators and partners.",
    "token_ends": "Your token works until {time}. Issue yourself a new one before then.",
}
RESPONDERS: _Messages = {
    "found": ("{count} responder", "{count} responders"),
    "state": "State",
    "said": "Whose word",
    "reminder": "Last reminder",
    "people": "People",
    "not_joined": "It has not joined: nobody ever said anything.",
    "suspended": "Suspended: it cannot sign in, and gets no mail.",
    "disputed": "{partner} rang on {time} and was told: {found}.",
    "lapses": "Lapses on {time}",
    "lapsed": "“{state}” lapsed on {time}",
    "said_responder": "Its own, on {time}",
    "said_coordinator": "Told to this directory on {time}",
    "said_threshold": "Its threshold, since {time}",
    "said_nobody": "Nobody has said anything",
    "reminded": "{who}, on {time} ({why})",
    "being_reminded": "{who}: on its way ({why})",
    "mail_confirmation_due": "it lapses soon",
    "mail_lapsed": "it has lapsed",
    "mail_still_lapsed": "it has lapsed, once more",
    "mail_disputed": "somebody was told otherwise",
    "mail_chased": "a coordinator asked",
    "none_reminded": "None in the last 90 days",
    "somebody": "somebody who is no longer here",
    "unknown": "Not known here",
    "are_reminded": ("{count} person is reminded", "{count} people are reminded"),
    "nobody": "Nobody is reminded",
    "only_one": "Only one person",
    "refused": "Mail does not arrive at {email}",
    "still_true": "Still true",
    "more": "More",
    "remind": "Remind its people",
    "details": "Change its details",
    "its_people": "See its people",
    "delist": "Delist",
    "told": "What {name} tells you",
    "filled_in": "Filled in from its last report. Change what has changed.",
    "filled_in_lapsed": "Its last report has lapsed. We filled in what it said. Ask if each answer is right today.",
    "told_again": "{name} tells you: still true",
    "published": "Published for {name}: {state}, as we were told. It holds until {time}.",
    "announced": "Announced for {name}: {state} from {time}. It starts by itself.",
    "already_planned": (
        "This is planned already: {state} from {time}. Only one change can be planned, so nothing was published. "
        "What you entered is still here."
    ),
    "chased": (
        "A reminder is on its way to {count} person at {name}.",
        "A reminder is on its way to {count} people at {name}.",
    ),
    "chased_nobody": "Nobody there gets reminders, so nothing was sent. Invite somebody, or ring.",
    "delisting": "Delist {name}?",
    "delisting_ends": (
        "It is gone from the directory at once. Its tokens and links stop working, nobody there can sign in, and "
        "nothing is sent to its webhooks or its people."
    ),
    "delisting_keeps": (
        "Its history stays. You can list it again under the same short name. It stays suspended until you resume it."
    ),
    "delist_now": "Delist it",
    "delisted": "Delisted: {name}.",
}
DISPUTES: _Messages = {
    "none": "Nobody was told otherwise.",
    "rang": "{partner} rang {name} on {time}",
    "told": "It was told: {found}. The directory showed: {shown}.",
    "no_answer": "no answer",
    "take": "Go to it",
    "reported_since": "Its state was published again since then.",
}
LISTING: _Messages = {
    "enter_name": "enter its name",
    "enter_day": "enter the day on which you looked",
    "change": "Change the details of {name}",
    "changed": "Published: the details of {name}.",
    "listed": "{name} is listed",
    "next": "Nobody has said yet whether it is open. Invite somebody there, or ring it and publish what you are told.",
    "still_suspended": (
        "It was listed before and is still suspended: nobody there can sign in, and its tokens and webhooks do not "
        "work. Resume it if they should."
    ),
    "resume": "Resume it",
    "resumed": "{name} is resumed.",
    "invite": "Invite its first person",
    "report": "Take a report by telephone",
}
