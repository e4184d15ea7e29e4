"""Gate that each use of a key passes, and the audit record of that use.

    if engine.gate.active:
        engine.gate.check(call, CryptoOperation.ENCRYPT, facts, request)

An engine asks once the version and the options to execute are known, for each item of a batch, and before it changes or
counts anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from msgspec import Struct

from engines.crypto_policy.facts import NO_REQUEST, KeyFacts, RequestFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.faults import Denied


class PolicyRefused(Denied):
    """One or more rules of mode ``enforce`` don't hold. ``refusals`` has a sentence for each, in order."""

    wraps = False

    def __init__(self, refusals: tuple[str, ...]) -> None:
        super().__init__("; ".join(refusals))
        self.refusals = refusals


class KeyUse(Struct, kw_only=True, gc=False):
    """Uses of one version in one request that share all options, for the audit (``crypto.uses``)."""

    algorithm: str
    key_version: int
    count: int = 0
    """Items, failed ones included; 0 for a request that was refused."""

    failed: int = 0
    input_bytes: int = 0
    """Decoded."""

    output_bytes: int = 0
    hash: str = ""
    scheme: str = ""
    variant: str = ""
    data_class: str = ""

    def begin(self) -> None:
        """Count a use, as a failed one until it is ``made``."""
        self.count += 1
        self.failed += 1

    def made(self, input_bytes: int = 0, output_bytes: int = 0) -> None:
        """Record that the use has succeeded, with its input and output sizes."""
        self.failed -= 1
        self.input_bytes += input_bytes
        self.output_bytes += output_bytes


class CryptoRecord(Struct, kw_only=True, gc=False):
    """A request's uses of keys, for the audit (``crypto``); the server adds mount, time and success."""

    operation: str
    key: str
    uses: list[KeyUse]
    created: dict[int, float] = {}
    """The times at which the versions in ``uses`` were made, in seconds since the epoch."""

    decrypting: int = 0
    """The number of leading ``uses`` that decrypt, where the others encrypt."""

    refused: list[KeyUse] = []
    """The use of each item that the crypto policy has refused: it is among the failed ones, but didn't fail."""

    mount: str = ""
    """The path of the key's mount, if that isn't the request's."""

    beyond: list[tuple[KeyUse, bool]] = []
    """The uses for which ``uses`` has no room, and whether they are of the half that decrypts."""

    def told(self) -> list[KeyUse]:
        """The uses as the audit has them: those beyond are one for each algorithm, without a version."""
        if not self.beyond:
            return self.uses
        sums: dict[str, KeyUse] = {}
        for use, _ in self.beyond:
            total = sums.setdefault(use.algorithm, KeyUse(algorithm=use.algorithm, key_version=0))
            total.count += use.count
            total.failed += use.failed
            total.input_bytes += use.input_bytes
            total.output_bytes += use.output_bytes
        return [*self.uses, *sums.values()]


class AppliedRule(Struct, frozen=True, kw_only=True):
    """A rule that failed, for the audit (``crypto_policy.rules``)."""

    policy: str
    """The document with its version: ``pci@4``."""

    namespace: str
    rule: str
    mode: str


class PolicyRecord(Struct, kw_only=True):
    """The crypto policy's part in a request, for the audit (``crypto_policy``)."""

    generation: int
    verdict: str = "allow"
    rules: list[AppliedRule]
    excepted_by: list[str]


class Asking(Protocol):
    """The part of a ``Call`` that a gate uses."""

    crypto: CryptoRecord | None
    crypto_policy: PolicyRecord | None
    warnings: list[str]
    remote_address: str

    @property
    def caller(self) -> object:
        """The caller; None for automatic work and without a token."""

    @property
    def now(self) -> float:
        """Seconds since the epoch."""

    def warn(self, text: str) -> None:
        """Add ``text`` to the warnings of the answer."""


class Gate(Protocol):
    """The crypto policy's decisions on uses of the keys of one mount. It may change while requests run."""

    active: bool
    """Whether any rule may apply to the mount; if False, ``check`` needn't be called."""

    def check(
        self, call: Asking, operation: CryptoOperation, key: KeyFacts | None, request: RequestFacts = NO_REQUEST
    ) -> bool:
        """Let ``operation`` pass, with warnings in ``call`` if rules ask for them, and record it there for the audit.

        ``key`` is None for operations without a key. Returns whether no rule has looked at ``request``: then another
        item of the same version needn't be asked for. Raises ``PolicyRefused``.
        """

    def default(self, data_class: str) -> Mapping[str, Any]:
        """The fields that create takes for a key of ``data_class`` whose maker names no type; empty if that is open."""


class OpenGate:
    """The gate of an engine without a policy."""

    active = False

    def check(
        self, call: Asking, operation: CryptoOperation, key: KeyFacts | None, request: RequestFacts = NO_REQUEST
    ) -> bool:
        """Let every operation pass."""
        return True

    def default(self, data_class: str) -> Mapping[str, Any]:
        """No fields."""
        return {}


@dataclass(slots=True)
class AutomaticWork:
    """The stand-in for a ``Call`` in work without a request, such as automatic rotation."""

    now: float
    """Seconds since the epoch."""

    caller: object = None
    remote_address: str = ""
    warnings: list[str] = field(default_factory=list)
    crypto: CryptoRecord | None = None
    crypto_policy: PolicyRecord | None = None

    def warn(self, text: str) -> None:
        """Add ``text`` to the warnings."""
        self.warnings.append(text)


OPEN_GATE: Gate = OpenGate()
