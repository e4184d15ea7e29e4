"""Wrapping tokens in the form of JSON Web Tokens (RFC 7519), which show their issuer.

The wrapping token's id is the claim ``jti``. It is signed with a key of the namespace (P-521, ``ES512``), created on
first use. The token store, by the server's own clock, decides about its validity.
"""

from __future__ import annotations

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP521R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from storage.base import Transaction, transact
from storage.view import View

_KEY = "wrapping-key"
_SIGNATURE = "ES512"
_TYPE = "wrapping"
_EARLIER_SECONDS = 5
"""The tolerated clock skew of verifiers, in seconds."""

_MAX_CHARACTERS = 4096


def looks_like_jwt(text: str) -> bool:
    """Whether ``text`` has the three parts of a signed token."""
    return text.startswith("ey") and text.count(".") == 2


class WrappingJwt:
    """Signs and reads them for one namespace; ``view`` is the core's part of it, ``address`` the server's URL."""

    def __init__(self, view: View, address: str) -> None:
        self._view = view
        self._address = address

    async def issue(self, token_id: str, wrapped_accessor: str, now: float, expire_time: float) -> str:
        """The wrapping token ``token_id`` as a JSON Web Token."""
        claims = {
            "accessor": wrapped_accessor,
            "addr": self._address,
            "exp": int(expire_time),
            "iat": int(now),
            "jti": token_id,
            "nbf": int(now) - _EARLIER_SECONDS,
            "type": _TYPE,
        }
        return jwt.encode(claims, await self._key(), algorithm=_SIGNATURE)

    async def read(self, text: str) -> str | None:
        """The token id in a JSON Web Token issued here, else None."""
        key = await self._view.load(_KEY, _decode)
        if key is None or len(text) > _MAX_CHARACTERS:
            return None
        try:
            claims = jwt.decode(
                text,
                key.public_key(),
                algorithms=[_SIGNATURE],
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["jti"]},
            )
        except jwt.InvalidTokenError:
            return None
        token_id = claims["jti"]
        return token_id if isinstance(token_id, str) and claims.get("type") == _TYPE else None

    async def _key(self) -> EllipticCurvePrivateKey:
        found = await self._view.load(_KEY, _decode)
        if found is not None:
            return found
        made = generate_private_key(SECP521R1())
        value = made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

        async def keep(transaction: Transaction) -> bytes:
            stored = await transaction.get(_KEY)
            if stored is None:
                transaction.put(_KEY, value)
            return stored or value

        return _decode(await transact(self._view, keep))


def _decode(value: bytes) -> EllipticCurvePrivateKey:
    key = load_der_private_key(value, password=None)
    assert isinstance(key, EllipticCurvePrivateKey), "no other kind is ever stored here"
    return key
