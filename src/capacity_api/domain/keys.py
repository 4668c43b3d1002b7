"""The service's secret keys. They hash tokens, links and addresses, and seal webhook secrets and addresses."""

import base64
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from capacity_api.domain.tokens import hash_token
from capacity_api.errors import ConfigurationError


class Keys:
    """One or more keys of 32 bytes, newest first. The newest one seals and hashes; every one can unseal."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        if not keys:
            raise ConfigurationError("no secret key is set")
        self._keys = keys
        fernets = [Fernet(base64.urlsafe_b64encode(key)) for key in keys]
        self._newest, self._all = fernets[0], MultiFernet(fernets)

    def fingerprints(self) -> list[str]:
        """16 hexadecimal digits for each key, newest first, by which it is known again. They do not lead to the key."""
        return [digest[:8].hex() for digest in self._hashes("fingerprint", "")]

    def token_hashes(self, token: str) -> list[bytes]:
        """The hash under each key, newest first."""
        return [hash_token(key, token) for key in self._keys]

    def link_hashes(self, secret: str) -> list[bytes]:
        """The hash of a link's secret under each key, newest first."""
        return self._hashes("link", secret)

    def email_hashes(self, email: str) -> list[bytes]:
        """The hash of an address (`parse_email`) under each key, newest first."""
        return self._hashes("email", email)

    def _hashes(self, purpose: str, text: str) -> list[bytes]:
        message = f"capacity-api/{purpose}/1\0{text}".encode()
        return [hmac.digest(key, message, "sha256") for key in self._keys]

    def seal(self, secret: str) -> str:
        return self._newest.encrypt(secret.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """The secret. Raises `ConfigurationError` if none of the keys sealed it."""
        try:
            return self._all.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise ConfigurationError("a stored secret was sealed with a key that CAPACITY_SECRET_KEY lacks") from None

    def can_unseal(self, sealed: str) -> bool:
        """Whether any of the keys can unseal it."""
        return _can_unseal(self._all, sealed)

    def newest_can_unseal(self, sealed: str) -> bool:
        """Whether the newest key can unseal it, so that it needs no older key."""
        return _can_unseal(self._newest, sealed)


def _can_unseal(fernet: Fernet | MultiFernet, sealed: str) -> bool:
    try:
        fernet.decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True
