"""Stored state of a ledger, by its origin: size and root, the position in the journal, and the log's keys.

It lies below the barrier and outlives disabling. Only ``swap`` changes it, and only from the state that it is given: so
a log is never signed in two forms, by any process.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import TypeVar

import msgspec

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


class LogKeys(msgspec.Struct, frozen=True):
    """The seeds of a log's two keys."""

    ed25519: bytes
    ml_dsa_44: bytes

    def __repr__(self) -> str:
        return "LogKeys()"

    def signers(self, origin: str) -> tuple[NoteSigner, NoteSigner]:
        """The keys of the log ``origin``."""
        return (
            NoteSigner.from_seed(origin, SignatureType.ED25519, self.ed25519),
            NoteSigner.from_seed(origin, SignatureType.ML_DSA_44_COSIGNATURE, self.ml_dsa_44),
        )


def new_keys() -> LogKeys:
    """Fresh keys."""
    return LogKeys(secrets.token_bytes(SEED_BYTES), secrets.token_bytes(SEED_BYTES))


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

    boot: str = ""
    """The run of the machine in which its tiles were written: in another one, they may not have come to the disk."""


class Loss(msgspec.Struct, frozen=True):
    """That the loss of a ledger is accepted, until the next start has looked at its directory."""

    reason: str
    time: int
    """In seconds since 1970."""


class Ledgers:
    """The remembered ledgers below ``view``."""

    def __init__(self, view: View) -> None:
        self._view = view

    async def state(self, origin: str) -> LedgerState | None:
        """The stored state of the log ``origin``. Raises ``Damaged``."""
        return _decoded(await self._view.get(_key(origin, "state")), LedgerState)

    async def keys(self, origin: str) -> LogKeys | None:
        """The keys of the log ``origin``. Raises ``Damaged``."""
        return _decoded(await self._view.get(_key(origin, "keys")), LogKeys)

    async def loss(self) -> Loss | None:
        """The loss that is accepted, if one is. Raises ``Damaged``."""
        return _decoded(await self._view.get(_LOSS), Loss)

    async def accept_loss(self, reason: str, time: int) -> None:
        """Remember that a loss is accepted."""
        await put(self._view, _LOSS, msgspec.msgpack.encode(Loss(reason, time)))

    async def settle_loss(self) -> None:
        """Forget that a loss was accepted: it was used, or there was none."""
        await delete(self._view, _LOSS)

    async def begin(self, origin: str) -> tuple[LedgerState, LogKeys]:
        """Remember an empty log, with new keys, in place of what was remembered."""
        state, keys = LedgerState(origin), new_keys()
        async with self._view.transaction() as transaction:
            transaction.put(_key(origin, "state"), msgspec.msgpack.encode(state))
            transaction.put(_key(origin, "keys"), msgspec.msgpack.encode(keys))
        return state, keys

    async def swap(self, known: LedgerState, new: LedgerState) -> bool:
        """Replace ``known`` by ``new``; False, with nothing changed, if something else is remembered by now."""
        assert known.origin == new.origin and known.size <= new.size

        async def compare(transaction: Transaction) -> bool:
            key = _key(known.origin, "state")
            present = _decoded(await transaction.get(key), LedgerState)
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
            state = _decoded(await self._view.get(f"{name}state"), LedgerState)
            if state is not None:
                found.append(state.origin)
        return found


def _key(origin: str, name: str) -> str:
    return f"{sha256(origin.encode()).hexdigest()}/{name}"


def _decoded(value: bytes | None, kind: type[T]) -> T | None:
    if value is None:
        return None
    try:
        return msgspec.msgpack.decode(value, type=kind)
    except msgspec.MsgspecError as error:
        raise Damaged("what is remembered of the audit ledger can't be decoded") from error
