"""Service account of Google's: a key that gets access tokens, also in the name of another account (RFC 7523)."""

from __future__ import annotations

import time
from dataclasses import dataclass

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct

from auth_methods.fetching.client import Fetcher, FetchFailed, Sent
from auth_methods.jwt.keys import MIN_RSA_BITS
from auth_methods.jwt.providers.base import InvalidSettings, checked_root

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_SECONDS = 300


class _KeyFile(Struct, frozen=True):
    client_email: str
    private_key: str
    token_uri: str
    private_key_id: str = ""

    def __repr__(self) -> str:
        return f"_KeyFile({self.client_email!r})"


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A service account that can sign."""

    email: str
    key: RSAPrivateKey
    key_id: str
    token_url: str

    async def access_token(self, fetcher: Fetcher, subject: str, scope: str) -> str:
        """A token to ask the Directory with, in the name of ``subject`` if it isn't empty. Raises ``FetchFailed``."""
        now = int(time.time())
        claims = {
            "iss": self.email,
            "scope": scope,
            "aud": self.token_url,
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
            **({"sub": subject} if subject else {}),
        }
        assertion = jwt.encode(claims, self.key, "RS256", headers={"kid": self.key_id} if self.key_id else None)
        sent = Sent(form={"grant_type": _GRANT, "assertion": assertion})
        answer = await fetcher.document(self.token_url, sent)
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token:
            raise FetchFailed("the service account gets no access token")
        return token


def read_service_account(text: str) -> ServiceAccount:
    """The service account in a key file's JSON. Raises ``InvalidSettings``."""
    try:
        file = msgspec.json.decode(text, type=_KeyFile)
        key = load_pem_private_key(file.private_key.encode(), password=None)
    except (msgspec.MsgspecError, ValueError, TypeError):
        raise InvalidSettings("'gsuite_service_account' must be the key file of a service account, as JSON") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < MIN_RSA_BITS:
        raise InvalidSettings("'gsuite_service_account' has no RSA key that can be used")
    return ServiceAccount(file.client_email, key, file.private_key_id, checked_root("token_uri", file.token_uri))
