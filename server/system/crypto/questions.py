"""Questions about uses of keys, with the engines' facts of existing keys, or of keys to create."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from engines.crypto_policy.facts import KeyFacts, RequestFacts
from engines.crypto_policy.inspection import KeepsFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.faults import InvalidRequest
from engines.keys.store import NAME
from server.system.state import System
from server.tenants.crypto_policies.answers import Question
from server.tenants.crypto_policies.documents import Given, halves_of
from server.tenants.crypto_policies.trials import CREATING, address_of, caller_of, described_use, request_of, time_of

MAX_FACTS_BYTES = 16 * 1024
"""The most bytes of a question in JSON: every rule may look at all of it, and compare one text with another."""

_PLACE = frozenset({"mount", "name", "version"})


async def questions_about(system: System, given: Given, now: float) -> list[Question]:
    """The question that ``given`` states, or the two of rewrapping; ``now`` if it says no time.

    ``now`` is in seconds since the epoch. Raises ``InvalidRequest``.
    """
    try:
        size = len(msgspec.json.encode(given))
    except UnicodeEncodeError:
        raise InvalidRequest("a question is Unicode") from None
    if size > MAX_FACTS_BYTES:
        raise InvalidRequest(f"a question has at most {MAX_FACTS_BYTES} bytes of facts")
    at = time_of(given, now)
    caller, address = caller_of(given), address_of(given)
    found = []
    for half, operation in enumerate(halves_of(given.operation)):
        key, request = await _use(system, _to_latest(given) if half else given, operation, at)
        found.append(Question(operation, key, request, caller, address, at))
    return found


def _to_latest(given: Given) -> Given:
    """``given`` about the latest version of a key that is named, which is what rewrapping encrypts with."""
    if given.key is None or "type" in given.key:
        return given
    return replace(given, key={name: value for name, value in given.key.items() if name != "version"})


async def _use(
    system: System, given: Given, operation: CryptoOperation, at: float
) -> tuple[KeyFacts | None, RequestFacts]:
    """The facts of the key and of the request that ``given`` names."""
    if given.key is not None:
        engine = await engine_at(system, given.key.get("mount", ""))
        described = "type" in given.key
        if engine is not None and (operation in CREATING or not described):
            key = await _of_engine(engine, given.key, operation)
            return key, engine.request_facts(key, operation, request_of(given))
        if not described and "mount" in given.key:
            raise InvalidRequest("key: there is no engine with keys at that mount")
    return described_use(given, operation, system.tenant.namespace.path, at)


async def engine_at(system: System, mount: object) -> KeepsFacts | None:
    """The engine with keys at the path ``mount``, None if there is none. Raises ``InvalidRequest``."""
    if not isinstance(mount, str):
        raise InvalidRequest("key: mount must be a text")
    mounted = (await system.tenant.mounts.router()).mounts.get(mount)
    return mounted.engine if mounted is not None and isinstance(mounted.engine, KeepsFacts) else None


async def _of_engine(engine: KeepsFacts, given: Mapping[str, Any], operation: CryptoOperation) -> KeyFacts:
    if operation in CREATING:
        return engine.facts_of_new({name: value for name, value in given.items() if name not in ("mount", "version")})
    unknown = given.keys() - _PLACE
    if unknown:
        raise InvalidRequest(f"key: {', '.join(sorted(unknown))}: a key that is named has its own facts")
    name, version = given.get("name", ""), given.get("version", 0)
    if not isinstance(name, str) or type(version) is not int or version < 0:
        raise InvalidRequest("key: name must be a text, and version a number")
    key = await engine.facts_of(name, version, operation) if NAME.fullmatch(name) else None
    if key is None:
        raise InvalidRequest("key: there is no such key or version at that mount")
    return key
