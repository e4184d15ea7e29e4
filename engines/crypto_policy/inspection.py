"""Inspection of engines with keys, for the crypto policy's own routes.

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
        """Facts of every usable version of every key, by name and version."""

    async def facts_of(self, name: str, version: int, operation: CryptoOperation) -> KeyFacts | None:
        """Facts of one version (0: the latest) as ``operation`` would use it; None if it doesn't exist."""

    def facts_of_new(self, given: Mapping[str, Any]) -> KeyFacts:
        """Facts of the key that create would make from the fields ``given``. Raises ``InvalidRequest``."""

    def request_facts(self, key: KeyFacts, operation: CryptoOperation, given: Mapping[str, Any]) -> RequestFacts:
        """The execution of ``operation`` with ``key``; ``given`` are fields of ``RequestFacts`` by name.

        The others are the operation's defaults. Raises ``InvalidRequest``.
        """
