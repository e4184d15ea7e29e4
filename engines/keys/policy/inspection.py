"""Mounts with named keys: the part of their state, and the facts of keys, that all such engines share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar

import msgspec

from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Algorithm
from engines.base import Body, Mount
from engines.crypto_policy.facts import KeyFacts, RequestFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.requests import default_request
from engines.faults import InvalidRequest
from engines.keys.facts import facts_of_new, uses_mac
from engines.keys.keyring import Keyring, decode_keyring
from engines.keys.records import KeyringRecord
from engines.keys.rotation import rotate_due
from engines.keys.store import KEYS, KeyStore
from engines.worker_pools import in_turns

_PAGE = 1000

BodyT = TypeVar("BodyT", bound=Body)


class KeyMount(ABC):
    """The state of one mount of an engine with named keys, which are in ``keys`` and of ``algorithms``.

    It holds nothing but storage with its cache. ``plain`` is that of ``KeyStore``. The facts of keys are for
    ``engines.crypto_policy.inspection``: of keys outside of requests.
    """

    def __init__(self, mount: Mount, algorithms: Mapping[str, Algorithm] = ALGORITHMS, *, plain: bool = False) -> None:
        self.keys = KeyStore(
            mount.storage,
            mount.fips_mode,
            algorithms,
            plain=plain,
            gate=mount.gate,
            place=mount.place,
            may_update=mount.may_update,
            use_counts=mount.use_counts,
        )
        self.clock = mount.clock
        self.max_batch_items = mount.max_batch_items

    async def tick(self, now: float) -> None:
        """Rotate the keys that are due."""
        await rotate_due(self.keys, now)

    @abstractmethod
    def new_key(self, given: Mapping[str, Any]) -> KeyringRecord:
        """The key that create would make of the parameters ``given``. Raises ``InvalidRequest``."""

    async def facts_of_all(self) -> AsyncIterator[KeyFacts]:
        """Facts of every version of every key that can be used, by name and version."""
        after = ""
        while names := await self.keys.list(after, _PAGE):
            after = names[-1]
            async for name in in_turns(names):
                keyring = None if name.endswith("/") else await self._peek(name)
                if keyring is not None:
                    for _, version in sorted(keyring.versions.items()):
                        yield version.facts(self.keys.place)

    async def _peek(self, name: str) -> Keyring | None:
        """A key without caching it: a look at many keys must not push out those in use."""
        found: Keyring | None = self.keys.storage.ready(KEYS + name)
        if found is not None:
            return found
        value = await self.keys.storage.get(KEYS + name)
        return None if value is None else decode_keyring(value, self.keys.fips)

    async def facts_of(self, name: str, version: int, operation: CryptoOperation) -> KeyFacts | None:
        """Facts of one version (0: the latest) as ``operation`` would use it; None if it isn't there."""
        keyring = await self.keys.load(name)
        if keyring is None:
            return None
        found = keyring.versions.get(version or keyring.record.latest_version)
        if found is None:
            return None
        macs = uses_mac(keyring.algorithm, operation)
        return found.mac_facts(self.keys.place) if macs else found.facts(self.keys.place)

    def facts_of_new(self, given: Mapping[str, Any]) -> KeyFacts:
        """Facts of the key that create would make of the fields ``given``. Raises ``InvalidRequest``."""
        return facts_of_new(self.new_key(given), self.keys.place, self.clock())

    def request_facts(self, key: KeyFacts, operation: CryptoOperation, given: Mapping[str, Any]) -> RequestFacts:
        """The execution of ``operation`` with ``key``; ``given`` are fields of ``RequestFacts`` by their names."""
        return default_request(key, operation, given)


def body_of(kind: type[BodyT], given: Mapping[str, Any]) -> BodyT:
    """``given`` as the parameters of a request. Raises ``InvalidRequest``."""
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidRequest(str(error)) from None
