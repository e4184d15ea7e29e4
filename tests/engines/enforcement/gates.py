"""A gate that notes what it is asked, and refuses what a test wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engines.crypto_policy.facts import NO_REQUEST, KeyFacts, RequestFacts
from engines.crypto_policy.gate import Asking, PolicyRefused
from engines.crypto_policy.operations import CryptoOperation
from storage.memory import MemoryStore

REFUSED = "refused by a test"


@dataclass(frozen=True)
class Asked:
    """One question."""

    operation: CryptoOperation
    key: KeyFacts | None
    request: RequestFacts

    @property
    def short(self) -> tuple[str, str, int]:
        """The operation, the algorithm and the version."""
        if self.key is None:
            return self.operation.value, "", 0
        return self.operation.value, self.key.algorithm, self.key.version


@dataclass
class RecordingGate:
    """Lets pass what ``refuses`` doesn't name; ``settles`` says whether it asks for nothing of requests."""

    active: bool = True
    refuses: Callable[[Asked], bool] = lambda asked: False
    settles: bool = True
    asked: list[Asked] = field(default_factory=list)
    defaults: dict[str, dict[str, Any]] = field(default_factory=dict)

    def check(
        self, call: Asking, operation: CryptoOperation, key: KeyFacts | None, request: RequestFacts = NO_REQUEST
    ) -> bool:
        """Note the question, and refuse it if that is wanted."""
        asked = Asked(operation, key, request)
        self.asked.append(asked)
        if self.refuses(asked):
            raise PolicyRefused((REFUSED,))
        return self.settles

    def default(self, data_class: str) -> Mapping[str, Any]:
        """What the test has said."""
        return self.defaults.get(data_class, {})

    def refuse(self, *operations: CryptoOperation) -> None:
        """Refuse these from now on, or all without any; and forget what was asked."""
        self.refuses = lambda asked: not operations or asked.operation in operations
        self.asked.clear()

    @property
    def short(self) -> list[tuple[str, str, int]]:
        """What was asked, without the details."""
        return [asked.short for asked in self.asked]


async def everything(store: MemoryStore) -> dict[str, bytes]:
    """All that is stored."""
    keys = await store.list("")
    found: dict[str, bytes] = {}
    while keys:
        name = keys.pop()
        if name.endswith("/"):
            keys.extend(name + below for below in await store.list(name))
        else:
            value = await store.get(name)
            assert value is not None
            found[name] = value
    return found
