"""A key's public keys as a JWK set (RFC 7517), for those who verify what is signed here without asking this server.

The answer is the set itself, without Vault's envelope, so that any library for JSON Web Tokens can read it at the URL.
A mount with the option ``jwks=public`` gives it to everybody; otherwise it takes a token, like reading the key does.
"""

from __future__ import annotations

from typing import Any

from engines.algorithms.formats.jwk import public_jwk
from engines.base import Call, Reply
from engines.faults import InvalidRequest, NotFound
from engines.keys.describe import version_jwk
from engines.keys.keyring import Keyring, KeyVersion, MissingContext
from engines.keys.settings import KeyName
from engines.keys.states import Use
from engines.keys.store import SoftDeleted
from engines.transit.keys import decode_context
from engines.transit.state import Transit


class JwksReading(KeyName):
    """Whose public keys, and for which context if they are derived."""

    context: str = ""

    tells = {
        "context": "Base64. Give the public keys of a derived Ed25519 key for this context.",
    }


async def read_jwks(engine: Transit, call: Call, body: JwksReading) -> Reply:
    """Tell the public keys of all versions whose signatures are accepted, the latest version first."""
    keyring = await engine.keys.use(body.name, Use.COPY, call)
    if keyring is None:
        raise NotFound
    if keyring.record.soft_deleted:
        raise SoftDeleted
    if not keyring.algorithm.signs:
        raise InvalidRequest(f"key type {keyring.algorithm.key_type} does not support verification")
    context = decode_context(body.context)
    if keyring.record.derived and not context:
        raise MissingContext
    versions = sorted(keyring.versions.values(), key=lambda version: version.number, reverse=True)
    return Reply({"keys": [_jwk(keyring, version, context) for version in versions]})


def _jwk(keyring: Keyring, version: KeyVersion, context: bytes) -> dict[str, Any]:
    jwk = public_jwk(keyring.algorithm, version.public_key(context))
    assert jwk is not None, "all keys that sign have that form"
    return version_jwk(version, jwk)
