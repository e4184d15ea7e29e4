"""JWK sets (RFC 7517): the public keys for verifying signatures of this mount without asking this server.

The answer is the bare set, without Vault's envelope. It is public on a mount with the option ``jwks=public``, else it
needs a token. There is a set for a key, one for a role, and one for all keys of the mount.

The answer states for how long it may be cached, if new versions are published ahead.
"""

from __future__ import annotations

from typing import Any

from engines.base import Call, Nothing, Reply
from engines.faults import InvalidRequest, NotFound
from engines.keys.describe import version_jwk
from engines.keys.keyring import Keyring
from engines.keys.settings import KeyName
from engines.keys.states import Use
from engines.signing import roles
from engines.signing.publication import published_versions
from engines.signing.role_settings import RoleName
from engines.signing.state import Signing

MAX_AGE_SECONDS = 24 * 60 * 60

MAX_KEYS = 1000
"""The most keys in one set."""


async def read_of_key(engine: Signing, call: Call, body: KeyName) -> Reply:
    """List the published public keys of a key, the newest first."""
    keyring = await engine.keys.use(body.name, Use.COPY, call)
    if keyring is None:
        raise NotFound
    return _reply(_published(keyring, call.now), keyring.record.publish_ahead_seconds)


async def read_of_role(engine: Signing, call: Call, body: RoleName) -> Reply:
    """List the published public keys for verifying a role's signatures, with its ``alg`` and ``kid``."""
    role = await roles.find(engine, body.name)
    keyring = None if role is None else await engine.keys.use(role.record.key, Use.COPY, call)
    if role is None or keyring is None:
        raise NotFound
    used = roles.in_use(role, keyring)
    keys = _published(keyring, call.now)
    for jwk in keys:
        jwk["alg"] = used.algorithm.name
        key_id = used.key_id(jwk["key_version"])
        if key_id:
            jwk["kid"] = key_id
    return _reply(keys, keyring.record.publish_ahead_seconds)


async def read_all(engine: Signing, call: Call, body: Nothing) -> Reply:
    """List the published public keys of all keys that aren't disabled."""
    names = [name for name in await engine.keys.list("", MAX_KEYS + 1) if not name.endswith("/")]
    if len(names) > MAX_KEYS:
        raise InvalidRequest(f"there are more than {MAX_KEYS} keys; read the set of a key or of a role")
    keys: list[dict[str, Any]] = []
    publish_ahead = 0 if not names else MAX_AGE_SECONDS * 2
    for name in names:
        keyring = await engine.keys.load(name)
        if keyring is not None and not keyring.record.disabled:
            keys.extend(_published(keyring, call.now))
            publish_ahead = min(publish_ahead, keyring.record.publish_ahead_seconds)
    return _reply(keys, publish_ahead)


def _reply(keys: list[dict[str, Any]], publish_ahead_seconds: int) -> Reply:
    """The set, which may be cached for half the time before a new version signs: so every verifier knows it by then."""
    return Reply({"keys": keys}, max_age_seconds=min(publish_ahead_seconds // 2, MAX_AGE_SECONDS))


def _published(keyring: Keyring, now: float) -> list[dict[str, Any]]:
    return [version_jwk(version, version.jwk) for version in published_versions(keyring, now)]
