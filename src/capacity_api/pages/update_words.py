"""What the scripts say on the pages on which people change something, and on `/update` alone."""

from collections.abc import Mapping

# What the pages say on which people change something.
CALLS: Mapping[str, str] = {
    "sending": "On its way. No answer yet.",
    "unreachable": "The server cannot be reached. Nothing was changed. Check the connection and try again.",
    "unknown": ("No answer came, so we do not know whether this was done. What you entered is still here. Try again."),
    "signed_out": "You are signed out. Sign in again.",
    "fields": "Nothing was changed. Put this right, then try again:",
    "changed_meanwhile": (
        "What is shown had changed since you looked, so nothing was published. See above what it is now. "
        "What you entered is still here. Publish it again if it is right."
    ),
}
# What is said of a report is as in templates/entry.html.
UPDATE: Mapping[str, str] = {
    "end_of": "the end of {day}",
    "limited": "For now only: {limit}.",
    "nobody_in_remit": "nobody that it usually helps",
    "adult_people": "Adult {people}",
    "people_of_ages": "{ages}: {people} only",
    "still_takes": "Still takes {people}.",
    "no_exceptions": "It listed no exceptions.",
    "until_by_own_account": "Expects to stay paused through {day}.",
    "not_until": "It has not said until when.",
    "expects_until": "Expects this to last until {day}.",
    "reason": "Reason given: {reason}.",
    "response": "Response: {response}",
    "referral": "Referral to the NRM: {referral}",
    "expected": "{period}: expected, not guaranteed",
    "no_timeframe": "Cannot say how long a reply takes",
    "response_not_said": "It has not said how long a reply takes",
    "holds": "Confirmed by {name} on {time}. It holds until {until}.",
    "as_told": "as we were told",
    "holds_as_told": "We were told this on {time}. It holds until {until}.",
    "holds_at_limit": "Paused since {time}: it reached its own limit. It holds until {until}.",
    "confirmed_and_lapsed": "Last confirmed “{state}” on {confirmed}. We do not know about today.",
    "lapsed": "Its last report (“{state}”) ended on {time}. We do not know about today.",
    "never_reported": "It has not joined this directory.",
    "planned": "Planned: {state} from {time}.",
    "planned_until": "Planned: {state} from {time} until {day}.",
    "from": "From {time}:",
    "will_be_limited": "Then only: {limit}.",
    "will_still_take": "Will still take {people}.",
    "response_then": "Response then: {response}",
    "referral_then": "Referral to the NRM then: {referral}",
    "announced": "Announced: {state} from {time}. It starts by itself.",
    "called_off": "Cancelled: {state} from {time}.",
    "already_planned": (
        "You have already planned this: {state} from {time}. Only one change can be planned, so nothing was published. "
        "What you entered is still here."
    ),
    "unpublished": "You have not published what you entered. If you go on, it is lost, and you are signed out.",
    "go_on": "Go on without publishing",
    "replace": "Replace that plan",
    "cancel_paused": "Cancel the planned pause",
    "cancel_waiting_list": "Cancel the planned waiting list",
    "filled_in": "Filled in from your last report. Change what has changed.",
    "filled_in_other": "Filled in from your last report, “{state}”. Check that the note still fits.",
    "filled_in_lapsed": "Your last report has ended. We filled in what it said. Check that it is right today.",
    "filled_in_before": "Filled in with what you said before. It is published as a report of today.",
    "note_seems": (
        "This note will be public. It seems to contain {what}. Nothing was published yet. Publish it anyway?"
    ),
    "note_phone": "a phone number",
    "note_email": "an email address",
    "note_address": "a postal address",
    "note_postcode": "a postcode",
    "note_name": "the name of a person",
    "publish_anyway": "Publish it anyway",
    "published": "Published: {state}. Confirm it again before {time}.",
    "not_a_responder": "This code is not for a charity. Coordinators and partners use the page /manage.",
    "token_ends": "Your code works until {time}. Ask the people who run this directory for a new one before then.",
    "wrong": "Nothing was published. Put this right, then publish it again:",
}
# What is wrong with a field: by its pointer, or by the fault that the page finds itself.
FAULTS: Mapping[str, str] = {
    "unreadable": "{label}: this is not complete, or not what fits here",
    "not_whole": "{label}: enter whole numbers from 0 to 1,000",
    "no_last": "{label}: the second number must be from 1 to 1,000",
    "wrong_order": "{label}: the second number must not be smaller than the first",
    "in_the_past": "Start must be in the future",
    "too_far": "Start must be within a year from now",
    "before_today": "The last day must be today or later",
    "before_start": "The last day must not be before the start",
    "/expected_response": "{label}: enter whole numbers from 0 to 1,000, the smaller one first",
    "/expected_referral": "{label}: enter whole numbers from 0 to 1,000, the smaller one first",
    "/no_timeframe": "Enter a time, or tick that you cannot say how long. Not both.",
    "/limited_to": "What you ticked is everybody you take. Tick fewer, or tick nothing.",
    "/limited_to/areas": "Tick only places in which you work",
    "/limited_to/exploitation_types": "Tick only exploitation that you take on",
    "/limited_to/age_groups": "Tick only ages that you take",
    "/limited_to/genders": "Tick only genders that you take",
    "/reopens_on": "The last day must be from today on, and in the next two years",
    "/effective_from": "Start must be in the future, and within a year",
    "/note": "The note must have at most 500 characters, and only text",
    "/email": "Enter an email address, such as name@example.org",
    "/roles": "Tick at least one",
    "/contact/phone": "Enter one telephone number, such as 0800 808 3733. Check its digits.",
    "/contact/email": "Enter an email address, such as referrals@example.org",
    "/contact/url": "Enter a web address that begins with https://",
    "/contact/hours": "Use at most 200 characters, on one line",
    "/contact/languages": "Tick at most 50 languages",
    "/website": "Enter a web address that begins with https://",
}
# Why an access code is not taken, by the code of the refusal.
ACCESS: Mapping[str, str] = {
    "token_missing": "Enter your access code.",
    "token_malformed": "This is not an access code of this directory. Was it cut off or mistyped?",
    "token_unknown": "We do not know this access code. Ask the people who run this directory for a new one.",
    "token_expired": "This access code has ended. Ask the people who run this directory for a new one.",
    "token_revoked": "This access code was ended. Ask the people who run this directory for a new one.",
    "token_unreviewed": "The directory was restored from a copy. The people who run it must first allow this code.",
    "owner_suspended": "This entry is suspended. Ask the people who run this directory.",
}
