"""`/v1/people` and `/v1/invitations`: who may be mailed for an owner, and may sign in."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from capacity_api.api.authorization import requires_editor
from capacity_api.api.context import Context
from capacity_api.api.headers import created
from capacity_api.api.lists import Cursor, Limit
from capacity_api.domain.owner import Owner
from capacity_api.domain.people import Email, Role
from capacity_api.domain.text import required_text, text_limits
from capacity_api.errors import Invalid, MailOff, NotFound, NotOwner
from capacity_api.operations import invitations, owners, people
from capacity_api.operations.paging import DEFAULT_LIMIT, Page
from capacity_api.operations.people import Person
from capacity_api.operations.tokens import Identity
from capacity_api.secrecy import repr_without

_MAX_KEY_LENGTH = 80
# A responder's slug, a partner's id, or `admin`.
OwnerKey = Annotated[str, text_limits(_MAX_KEY_LENGTH, required=True)]
_Roles = Annotated[tuple[Role, ...], msgspec.Meta(extra_json_schema={"minItems": 1})]


class PersonRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A work address at one owner. An editor may leave out `owner`, which is its own."""

    __repr__ = repr_without("email")

    email: Email
    owner: OwnerKey | None = None
    roles: _Roles = tuple(Role)


class InvitationRequest(PersonRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to invite. An editor may leave out `owner`, which is its own."""


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """Until when it can be accepted."""

    expires_at: datetime


class PeopleController(Controller):
    path = "/v1"
    tags = ("people",)
    # A message could quote an address.
    opt = {"hides_error_message": True}  # noqa: RUF012 - the framework's way

    @post("/people", operation_id="addPerson", summary="Add a person", **requires_editor())
    async def add_person(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], data: JSONBody[PersonRequest]
    ) -> Response[Person]:
        """Add a work address to an owner. The same address may be at several owners, and once at each.

        Nothing is mailed: to ask first, invite the address. An administrator names the `owner`.
        """
        async with context.write(identity) as session:
            owner = await named_owner(session, identity, data.owner)
            person = await people.add_person(session, context.now(), context.keys, owner, data.email, data.roles)
        return created(person, f"/v1/people/{person.id}")

    @get("/people", operation_id="listPeople", summary="List the people", **requires_editor())
    async def list_people(
        self,
        context: NamedDependency[Context],
        identity: NamedDependency[Identity],
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Person]:
        """The people of the token's owner; for an administrator, those of every owner."""
        async with context.read(identity) as session:
            return await people.list_people(session, context.keys, only_owner(identity), limit, cursor)

    @get("/people/{person_id:uuid}", operation_id="readPerson", summary="Read a person", **requires_editor())
    async def read_person(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], person_id: FromPath[UUID]
    ) -> Person:
        async with context.read(identity) as session:
            return await people.read_person(session, context.keys, person_id, only_owner(identity))

    @delete("/people/{person_id:uuid}", operation_id="removePerson", summary="Remove a person", **requires_editor())
    async def remove_person(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], person_id: FromPath[UUID]
    ) -> None:
        """The person's links, sign-ins and mail go at once, and invitations of the same address. The open invitations
        and handovers that the person made end.

        The audit keeps what the person did, under an id that leads nowhere from then on. Tokens that were issued, or
        taken by a handover, are nobody's: revoke those apart.
        """
        async with context.write(identity) as session:
            await people.remove_person(session, context.now(), context.keys, person_id, only_owner(identity))

    @post("/invitations", operation_id="addInvitation", summary="Invite a person", status_code=202, **requires_editor())
    async def invite(
        self, context: NamedDependency[Context], identity: NamedDependency[Identity], data: JSONBody[InvitationRequest]
    ) -> Invitation:
        """Mail a link with which its receiver becomes a person of the owner, within 7 days.

        An administrator names the `owner`. An address with an open invitation gets no second mail: the answer has the
        same `expires_at`, and the invitation these `roles`. 409 `mail_off` if the service sends no mail, and `conflict`
        after 50 invitations of an owner within a day.
        """
        if not context.settings.sends_mail:
            raise MailOff
        async with context.write(identity) as session:
            owner = await named_owner(session, identity, data.owner)
            expires_at = await invitations.add_invitation(
                session, context.now(), context.keys, owner, data.email, data.roles
            )
        return Invitation(expires_at=expires_at)


async def named_owner(session: AsyncSession, identity: Identity, key: str | None) -> Owner:
    """The owner that a body names. Raises `NotOwner` for another than an editor's own, and `Invalid`."""
    name = None if key is None else required_text(key, "/owner", _MAX_KEY_LENGTH)
    if not identity.is_admin:
        if name not in {None, identity.owner.key}:
            raise NotOwner("The token belongs to another owner than the one that the body names")
        return identity.owner
    if name is None:
        raise Invalid.at("/owner", "must name a responder by slug, a partner by id, or admin")
    try:
        return await owners.by_key(session, name)
    except NotFound:
        raise Invalid.at("/owner", "names nobody; give a responder's slug, a partner's id, or admin") from None


def only_owner(identity: Identity) -> Owner | None:
    """The only owner whose people and invitations the caller may see and remove. `None` for an administrator: any."""
    return None if identity.is_admin else identity.owner
