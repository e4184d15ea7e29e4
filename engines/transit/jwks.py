"""JWK set (RFC 7517) of a key's public keys, for verifying its signatures without asking this server.

The answer is the bare set, without Vault's envelope, so that any JWT library can read it at the URL. It is public on a
mount with the option ``jwks=public``, else it needs a token, like reading the key.
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
    """The key, and the context if it has derivation."""

    context: str = ""

    tells = {
        "context": "The context in base64, for which public keys of a derived Ed25519 key are returned.",
    }


async def read_jwks(engine: Transit, call: Call, body: JwksReading) -> Reply:
    """List the public keys of all versions whose signatures are accepted, the latest version first.

    Compromised versions are left out, since anything may be signed with them.
    """
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
    marks = keyring.record.compromised
    return Reply({"keys": [_jwk(keyring, each, context) for each in versions if each.number not in marks]})


def _jwk(keyring: Keyring, version: KeyVersion, context: bytes) -> dict[str, Any]:
    jwk = public_jwk(keyring.algorithm, version.public_key(context))
    assert jwk is not None, "all keys that sign have that form"
    return version_jwk(version, jwk)
