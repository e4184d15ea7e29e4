"""What engines with keys tell of them, for questions of the crypto policy that no request for a key asks.

``sys/crypto-policies/impact`` and ``sys/remount`` look at all keys of a mount; ``sys/crypto-policies/evaluate`` asks
what an operation would execute.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol, runtime_checkable

from engines.crypto_policy.facts import KeyFacts, RequestFacts
from engines.crypto_policy.operations import CryptoOperation


@runtime_checkable
class KeepsFacts(Protocol):
    """The state of an engine with keys."""

    def facts_of_all(self) -> AsyncIterator[KeyFacts]:
        """Facts of every version of every key that can be used, by name and version."""

    async def facts_of(self, name: str, version: int, operation: CryptoOperation) -> KeyFacts | None:
        """Facts of one version (0: the latest) as ``operation`` would use it; None if it isn't there."""

    def facts_of_new(self, given: Mapping[str, Any]) -> KeyFacts:
        """Facts of the key that create would make of the fields ``given``. Raises ``InvalidRequest``."""

    def request_facts(self, key: KeyFacts, operation: CryptoOperation, given: Mapping[str, Any]) -> RequestFacts:
        """How ``operation`` with ``key`` would be executed; ``given`` are fields of ``RequestFacts`` by their names.

        What isn't given is what the operation takes by default. Raises ``InvalidRequest``.
        """
