"""Every refusal that this project makes, as one tree.

CapacityError
├── BadInput                   what was sent cannot be taken
│   ├── Malformed              it cannot be parsed
│   ├── UnknownParameter       a query parameter that the path does not have
│   ├── UnknownField           a field that the body does not have
│   └── Invalid                it parses and is wrong; says where
├── Unauthenticated            no token, or none that holds
│   ├── TokenMissing
│   ├── TokenMalformed
│   ├── TokenUnknown
│   ├── TokenExpired
│   └── TokenRevoked
├── Forbidden                  the token holds and does not reach this far
├── NotFound                   nothing here, or nothing of yours
│   └── NotOwner               a responder that the public sees and somebody else speaks for
├── Conflict                   it contradicts what is stored
│   ├── NothingToConfirm
│   ├── AlreadyExists
│   ├── BeyondLatest           a sequence number that nobody has given out yet
│   ├── Superseded             a delivery that tells what no longer holds
│   ├── WebhookDisabled        nothing is sent to it
│   └── SecretLost             nothing can be signed for it
├── PreconditionFailed         `If-Match` names another version
├── TooManyWrites
├── DatabaseUnavailable
└── ConfigurationError         the start is refused; one line says why

`code` is what programs switch on and never changes; `title` is the same for every occurrence (RFC 9457 §3.1.3);
`detail` is for this one. The status of each class stands in `api/problems.py`.
"""

from typing import ClassVar

import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """Where the input is wrong: a JSON pointer (RFC 6901) into the body, or `?name` for a query parameter."""

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


class UnknownParameter(BadInput):
    code = "unknown_parameter"
    title = "The path has no such query parameter"


class UnknownField(BadInput):
    code = "unknown_field"
    title = "The body has a field that is not known here"


class Invalid(BadInput):
    """It parses and is wrong. Made from one field: `Invalid.at("/note", "…")`."""

    code = "invalid"
    title = "The input is not valid"

    @classmethod
    def at(cls, pointer: str, detail: str) -> "Invalid":
        where = pointer.lstrip("/?")
        return cls(f"{where}: {detail}" if where else detail, (FieldError(pointer, detail),))


class Unauthenticated(CapacityError):
    code = "unauthenticated"
    title = "A valid token is needed"


class TokenMissing(Unauthenticated):
    code = "token_missing"
    title = "This call needs a token: Authorization: Bearer cap_…"


class TokenMalformed(Unauthenticated):
    code = "token_malformed"
    title = "That is not a token of this service; was it cut off or mistyped?"


class TokenUnknown(Unauthenticated):
    code = "token_unknown"
    title = "This service does not know that token"


class TokenExpired(Unauthenticated):
    code = "token_expired"
    title = "The token has expired"


class TokenRevoked(Unauthenticated):
    code = "token_revoked"
    title = "The token was revoked"


class Forbidden(CapacityError):
    code = "insufficient_scope"
    title = "The token does not allow this"


class NotFound(CapacityError):
    code = "not_found"
    title = "There is nothing here"


class NotOwner(NotFound):
    code = "not_owner"
    title = "The token speaks for another responder"


class Conflict(CapacityError):
    code = "conflict"
    title = "The request contradicts what is stored"


class NothingToConfirm(Conflict):
    code = "nothing_to_confirm"
    title = "There is no report yet that could be confirmed"


class AlreadyExists(Conflict):
    code = "already_exists"
    title = "It exists already"


class BeyondLatest(Conflict):
    code = "beyond_latest"
    title = "No event has that sequence number yet"


class Superseded(Conflict):
    code = "superseded"
    title = "What this delivery tells no longer holds; it is not sent again"


class WebhookDisabled(Conflict):
    code = "webhook_disabled"
    title = "The webhook is disabled; enable it first"


class SecretLost(Conflict):
    code = "secret_lost"
    title = "The webhook's secret was lost; replace it first: POST …/rotate-secret"


class PreconditionFailed(CapacityError):
    code = "precondition_failed"
    title = "It has changed since the version that If-Match names"


class TooManyWrites(CapacityError):
    code = "too_many_writes"
    title = "Too many writes with this token; wait a moment"

    def __init__(self, detail: str = "", retry_after: int = 60) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class DatabaseUnavailable(CapacityError):
    code = "database_unavailable"
    title = "The database cannot be reached; what was sent was not stored. Published reads go on."


class ConfigurationError(CapacityError):
    code = "configuration"
    title = "The service cannot start like this"
