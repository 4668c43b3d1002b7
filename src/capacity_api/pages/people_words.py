"""What the scripts say about signing in by mail, links that work once, contacts and colleagues."""

from collections.abc import Mapping

_Messages = Mapping[str, str | tuple[str, str]]

SIGNING: _Messages = {
    # The same for each address: it must not tell who is known here.
    "on_its_way": (
        "If this address belongs to somebody who may change something here, a link is on its way. "
        "It works once, for 15 minutes. If nothing comes, look in your spam folder, or ask the people who run this "
        "directory."
    ),
    "signed_in_until": "You are signed in until {time}, or until you close or leave this page.",
}
LINKS: _Messages = {
    "try_again": "Try again",
    "sign_in": "Sign in",
    "sign_in_for": "Sign in for {name}",
    "sign_in_text": (
        "This link works once. You stay signed in for 12 hours, or until you close or leave this page. "
        "If you did not ask for it, close this page: nothing has happened."
    ),
    "sign_in_button": "Sign in",
    "still_true": "Is this still true?",
    "still_true_text": "This is the last report of {name}. Only tap “Still true” if it is right today.",
    "lapsed": "It has ended. Until somebody confirms it, the public reads “not confirmed”.",
    "still_true_button": "Still true",
    "changed_button": "Something has changed",
    "changed_text": "Sign in to say what has changed. Nothing was confirmed.",
    "confirmed": "Thank you. It is confirmed.",
    "confirmed_text": "This is what the public reads now. It holds until {time}. You can close this page.",
    "invitation_responder": "You are invited to keep the entry of {name} up to date",
    "invitation_partner": "You are invited to look after the webhooks of {name}",
    "invitation_admin": "You are invited to help look after the whole directory",
    "invitation_text": (
        "In this directory, organisations say whether they take new people. The people who run it, or a colleague, ask "
        "you to help keep this right."
    ),
    "invitation_rights": "You will be able to change every entry, and who may sign in.",
    "invitation_address": (
        "If you accept, we keep the work address that this invitation was sent to. "
        "Only your colleagues and the people who run this directory can see it. You or they can remove it at any time."
    ),
    "accept": "Accept",
    "accepted_responder": "Thank you. You help keep the entry of {name} up to date now.",
    "accepted_partner": "Thank you. You look after the webhooks of {name} now.",
    "accepted_admin": "Thank you. You help look after the whole directory now.",
    "accepted_editor": "Next, sign in. Your address is {email}.",
    "accepted_reminded": "We send a mail to {email} when something has to be confirmed.",
    "send_link": "Send me a link to sign in",
    "link_sent": (
        "We are sending a link to {email}. It works once, for 15 minutes. If nothing comes, look in your spam folder."
    ),
    "second_person": (
        "One person can be ill or on holiday. Once you are signed in, invite a colleague, so that there are two of you."
    ),
    "handover": "Get an access code",
    "handover_for": "Get an access code for {name}",
    "handover_text": (
        "An access code lets you, or a program, change what is said here. Developers call it a token. "
        "It is shown once, to the first person who taps. "
        "Tap only when you can store it, such as in a password manager."
    ),
    "show_token": "Show the code",
    "token": "Your access code",
    "token_text": "Copy it now. We cannot show it again.",
    "copy": "Copy",
    "copied": "Copied.",
    "not_copied": "This browser does not copy by itself. The code is selected: copy it yourself.",
    "continue_here": "Continue with it here",
    "used": "This link was used before",
    "used_text": "A link works once. If it was not you who used it, tell the people who run this directory.",
    "used_handover": (
        "A link works once, and its code was shown to the first person who tapped. If it was not you, tell the people "
        "who run this directory now: somebody else may have the code."
    ),
    "expired": "This link has ended",
    "expired_sign_in": "A link to sign in works for 15 minutes.",
    "expired_still_true": "A link to confirm a report works for 30 days at most. It confirmed nothing.",
    "expired_invitation": "An invitation works for 7 days.",
    "expired_handover": "A link to get an access code works for 24 hours. No code was made.",
    "superseded": "There is a newer report",
    "superseded_text": "This link was for an older report of {name}. It confirmed nothing.",
    "unknown": "We do not know this link",
    "unknown_text": (
        "Part of it may be missing. Open it from the mail again, or copy all of it. We delete links some time after "
        "they end."
    ),
    "published_now": "This is published now:",
    "next_sign_in": "Sign in below to look at it or to change something.",
    "next_again": "You can sign in below.",
    "next_ask": "Ask the people who run this directory for a new link.",
    "next_invitation": "Ask the person who invited you for a new invitation.",
    "next_used_invitation": "If you accepted it before, sign in below.",
}
CONTACT: _Messages = {
    "published": "Published: how people reach you.",
    "holds": "Your last report holds for {period}.",
    "found": (
        "You did not give these details yourself: they are from {source}, checked on {day}. "
        "Once you publish them here, they are your own."
    ),
}
COLLEAGUES: _Messages = {
    "nobody": "Nobody here gets reminders yet. Invite somebody with a work address.",
    "only_one": (
        "Only one person looks after this. Invite a second one, so that it stays right while that person is away."
    ),
    "editor": "may sign in and change things",
    "reminded": "gets reminders",
    "refused": "Mail does not arrive there.",
    "you": "(you)",
    # Sealed with a key that is gone.
    "no_address": "an address that we cannot read any more",
    "remove": "Remove",
    "remove_name": "Remove {email}",
    "ask": "Remove {email}? Links and sign-ins of this person end at once, and we keep nothing of them.",
    "ask_you": "Remove yourself, {email}? You are signed out at once, and we keep nothing of you.",
    "ask_last": "Nobody else is there. Invite a colleague first if you can.",
    "removed": "Removed: {email}.",
    "invited": "An invitation is on its way to {email}. It can be accepted until {time}.",
    "invited_until": "Invited. The invitation can be accepted until {time}.",
    "withdraw": "Withdraw",
    "withdraw_name": "Withdraw the invitation of {email}",
    "withdrawn": "The invitation of {email} does not work any more.",
}
