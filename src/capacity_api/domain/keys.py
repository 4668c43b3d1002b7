"""The service's own secret keys: stored tokens are hashed with them, stored webhook secrets sealed."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from capacity_api.domain import tokens
from capacity_api.errors import ConfigurationError


class Keys:
    """One or several keys of 32 bytes, newest first: the newest makes, all of them read."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        if not keys:
            raise ConfigurationError("no secret key is set")
        self._keys = keys
        each = [Fernet(base64.urlsafe_b64encode(key)) for key in keys]
        self._newest, self._fernet = each[0], MultiFernet(each)

    def token_hashes(self, token: str) -> list[bytes]:
        """The hash under each key, newest first."""
        return [tokens.keyed_hash(key, token) for key in self._keys]

    def seal(self, secret: str) -> str:
        return self._newest.encrypt(secret.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """The secret; raises `ConfigurationError` when it was sealed with a key that is no longer among these."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise ConfigurationError("a webhook secret was sealed with a key that CAPACITY_SECRET_KEY lacks") from None

    def opens(self, sealed: str) -> bool:
        """Whether any of them unseals it."""
        return _opens(self._fernet, sealed)

    def newest_opens(self, sealed: str) -> bool:
        """Whether the newest unseals it, so that the others are not needed for it."""
        return _opens(self._newest, sealed)


def _opens(fernet: Fernet | MultiFernet, sealed: str) -> bool:
    try:
        fernet.decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True
