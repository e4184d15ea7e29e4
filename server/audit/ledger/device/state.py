"""Stored state of a ledger, by its origin: size and root, the position in the journal, and the log's keys.

It lies below the barrier and outlives disabling. Only ``swap`` changes it, and only from the state that it is given: so
a log is never signed in two forms, by any process.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import TypeVar

import msgspec
import msgspec.structs

from server.audit.ledger.log.hashes import EMPTY_ROOT
from server.audit.ledger.log.keys import NoteSigner, SignatureType
from storage.base import Damaged, Transaction, delete, put, transact
from storage.view import View

T = TypeVar("T")

STORAGE_PREFIX = "sys/audit-ledger/"
"""Where ledgers are remembered, in the root namespace."""

SEED_BYTES = 32
_MAX_LEDGERS = 1000
_LOSS = "loss"
_INDEX_KEY, INDEX_KEY_BYTES = "index", 32


class KeyPair(msgspec.Struct, frozen=True):
    """The seeds of a log's two keys, which sign together."""

    ed25519: bytes
    ml_dsa_44: bytes
    until: int = 0
    """When they are destroyed, in nanoseconds since 1970; 0 for the present ones."""

    def __repr__(self) -> str:
        return "KeyPair()"

    def signers(self, origin: str) -> tuple[NoteSigner, NoteSigner]:
        """The keys, as those of the log ``origin``."""
        return (
            NoteSigner.from_seed(origin, SignatureType.ED25519, self.ed25519),
            NoteSigner.from_seed(origin, SignatureType.ML_DSA_44_COSIGNATURE, self.ml_dsa_44),
        )

    def verifiers(self, origin: str) -> list[str]:
        """Their verifier keys, in text form."""
        return [str(signer.verifier) for signer in self.signers(origin)]


class LogKeys(msgspec.Struct, frozen=True):
    """All keys of a log."""

    present: KeyPair
    next: KeyPair | None = None
    """Keys that become the present ones as soon as an entry of the log names them."""

    older: tuple[KeyPair, ...] = ()
    """Keys that still sign beside the present ones."""

    retired: tuple[str, ...] = ()
    """Verifier keys whose private halves are destroyed."""

    overlap_seconds: int = 86_400
    """How long the present keys go on to sign once the next ones have taken over."""

    def signers(self, origin: str) -> list[NoteSigner]:
        """The keys that sign, the present ones first."""
        return [signer for pair in (self.present, *self.older) for signer in pair.signers(origin)]

    def policy_keys(self, origin: str) -> list[str]:
        """The verifier keys of all checkpoints of the log, old ones too."""
        return [*(str(signer.verifier) for signer in self.signers(origin)), *self.retired]

    def promoted(self, until: int) -> LogKeys:
        """These keys, with the next ones as the present; those before sign ``until`` a time."""
        assert self.next is not None
        before = msgspec.structs.replace(self.present, until=until)
        return LogKeys(self.next, None, (before, *self.older), self.retired)

    def without_expired(self, origin: str, now: int) -> LogKeys:
        """These keys, without the private halves whose time is over at ``now``."""
        over = [pair for pair in self.older if pair.until <= now]
        if not over:
            return self
        kept = tuple(pair for pair in self.older if pair.until > now)
        gone = tuple(key for pair in over for key in pair.verifiers(origin))
        return LogKeys(self.present, self.next, kept, (*gone, *self.retired))


def new_keys() -> KeyPair:
    """Fresh keys."""
    return KeyPair(secrets.token_bytes(SEED_BYTES), secrets.token_bytes(SEED_BYTES))


class WitnessRecord(msgspec.Struct, frozen=True):
    """State of a witness, as its last answer has it."""

    name: str
    state: str
    size: int
    time: int
    """When it has signed last, in nanoseconds since 1970; 0 for never."""


class LedgerState(msgspec.Struct, frozen=True):
    """The newest state of a log that was, or is about to be, signed."""

    origin: str
    size: int = 0
    root: bytes = EMPTY_ROOT
    segment: int = 0
    """The first index of the segment up to whose ``offset`` the journal is in the tree."""

    offset: int = 0
    time: int = 0
    """Its time, in nanoseconds since the epoch."""

    witnesses: tuple[WitnessRecord, ...] = ()
    witnessed: int = 0
    """The largest size that the quorum of witnesses has signed."""

    quorum_missing_since: int = 0
    """Since when the newest checkpoints lack the quorum, in nanoseconds since 1970; 0 if they don't."""

    boot: str = ""
    """The run of the machine in which its tiles were written: in another one, they may not have come to the disk."""


class Loss(msgspec.Struct, frozen=True):
    """That the loss of a ledger is accepted, until the next start has looked at its directory."""

    reason: str
    time: int
    """In seconds since 1970."""


class Moved(Exception):
    """Storage remembers another state of a log than its leader has come from."""


class Ledgers:
    """The remembered ledgers below ``view``."""

    def __init__(self, view: View) -> None:
        self._view = view

    async def state(self, origin: str) -> LedgerState | None:
        """The stored state of the log ``origin``. Raises ``Damaged``."""
        return decoded(await self._view.get(storage_key(origin, "state")), LedgerState)

    async def keys(self, origin: str) -> LogKeys | None:
        """The keys of the log ``origin``. Raises ``Damaged``."""
        return decoded(await self._view.get(storage_key(origin, "keys")), LogKeys)

    async def loss(self) -> Loss | None:
        """The loss that is accepted, if one is. Raises ``Damaged``."""
        return decoded(await self._view.get(_LOSS), Loss)

    async def accept_loss(self, reason: str, time: int) -> None:
        """Remember that a loss is accepted."""
        await put(self._view, _LOSS, msgspec.msgpack.encode(Loss(reason, time)))

    async def settle_loss(self) -> None:
        """Forget that a loss was accepted: it was used, or there was none."""
        await delete(self._view, _LOSS)

    async def begin(self, origin: str) -> tuple[LedgerState, LogKeys]:
        """Remember an empty log, with new keys, in place of what was remembered."""
        state, keys = LedgerState(origin), LogKeys(new_keys())
        async with self._view.transaction() as transaction:
            transaction.put(storage_key(origin, "state"), msgspec.msgpack.encode(state))
            transaction.put(storage_key(origin, "keys"), msgspec.msgpack.encode(keys))
            transaction.delete(storage_key(origin, "pruned"))
        return state, keys

    async def change_keys(self, origin: str, change: Callable[[LogKeys], LogKeys]) -> LogKeys:
        """Replace the keys of a log by what ``change`` makes of them; it may be called several times."""

        async def apply(transaction: Transaction) -> LogKeys:
            key = storage_key(origin, "keys")
            present = decoded(await transaction.get(key), LogKeys)
            if present is None:
                raise Damaged("the keys of the audit ledger are missing")
            changed = change(present)
            if changed != present:
                transaction.put(key, msgspec.msgpack.encode(changed))
            return changed

        return await transact(self._view, apply)

    async def index_key(self) -> bytes:
        """The key that authenticates the indexes of all ledgers, made if there is none; 32 bytes."""

        async def find_key(transaction: Transaction) -> bytes:
            key = await transaction.get(_INDEX_KEY)
            if key is None:
                key = secrets.token_bytes(INDEX_KEY_BYTES)
                transaction.put(_INDEX_KEY, key)
            return key

        known = await self._view.get(_INDEX_KEY)
        return await transact(self._view, find_key) if known is None else known

    async def pruned(self, origin: str) -> int:
        """The index below which entries were pruned."""
        return decoded(await self._view.get(storage_key(origin, "pruned")), int) or 0

    async def set_pruned(self, origin: str, below: int) -> None:
        """Remember that the entries below this index were pruned."""
        await put(self._view, storage_key(origin, "pruned"), msgspec.msgpack.encode(below))

    async def swap(self, known: LedgerState, new: LedgerState) -> bool:
        """Replace ``known`` by ``new``; False, with nothing changed, if something else is remembered by now."""
        assert known.origin == new.origin and known.size <= new.size

        async def compare(transaction: Transaction) -> bool:
            key = storage_key(known.origin, "state")
            present = decoded(await transaction.get(key), LedgerState)
            if present is None or (present.size, present.root) != (known.size, known.root):
                return False
            transaction.put(key, msgspec.msgpack.encode(new))
            return True

        return await transact(self._view, compare)

    async def origins(self) -> list[str]:
        """The origins that are remembered."""
        found = []
        for name in await self._view.list("", limit=_MAX_LEDGERS):
            if not name.endswith("/"):
                continue
            state = decoded(await self._view.get(f"{name}state"), LedgerState)
            if state is not None:
                found.append(state.origin)
        return found


def storage_key(origin: str, name: str) -> str:
    """The place of what is remembered of the log ``origin`` under ``name``."""
    return f"{sha256(origin.encode()).hexdigest()}/{name}"


def decoded(value: bytes | None, kind: type[T]) -> T | None:
    """A stored ``value``; None if there is none. Raises ``Damaged``."""
    if value is None:
        return None
    try:
        return msgspec.msgpack.decode(value, type=kind)
    except msgspec.MsgspecError as error:
        raise Damaged("what is remembered of the audit ledger can't be decoded") from error
