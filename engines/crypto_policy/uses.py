"""Uses of keys by one request: each passes the gate before it is made, and is counted for the audit.

    uses = begin(engine.keys, call, CryptoOperation.ENCRYPT, body.name)
    ...
    use = uses.allow(version.facts(uses.place), request, len(plaintext))
    use.begin()
    ...
    use.made(len(plaintext), len(ciphertext))

A handler begins with ``begin``, so that requests that fail at once are recorded too. A refused use is recorded with a
count of 0; refused items of a batch are failed ones.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from engines.crypto_policy.facts import NO_REQUEST, KeyFacts, Place, RequestFacts
from engines.crypto_policy.gate import Asking, CryptoRecord, Gate, KeyUse, PolicyRefused
from engines.crypto_policy.operations import CryptoOperation

REWRAP = "rewrap"
"""The operation of records with two halves, decryption and encryption."""


class Gated(Protocol):
    """An object with keys behind a gate: a ``KeyStore``."""

    gate: Gate
    place: Place


class Uses(Struct):
    """Uses by one request for one operation."""

    gate: Gate
    place: Place
    call: Asking
    operation: CryptoOperation
    record: CryptoRecord
    leading: bool = False
    """Whether they precede others of the same record, as those of the first of two halves do."""

    batch: bool = False
    """Whether a refusal concerns one item, and the others continue."""

    mine: list[KeyUse] = []
    settled: set[KeyFacts | None] = set()
    """The keys for which the gate doesn't examine requests."""

    key: KeyFacts | None = None
    request: RequestFacts = NO_REQUEST
    latest: KeyUse | None = None
    """The last allowed use, with its key and request: nearly always the next one is of the same kind."""

    asking: bool = True
    """False once the gate's decision covers all further uses."""

    items: int = 0
    """The number of items, including those without a version."""

    def allow(self, key: KeyFacts | None, request: RequestFacts = NO_REQUEST, input_bytes: int = 0) -> KeyUse:
        """The record of a use that the gate allows. Raises ``PolicyRefused``."""
        use = self.latest
        if use is None or self.key is not key or self.request is not request:
            use = self._find(key, request)
        if self.gate.active and self.asking and key not in self.settled:
            self._ask(use, key, request, input_bytes)
        return use

    def settles(self, key: KeyFacts, request: RequestFacts, input_bytes: int) -> bool:
        """Whether this use passes, and any other with the key too: then items needn't be checked one by one."""
        if not self.gate.active or key in self.settled:
            return True
        try:
            if self.gate.check(self.call, self.operation, key, replace(request, input_bytes=input_bytes)):
                self.settled.add(key)
        except PolicyRefused:
            return False
        return key in self.settled

    def ask_anew(self) -> None:
        """Forget earlier decisions of the gate, for each group of a stream."""
        self.settled.clear()
        self.asking = True

    def complete(self, algorithm: str, items: int, *, failed: bool = True) -> None:
        """Count those of ``items`` more for which no version of the key was found, and whether they ``failed`` so."""
        self.items += items
        missing = self.items - sum(use.count for use in self.mine)
        if missing > 0:
            unknown = KeyUse(algorithm=algorithm, key_version=0, count=missing, failed=missing if failed else 0)
            self.record.uses.append(unknown)
            self.mine.append(unknown)

    def forget(self) -> None:
        """Undo the counts, as after a trial."""
        self.record.uses[:] = [use for use in self.record.uses if not any(use is other for other in self.mine)]
        self.mine.clear()
        self.latest = None
        self.items = 0
        self.asking = True

    def _ask(self, use: KeyUse, key: KeyFacts | None, request: RequestFacts, input_bytes: int) -> None:
        executed = replace(request, input_bytes=input_bytes) if input_bytes else request
        try:
            if self.gate.check(self.call, self.operation, key, executed):
                self.settled.add(key)
        except PolicyRefused:
            if self.batch:
                use.count += 1
                use.failed += 1
            raise

    def _find(self, key: KeyFacts | None, request: RequestFacts) -> KeyUse:
        """The record of uses of ``key`` by ``request``, common to all with these facts."""
        algorithm, version, data_class = request.hash, 0, ""
        if key is not None:
            algorithm, version, data_class = key.algorithm, key.version, key.data_class
            if key.primitive == _MAC and request.hash:
                algorithm = f"{algorithm}-{request.hash}"
        variant = "" if request is NO_REQUEST else request.variant
        found = None
        for use in self.mine:
            if (use.algorithm, use.key_version, use.hash, use.scheme, use.variant, use.data_class) == (
                *(algorithm, version, request.hash, request.scheme),
                *(variant, data_class),
            ):
                found = use
        if found is None:
            found = KeyUse(
                algorithm=algorithm,
                key_version=version,
                hash=request.hash,
                scheme=request.scheme,
                variant=variant,
                data_class=data_class,
            )
            self.record.uses.insert(len(self.mine) if self.leading else len(self.record.uses), found)
            self.mine.append(found)
        self.key, self.request, self.latest = key, request, found
        return found


_MAC = "mac"


def begin(keys: Gated, call: Asking, operation: CryptoOperation, name: str) -> Uses:
    """The uses of the key ``name`` by ``call``, which is a request for ``operation`` and is recorded as one."""
    call.crypto = record = CryptoRecord(operation=operation.value, key=name, uses=[])
    return Uses(keys.gate, keys.place, call, operation, record)


def begin_halves(keys: Gated, call: Asking, name: str) -> tuple[Uses, Uses]:
    """The uses of a request that decrypts and encrypts anew, for either half; errors name it."""
    call.crypto = record = CryptoRecord(operation=REWRAP, key=name, uses=[])
    decrypting = Uses(keys.gate, keys.place, call, CryptoOperation.DECRYPT, record, leading=True)
    return decrypting, Uses(keys.gate, keys.place, call, CryptoOperation.ENCRYPT, record)
