import base64
import time
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks import WebhookVerificationError as StandardRefusal
from svix import Webhook as SvixWebhook
from svix import WebhookVerificationError as SvixRefusal

from capacity_api.domain import signing

BODY = '{"type":"intake.paused","note":"Größe"}'.encode()
RANDOM = bytes(range(32))
SHARED = signing.make_secret("v1", RANDOM)
PRIVATE = signing.make_secret("v1a", RANDOM)
PUBLIC = signing.public_key(PRIVATE) or ""
STAMP = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp())


def _is_signed(key: str, headers: dict[str, str], body: bytes = BODY, now: int = STAMP) -> bool:
    return signing.is_signed(
        key, headers["webhook-id"], headers["webhook-timestamp"], headers["webhook-signature"], body, now
    )


def test_the_example_of_the_specification_comes_out() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    signature = signing.sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(("library", "refusal"), [(StandardWebhook, StandardRefusal), (SvixWebhook, SvixRefusal)])
def test_the_libraries_verify_a_v1_signature_and_refuse_other_bytes(
    library: type[StandardWebhook | SvixWebhook], refusal: type[Exception]
) -> None:
    # They read the clock of the machine.
    headers = signing.signature_headers([SHARED], "0192-id", int(time.time()), BODY)
    library(SHARED).verify(BODY, headers)
    with pytest.raises(refusal):
        library(SHARED).verify(BODY + b" ", headers)


def test_a_v1a_signature_is_ed25519_over_id_timestamp_and_body() -> None:
    scheme, _, signature = signing.sign(PRIVATE, "0192-id", STAMP, BODY).partition(",")
    assert scheme == "v1a"
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(PUBLIC.removeprefix("whpk_")))
    key.verify(base64.b64decode(signature), f"0192-id.{STAMP}.".encode() + BODY)


@pytest.mark.parametrize(("secret", "key"), [(SHARED, SHARED), (PRIVATE, PUBLIC)])
def test_signed_content_verifies_and_nothing_else_does(secret: str, key: str) -> None:
    headers = signing.signature_headers([secret], "0192-id", STAMP, BODY)
    assert _is_signed(key, headers)
    assert not _is_signed(key, headers, body=BODY + b" ")
    assert not _is_signed(key, headers | {"webhook-id": "other"})
    assert not _is_signed(key, headers | {"webhook-timestamp": str(STAMP + 1)})
    assert not _is_signed(key, headers | {"webhook-timestamp": "0" + str(STAMP)})
    other = PUBLIC if key == SHARED else SHARED
    assert not _is_signed(other, headers)


def test_while_secrets_are_exchanged_either_key_verifies() -> None:
    old = signing.make_secret("v1", bytes(32))
    headers = signing.signature_headers([SHARED, PRIVATE, old], "0192-id", STAMP, BODY)
    assert headers["webhook-signature"].count(" ") == 2
    assert all(_is_signed(key, headers) for key in (SHARED, PUBLIC, old))
    assert not _is_signed(signing.make_secret("v1", bytes(31) + b"x"), headers)


@pytest.mark.parametrize(("seconds", "holds"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_a_signature_holds_for_five_minutes(seconds: int, holds: bool) -> None:
    assert _is_signed(SHARED, signing.signature_headers([SHARED], "0192-id", STAMP, BODY), now=STAMP + seconds) is holds


@pytest.mark.parametrize(
    ("timestamp", "signatures"),
    [
        ("", "v1,AAAA"),
        ("soon", "v1,AAAA"),
        ("١٢٣", "v1,AAAA"),
        ("9" * 5000, "v1,AAAA"),
        (str(STAMP), ""),
        (str(STAMP), "v1"),
        (str(STAMP), "v1,"),
        (str(STAMP), "v1,not base64!"),
        (str(STAMP), "v1,ä"),
        (str(STAMP), "v1a,AAAA"),
        (str(STAMP), "v9,AAAA"),
    ],
)
@pytest.mark.parametrize("key", [SHARED, PUBLIC])
def test_headers_that_make_no_sense_are_simply_not_signed(key: str, timestamp: str, signatures: str) -> None:
    assert not signing.is_signed(key, "0192-id", timestamp, signatures, BODY, STAMP)


def test_only_a_v1a_secret_has_a_public_half() -> None:
    assert signing.public_key(SHARED) is None
    assert PUBLIC.startswith("whpk_")


def test_a_public_key_cannot_sign() -> None:
    with pytest.raises(ValueError, match="cannot sign"):
        signing.sign(PUBLIC, "0192-id", STAMP, BODY)


@pytest.mark.parametrize("random", [b"", bytes(31), bytes(33)])
def test_a_secret_takes_32_bytes(random: bytes) -> None:
    with pytest.raises(ValueError, match="32"):
        signing.make_secret("v1", random)


@pytest.mark.parametrize("key", [SHARED, PUBLIC, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_a_key_to_verify_with_is_accepted(key: str) -> None:
    assert signing.validate_key(key) == key


@pytest.mark.parametrize(
    "key",
    ["", "whsec_", "whsec_AAAA", "whpk_AAAA", "whsec_???", "whsec_ä", "secret", PRIVATE, SHARED[:-2], SHARED + " "],
)
def test_any_other_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        signing.validate_key(key)
