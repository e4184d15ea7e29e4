"""Keys that sign this server's JSON Web Tokens, and their rotation.

There are always two: the current one, and the next, which is already published, so that verifiers that cache the
published keys know it before it is used. Rotation *retires* the current key: its private part is deleted, its public
part stays published until the last token signed by it must have ended.
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
"""The supported signature algorithms (RFC 7518, RFC 8037)."""

MAX_RETIRED = 50
"""The most retired keys; each is part of the key set that every verifier fetches."""

_MARGIN_SECONDS = 300
"""The seconds for which a retired key outlives its last token: clocks differ, and a signature may be under way while
the key is retired."""


class SigningKey(Struct, frozen=True, kw_only=True):
    """A stored key. Times are seconds since the epoch, 0 for not yet."""

    algorithm: str
    public: bytes
    """SubjectPublicKeyInfo in DER."""

    private: bytes = b""
    """PKCS #8; empty once it is retired."""

    since: float = 0
    """The time of its first use."""

    longest_ttl: int = 0
    """The longest TTL, in seconds, of a token signed by it."""

    published_until: float = 0

    def __repr__(self) -> str:
        return f"SigningKey({self.algorithm})"


class KeySet(Struct, frozen=True, kw_only=True):
    """The stored key set. ``id`` tells this server's tokens from others' if the server has no address."""

    id: str
    current: SigningKey
    following: SigningKey
    retired: tuple[SigningKey, ...] = ()

    def __iter__(self) -> Iterator[SigningKey]:
        return iter((self.current, self.following, *self.retired))


class TooManyKeys(Exception):
    """Another rotation would exceed the number of published keys."""


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
    """The first key set of a server."""
    return KeySet(id=set_id, current=replace(new_key(algorithm), since=now), following=new_key(algorithm))


def rotated(keys: KeySet, algorithm: str, now: float) -> KeySet:
    """``keys`` after a rotation; the new next key is for ``algorithm``. Raises ``TooManyKeys``."""
    left = swept(keys, now).retired
    if len(left) >= MAX_RETIRED:
        raise TooManyKeys
    until = now + keys.current.longest_ttl + _MARGIN_SECONDS
    retired = replace(keys.current, private=b"", published_until=until)
    following = keys.following
    if following.algorithm != algorithm:
        following = new_key(algorithm)  # A change of the algorithm takes effect now.
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
    """The public keys as JSON Web Keys (RFC 7517)."""

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
