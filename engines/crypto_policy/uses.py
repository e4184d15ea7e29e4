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

from typing import Protocol, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from engines.crypto_policy.facts import NO_REQUEST, KeyFacts, Place, RequestFacts
from engines.crypto_policy.gate import Asking, CryptoRecord, Gate, KeyUse, PolicyRefused
from engines.crypto_policy.operations import WORDS, CryptoOperation

REWRAP = "rewrap"
"""The operation of records with two halves, decryption and encryption."""


MAX_USES = 100
"""The most groups of uses that the audit tells of one by one, so that its entries are short."""

_Group: TypeAlias = tuple[str, int, str, str, str, str]
"""What the uses of a group share: algorithm, version, hash, scheme, variant and data class."""


class Gated(Protocol):
    """An object with keys behind a gate: a ``KeyStore``."""

    gate: Gate
    place: Place


class Uses(Struct, gc=False):
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

    mine: dict[_Group, KeyUse] = {}
    settled: set[KeyFacts | None] | None = None
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
            variant = "" if request is NO_REQUEST else request.variant
            if key is None:
                group = request.hash, 0, request.hash, request.scheme, variant, ""
            else:
                macs = key.primitive == _MAC and request.hash
                algorithm = f"{key.algorithm}-{request.hash}" if macs else key.algorithm
                group = algorithm, key.version, request.hash, request.scheme, variant, key.data_class
                self.record.created[key.version] = key.created
            use = self._of(group)
            self.key, self.request, self.latest = key, request, use
        if self.gate.active and self.asking and not self.is_settled(key):
            self._ask(use, key, request, input_bytes)
        return use

    def settles(self, key: KeyFacts, request: RequestFacts, input_bytes: int) -> bool:
        """Whether this use passes, and any other with the key too: then items needn't be checked one by one."""
        if not self.gate.active or self.is_settled(key):
            return True
        try:
            return self._check(key, request, input_bytes)
        except PolicyRefused:
            return False

    def is_settled(self, key: KeyFacts | None) -> bool:
        """Whether the gate has allowed any request with ``key``."""
        return self.settled is not None and key in self.settled

    def ask_anew(self) -> None:
        """Forget earlier decisions of the gate, for each group of a stream."""
        self.settled = None
        self.asking = True

    def complete(self, algorithm: str, items: int, *, failed: bool = True) -> None:
        """Count those of ``items`` more for which no version of the key was found, and whether they ``failed`` so."""
        self.items += items
        missing = self.items - sum(use.count for use in self.mine.values())
        if missing > 0:
            unknown = self._of((algorithm, 0, "", "", "", ""))
            unknown.count += missing
            unknown.failed += missing if failed else 0

    def forget(self) -> None:
        """Undo the counts, as after a trial."""
        mine = {id(use) for use in self.mine.values()}
        self.record.uses[:] = [use for use in self.record.uses if id(use) not in mine]
        self.record.beyond[:] = [each for each in self.record.beyond if id(each[0]) not in mine]
        if self.leading:
            self.record.decrypting = 0
        self.mine.clear()
        self.latest = None
        self.items = 0
        self.asking = True

    def _ask(self, use: KeyUse, key: KeyFacts | None, request: RequestFacts, input_bytes: int) -> None:
        try:
            self._check(key, request, input_bytes)
        except PolicyRefused:
            if self.batch:
                use.count += 1
                use.failed += 1
                self.record.refused.append(use)
            raise

    def _check(self, key: KeyFacts | None, request: RequestFacts, input_bytes: int) -> bool:
        """Ask the gate; whether its answer is the same for any request with ``key``. Raises ``PolicyRefused``."""
        executed = replace(request, input_bytes=input_bytes) if input_bytes else request
        settled = self.gate.check(self.call, self.operation, key, executed)
        if settled:
            if self.settled is None:
                self.settled = set()
            self.settled.add(key)
        return settled

    def _of(self, group: _Group) -> KeyUse:
        """The record of the uses that share ``group``."""
        found = self.mine.get(group)
        if found is None:
            algorithm, version, hash_, scheme, variant, data_class = group
            found = self.mine[group] = KeyUse(
                algorithm=algorithm,
                key_version=version,
                hash=hash_,
                scheme=scheme,
                variant=variant,
                data_class=data_class,
            )
            if len(self.record.uses) >= MAX_USES:
                self.record.beyond.append((found, self.leading))
                return found
            self.record.uses.insert(len(self.mine) - 1 if self.leading else len(self.record.uses), found)
            self.record.decrypting += self.leading
        return found


_MAC = "mac"


def begin(keys: Gated, call: Asking, operation: CryptoOperation, name: str) -> Uses:
    """The uses of the key ``name`` by ``call``, which is a request for ``operation`` and is recorded as one."""
    call.crypto = record = CryptoRecord(operation=WORDS[operation], key=name, uses=[])
    return Uses(keys.gate, keys.place, call, operation, record)


def begin_halves(keys: Gated, call: Asking, name: str) -> tuple[Uses, Uses]:
    """The uses of a request that decrypts and encrypts anew, for either half; errors name it."""
    call.crypto = record = CryptoRecord(operation=REWRAP, key=name, uses=[])
    decrypting = Uses(keys.gate, keys.place, call, CryptoOperation.DECRYPT, record, leading=True)
    return decrypting, Uses(keys.gate, keys.place, call, CryptoOperation.ENCRYPT, record)


def note(call: Asking, operation: CryptoOperation, name: str) -> CryptoRecord:
    """Record ``call`` as a request for ``operation`` on the key ``name``, unless it is one for another."""
    if call.crypto is None:
        call.crypto = CryptoRecord(operation=WORDS[operation], key=name, uses=[])
    return call.crypto


def allow_whole(keys: Gated, call: Asking, operation: CryptoOperation, key: KeyFacts) -> KeyUse:
    """Ask the gate for an ``operation`` on a key as a whole; returns the record of the use.

    ``call`` is recorded as by ``note``. Raises ``PolicyRefused``.
    """
    record = note(call, operation, key.name)
    if record.operation != WORDS[operation]:
        record = CryptoRecord(operation=WORDS[operation], key=key.name, uses=[])
    record.key = key.name  # Of a restored key, it may stand in the backup alone.
    record.uses.clear()  # From an earlier attempt of the same transaction.
    return Uses(keys.gate, keys.place, call, operation, record).allow(key)
