"""What each property of people, links, mail and disputes means: a part of `descriptions`."""

from collections.abc import Mapping
from types import MappingProxyType

OF_PEOPLE: Mapping[str, str] = MappingProxyType(
    {
        "Chase.people_count": "How many people are mailed. 0 where the responder has nobody with the role `reminded`.",
        "Dispute.at": "When the partner said so.",
        "Dispute.found": "What the partner was told on the telephone; `no_answer` if nobody answered.",
        "Dispute.id": "The id of the dispute.",
        "Dispute.partner": "The partner that rang.",
        "Dispute.slug": "The slug of the responder.",
        "Dispute.shown": "The state that the directory showed then.",
        "Handover.expires_at": "Until when the link can be used.",
        "Handover.link": "The whole address, to be sent to the person who is to have the token. It is shown this once.",
        "Invitation.expires_at": "Until when the invitation can be accepted.",
        "Link.expires_at": "Until when it can be used, unless it is used or superseded before.",
        "Link.kind": "What its use does.",
        "Link.owner": "Whose it is; of an invitation, what the invited person would look after.",
        "Link.report": "The report that it confirms. Null for other kinds, and if it cannot be used.",
        "Link.slug": "The responder that it is for. Null for a partner and for the administrators.",
        "Link.status": "Whether it can be used. Of several reasons that it cannot, the first of the list.",
        "LinkRequest.link": "The link: the whole address, or what stands in it behind `#link=`.",
        "Mail.attempt_count": "How often it was tried.",
        "Mail.finished_at": "When it was sent or given up. Null until then.",
        "Mail.kind": "Why it is sent.",
        "Mail.owner": "Whose the person is to whom it goes, or who is invited.",
        "Mail.person_id": "To whom it goes. Null for an invitation.",
        "Mail.reason": "Why it was not sent: a short word. Null if it was sent, or not tried yet.",
        "Mail.slug": "The slug of the responder that it is about. Null if it is about none.",
        "Mail.status": "What became of it.",
        "OpenLink.email": "Who is invited. Null for a handover, and if a secret key was lost.",
        "OpenLink.expires_at": "Until when it can be used.",
        "OpenLink.id": "The id of the link. It is not its secret.",
        "OpenLink.kind": "`invitation` or `handover`.",
        "OpenLink.label": "What the token of a handover will be called. Null for none, and for an invitation.",
        "OpenLink.owner": "Whose person or token it will bring.",
        "OpenLink.roles": "What the invited person will be. Null for a handover.",
        "OpenLink.scopes": "What the token of a handover may do. Null for everything that its owner may, and for an "
        "invitation.",
        "Person.email": "The work address. Null if it can no longer be read, because a secret key was lost.",
        "Person.id": "The id of the person.",
        "Person.mail": "`refused` if the mail server of the address refused it for good, otherwise `ok`.",
        "Person.roles": "`editor` may sign in and change what the owner may change; `reminded` is mailed reminders.",
        "DisputeRequest.found": "What you were told on the telephone; `no_answer` if nobody answered.",
        "HandoverRequest.label": "What to call the token, to tell it from the owner's others. Null or left out for "
        "none.",
        "HandoverRequest.owner": "Whose token it is: a responder's slug, a partner's id, or `admin`.",
        "HandoverRequest.scopes": "What the token may do. Null or left out for everything that its owner may.",
        "PersonRequest.email": "The work address.",
        "PersonRequest.owner": "A responder's slug, a partner's id, or `admin`. An editor may leave it out for its "
        "own.",
        "PersonRequest.roles": "`editor` may sign in and change what the owner may change; `reminded` is mailed "
        "reminders.",
        "dispute_id": "The id of the dispute.",
        "link_id": "The id of the link.",
    }
)
