"""The keys that this server signs JSON Web Tokens with, and how one follows the other.

There are always two: the one that signs, and the one that will be next, which is published already, so that whoever
keeps the published keys for a while knows it before it is used. A key that has signed is *retired* by the rotation: its
private part is deleted, its public part stays published until the last token that it has signed must have ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurve,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from msgspec import Struct
from msgspec.structs import replace

from auth_methods.jwt.keys import Key, keys_from_set
from engines.algorithms.formats.jwk import jwk_from_der

PrivateKey: TypeAlias = EllipticCurvePrivateKey | Ed25519PrivateKey

_CURVES: dict[str, EllipticCurve] = {"ES256": SECP256R1(), "ES384": SECP384R1(), "ES512": SECP521R1()}
_EDWARDS = "EdDSA"

SIGNATURES = (*_CURVES, _EDWARDS)
"""The signature algorithms (RFC 7518, RFC 8037) that there is a choice of."""

MAX_RETIRED = 50
"""How many retired keys there may be; each is part of what everybody fetches who verifies."""

_MARGIN_SECONDS = 300
"""For how much longer a retired key is published than its last token lives: clocks differ, and a signature may be under
way while the key is retired."""


class SigningKey(Struct, frozen=True, kw_only=True):
    """As stored. Times are seconds since the epoch, 0 for not yet."""

    algorithm: str
    public: bytes
    """SubjectPublicKeyInfo."""

    private: bytes = b""
    """PKCS #8; empty once it is retired."""

    since: float = 0
    """When it began to sign."""

    longest_ttl: int = 0
    """The longest TTL, in seconds, of a token that it has signed."""

    published_until: float = 0

    def __repr__(self) -> str:
        return f"SigningKey({self.algorithm})"


class KeySet(Struct, frozen=True, kw_only=True):
    """As stored. ``id`` tells this server's tokens from those of others where it has no address."""

    id: str
    current: SigningKey
    following: SigningKey
    retired: tuple[SigningKey, ...] = ()

    def __iter__(self) -> Iterator[SigningKey]:
        return iter((self.current, self.following, *self.retired))


class TooManyKeys(Exception):
    """Another rotation would publish more keys than there may be."""


def new_key(algorithm: str) -> SigningKey:
    """A fresh key for one of ``SIGNATURES``."""
    private: PrivateKey
    private = Ed25519PrivateKey.generate() if algorithm == _EDWARDS else generate_private_key(_CURVES[algorithm])
    return SigningKey(
        algorithm=algorithm,
        public=private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        private=private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    )


def first_keys(set_id: str, algorithm: str, now: float) -> KeySet:
    """The keys that a server begins with."""
    return KeySet(id=set_id, current=replace(new_key(algorithm), since=now), following=new_key(algorithm))


def rotated(keys: KeySet, algorithm: str, now: float) -> KeySet:
    """``keys`` once the following one has taken over; the one after it is for ``algorithm``. Raises ``TooManyKeys``."""
    left = swept(keys, now).retired
    if len(left) >= MAX_RETIRED:
        raise TooManyKeys
    until = now + keys.current.longest_ttl + _MARGIN_SECONDS
    retired = replace(keys.current, private=b"", published_until=until)
    following = keys.following
    if following.algorithm != algorithm:
        following = new_key(algorithm)  # Who changes the algorithm wants it now.
    return KeySet(
        id=keys.id,
        current=replace(following, since=now),
        following=new_key(algorithm),
        retired=(retired, *left),
    )


def swept(keys: KeySet, now: float) -> KeySet:
    """``keys`` without the retired ones whose tokens have all ended."""
    return replace(keys, retired=tuple(key for key in keys.retired if key.published_until > now))


@dataclass(frozen=True, slots=True)
class ReadyKeys:
    """A key set, ready to sign and to verify."""

    stored: KeySet
    published: tuple[dict[str, str], ...]
    """As JSON Web Keys (RFC 7517)."""

    verifying: tuple[Key, ...]
    _private: PrivateKey

    def sign(self, claims: dict[str, object]) -> str:
        """``claims`` as a JSON Web Token, signed with the current key."""
        algorithm, key_id = self.stored.current.algorithm, self.published[0]["kid"]
        return jwt.encode(claims, self._private, algorithm=algorithm, headers={"kid": key_id})


def ready(keys: KeySet) -> ReadyKeys:
    """Prepare ``keys``."""
    published = []
    for key in keys:
        jwk = jwk_from_der(key.public)
        assert jwk is not None, "all kinds that are made here have a JWK"
        published.append(jwk)
    private = load_der_private_key(keys.current.private, password=None)
    assert isinstance(private, EllipticCurvePrivateKey | Ed25519PrivateKey), "no other kind is made here"
    return ReadyKeys(keys, tuple(published), tuple(keys_from_set({"keys": published})), private)
