"""Every refusal that this project makes, as one tree.

CapacityError
├── BadInput                   the request is wrong
│   ├── Malformed              it cannot be parsed
│   ├── RequestTimeout         it was not whole in time
│   ├── HeadTooLarge           its line and headers together
│   ├── BodyTooLarge
│   ├── UnknownParameter       the path has no such query parameter
│   ├── UnknownField           the body has no such field
│   └── Invalid                a value is wrong; says where
├── Unauthenticated            no token, or not a valid one
│   ├── TokenMissing
│   ├── TokenMalformed
│   ├── TokenUnknown
│   ├── TokenExpired
│   ├── TokenRevoked
│   ├── TokenUnreviewed        the directory was restored, and nobody has said yet what becomes of its tokens
│   └── OwnerSuspended         none of its owner's tokens holds
├── Forbidden                  the token is valid and lacks the required scope
│   ├── NotOwner               it belongs to another owner, and the caller knows that it is there
│   └── DisabledByAdministrator    only an administrator lets the webhook be used again
├── NotFound                   there is nothing here, or it is private and not yours
├── Conflict                   the request contradicts what is stored
│   ├── NothingToConfirm       there is no report, or its last day has passed
│   ├── ReportRestored         the report is from before a restore, so it takes a new one
│   ├── AlreadyExists
│   ├── AlreadyRotated         the token has a successor
│   ├── LinkSuperseded         a newer report stands than the one that the link may confirm
│   ├── MailOff                the service has no mail server
│   ├── AlreadyPlanned         another change is planned, which only `?replace=true` replaces
│   ├── BeyondLatest           no event has that sequence number yet
│   ├── Superseded             the event of this delivery no longer holds
│   ├── TooManyWebhooks        the owner has as many as it may have
│   ├── WebhookDisabled        nothing is sent to it
│   ├── WebhookSuspended       nothing is sent to it, because its owner is suspended
│   └── SecretLost             its secret cannot be unsealed, so nothing can be signed
├── Gone                       it was there once
│   ├── LinkUsed               the link works once
│   └── LinkExpired
├── PreconditionFailed         `If-Match` names another version
├── TooManyWrites
├── TooManyDisputes            the partner disputed the responder's state within a day before
├── TooManyReminders           a coordinator asked the responder's people within an hour before
├── TooManyRequests            by one address, which may go on in a minute
├── Unavailable                nothing is stored now; try again later
│   ├── TooBusy                too many anonymous callers ask at once
│   ├── DatabaseUnavailable
│   ├── DatabaseRestored       the database went back in time, and nobody has said so
│   ├── DatabaseMoved          every row was moved to another database
│   └── ClockInDoubt           nobody may be shown as open by a clock that may be wrong
└── ConfigurationError         the program cannot start; one line says why
    ├── NoDatabase             there is none, or an empty one
    ├── DatabaseUnusable       it is there, and its `cause` says why it cannot be used
    ├── SchemaOutdated
    ├── SchemaNewer
    ├── SchemaDiffers          its tables are not those of its version
    ├── CopyUndeclared         it is a copy, and nobody has said that it is the one to use
    ├── KeyMissing
    └── KeyOpensNothing        it is not the key that the database was used with

Programs decide by `code`, which never changes. `title` is the same for every occurrence (RFC 9457 §3.1.3); `detail` is
about this one. `api/problems.py` has the HTTP status of each class.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """One fault of the input. `pointer` is a JSON pointer (RFC 6901) into the body, or `?name` for a parameter."""

    pointer: str
    detail: str


class CapacityError(Exception):
    code: ClassVar[str] = "error"
    title: ClassVar[str] = "The request could not be carried out"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail or self.title


class BadInput(CapacityError):
    def __init__(self, detail: str = "", errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.errors = errors


class Malformed(BadInput):
    code = "malformed"
    title = "The request cannot be parsed"


class RequestTimeout(BadInput):
    code = "request_timeout"
    title = "The request was not whole in time"


class HeadTooLarge(BadInput):
    code = "head_too_large"
    title = "The head of the request is larger than 16 kB"


class BodyTooLarge(BadInput):
    code = "body_too_large"
    title = "The body is larger than 64 kB"


class UnknownParameter(BadInput):
    code = "unknown_parameter"
    title = "The path has no such query parameter"

    @classmethod
    def named(cls, unknown: Collection[str], known: Collection[str]) -> "UnknownParameter":
        """The refusal of these names, with those that the path has."""
        has = f"it has {', '.join(sorted(known))}" if known else "it has none"
        return cls(f"{cls.title}; {has}", tuple(FieldError(f"?{name}", "unknown") for name in sorted(unknown)))


class UnknownField(BadInput):
    code = "unknown_field"
    title = "The body has an unknown field"


class Invalid(BadInput):
    """A value is wrong. For one field: `Invalid.at("/note", "…")`."""

    code = "invalid"
    title = "The input is not valid"

    @classmethod
    def at(cls, pointer: str, detail: str) -> "Invalid":
        where = pointer.lstrip("/?")
        return cls(f"{where}: {detail}" if where else detail, (FieldError(pointer, detail),))


class Unauthenticated(CapacityError):
    """`token_id` and `owner`, the key of its owner, are for the log. A token that nobody issued has neither."""

    code = "unauthenticated"
    title = "A valid token is needed"

    def __init__(self, detail: str = "", token_id: UUID | None = None, owner: str | None = None) -> None:
        super().__init__(detail)
        self.token_id = token_id
        self.owner = owner


class TokenMissing(Unauthenticated):
    code = "token_missing"
    title = "This call needs a token: Authorization: Bearer cap_…"


class TokenMalformed(Unauthenticated):
    code = "token_malformed"
    title = "This is not a token of this service; was it cut off or mistyped?"


class TokenUnknown(Unauthenticated):
    code = "token_unknown"
    title = "This service does not know that token"


class TokenExpired(Unauthenticated):
    code = "token_expired"
    title = "The token has expired"


class TokenRevoked(Unauthenticated):
    code = "token_revoked"
    title = "The token was revoked"


class TokenUnreviewed(Unauthenticated):
    code = "token_unreviewed"
    title = "The directory was restored from a backup; its operator has to say first whether this token still holds"


class OwnerSuspended(Unauthenticated):
    code = "owner_suspended"
    title = "The owner of this token is suspended; ask the operator of this service"


class Forbidden(CapacityError):
    code = "insufficient_scope"
    title = "The token lacks the required scope"


class NotOwner(Forbidden):
    code = "not_owner"
    title = "The token belongs to another owner"


class DisabledByAdministrator(Forbidden):
    code = "disabled_by_administrator"
    title = "An administrator disabled the webhook; ask the operator of this service"


class NotFound(CapacityError):
    code = "not_found"
    title = "There is nothing here"


class Conflict(CapacityError):
    code = "conflict"
    title = "The request contradicts what is stored"


class NothingToConfirm(Conflict):
    code = "nothing_to_confirm"
    title = "There is no report to confirm"


class ReportRestored(Conflict):
    code = "restored"
    title = "The directory was restored from a backup; report anew, because what stood before cannot be confirmed"


class AlreadyExists(Conflict):
    code = "already_exists"
    title = "This exists already"


class AlreadyRotated(Conflict):
    code = "already_rotated"
    title = "The token was replaced before; use its successor, or ask for a new token"


class AlreadyPlanned(Conflict):
    code = "already_planned"
    title = "Another change is planned already"


class LinkSuperseded(Conflict):
    code = "link_superseded"
    title = "The organisation has reported anew since this link was sent, so the link confirms nothing"


class MailOff(Conflict):
    code = "mail_off"
    title = "This service sends no mail"


class BeyondLatest(Conflict):
    code = "beyond_latest"
    title = "No event has that sequence number yet"


class Superseded(Conflict):
    code = "superseded"
    title = "The event is superseded: it no longer holds, so it is not sent again"


class TooManyWebhooks(Conflict):
    code = "too_many_webhooks"
    title = "The owner has as many webhooks as it may have; remove one first"


class WebhookDisabled(Conflict):
    code = "webhook_disabled"
    title = "The webhook is disabled; enable it first"


class WebhookSuspended(Conflict):
    code = "webhook_suspended"
    title = "The webhook's owner is suspended, so nothing is sent to it"


class SecretLost(Conflict):
    code = "secret_lost"
    title = "The webhook's secret is lost; rotate it first: POST …/rotate-secret"


class Gone(CapacityError):
    code = "gone"
    title = "This is no longer here"


class LinkUsed(Gone):
    code = "link_used"
    title = "The link was used before; it works once"


class LinkExpired(Gone):
    code = "link_expired"
    title = "The link has expired; ask for a new one"


class PreconditionFailed(CapacityError):
    code = "precondition_failed"
    title = "The responder has changed since the version that If-Match names"


class TooManyWrites(CapacityError):
    code = "too_many_writes"
    title = "Too many writes of this owner in a minute; wait a moment"

    def __init__(self, detail: str = "", retry_after: int = 60) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class TooManyDisputes(CapacityError):
    code = "too_many_disputes"
    title = "One dispute a day for each partner and responder; the first one is recorded"

    def __init__(self, detail: str = "", retry_after: int = 86_400) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class TooManyReminders(CapacityError):
    code = "too_many_reminders"
    title = "This responder's people were asked within the last hour; wait before you ask again"

    def __init__(self, detail: str = "", retry_after: int = 3600) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class TooManyRequests(CapacityError):
    code = "too_many_requests"
    title = "Too many requests from this address; wait a moment"

    def __init__(self, detail: str = "", retry_after: int = 60) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(CapacityError):
    code = "unavailable"
    title = "Nothing can be stored now; try again later"
    # In seconds.
    retry_after = 5


class TooBusy(Unavailable):
    code = "busy"
    title = "Too many callers ask at once; try again in a moment. Published reads still work."
    retry_after = 2


class OutageCause(StrEnum):
    """Why the database cannot be used. For the operator: `/readyz`, the log and the commands name it, no problem does.

    `db/outages.py` finds it and has a sentence for each.
    """

    HOST_UNKNOWN = "host_unknown"
    CONNECTION_REFUSED = "connection_refused"
    NO_ANSWER = "no_answer"
    TLS = "tls"
    POOLER = "pooler"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a code
    LOGIN_REFUSED = "login_refused"
    NO_DATABASE = "no_database"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    NOT_ACCEPTING = "not_accepting"
    PERMISSION_MISSING = "permission_missing"
    READ_ONLY = "read_only"
    DISK_FULL = "disk_full"
    DISK_ERROR = "disk_error"
    FILE_UNREADABLE = "file_unreadable"
    FILE_REPLACED = "file_replaced"
    NOT_A_DATABASE = "not_a_database"
    DAMAGED = "damaged"
    LOCKED = "locked"
    BUSY = "busy"
    STATEMENT_ENDED = "statement_ended"


class DatabaseUnavailable(Unavailable):
    code = "database_unavailable"
    title = "The database cannot be reached. A change may not have been stored; try again. Published reads still work."

    def __init__(self, detail: str = "", cause: OutageCause = OutageCause.NO_ANSWER) -> None:
        super().__init__(detail)
        self.cause = cause


class DatabaseRestored(Unavailable):
    code = "database_restored"
    title = "The database went back in time. It takes no change until the operator has run `capacity-api db restored`."


class DatabaseMoved(Unavailable):
    code = "moved"
    title = "Everything in this database was moved to another one, which alone takes changes"


class ClockInDoubt(Unavailable):
    code = "clock"
    title = "The service's clock is in doubt, so only a pause or a waiting list can be reported"


class ConfigurationError(CapacityError):
    code = "configuration"
    title = "The program cannot start with this configuration"


class NoDatabase(ConfigurationError):
    title = "There is no database"


class DatabaseUnusable(ConfigurationError):
    title = "The database cannot be used"

    def __init__(self, detail: str, cause: OutageCause) -> None:
        super().__init__(detail)
        self.cause = cause


class SchemaOutdated(ConfigurationError):
    title = "The schema is of an earlier version"


class SchemaNewer(ConfigurationError):
    title = "The schema is of a later version"


class SchemaDiffers(ConfigurationError):
    title = "The tables are not those of this version"


class CopyUndeclared(ConfigurationError):
    title = "The database is a copy"


class KeyMissing(ConfigurationError):
    title = "There is no secret key"


class KeyOpensNothing(ConfigurationError):
    title = "The secret key is not that of this database"
