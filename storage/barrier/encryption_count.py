"""Number of encryptions under a term's key, across restarts and processes, without a write for each.

A process reserves a block of encryptions ahead: it adds the block to the stored total before anything encrypted with it
is stored. After a crash the rest of the block counts as used. So the count may be too high, by a block for each
process and restart, but never too low, which is what a limit on a key needs.
"""

from __future__ import annotations

import asyncio
import struct

from storage.barrier.keyring import Term
from storage.base import Damaged, Reader, Storage, Transaction, transact
from storage.envelope import close_envelope, derive_cipher, open_envelope

BLOCK = 10_000
"""The number of encryptions reserved at a time."""

_FORMAT = b"\x01"
_TOTAL = struct.Struct(">Q")


class EncryptionCount:
    """The count of one term; the stored total is sealed under a key derived from the term's."""

    def __init__(self, store: Storage, term: Term) -> None:
        self._store = store
        self._path = f"core/encryptions/{term.number}"
        self._cipher = derive_cipher(term.key.reveal(), None, "encryption count")
        self._reserved = 0
        self._lock = asyncio.Lock()
        self.used = 0
        """How many records this process has encrypted."""

    async def total(self) -> int:
        """The encryptions of all processes: exact for this one, whole blocks for the others."""
        async with self._lock:  # A reservation in between would be missing from what was read.
            return await self._stored(self._store) + self.used - self._reserved

    async def cover(self) -> None:
        """Reserve the encryptions used beyond the reservation; call it before storing their results."""
        if self.used <= self._reserved:
            return
        async with self._lock:
            missing = self.used - self._reserved
            if missing <= 0:
                return  # Another task has reserved for both.
            blocks = -(-missing // BLOCK) * BLOCK

            async def reserve(transaction: Transaction) -> None:
                total = _TOTAL.pack(await self._stored(transaction) + blocks)
                transaction.put(self._path, close_envelope(self._cipher, _FORMAT, self._path, total))

            await transact(self._store, reserve)
            self._reserved += blocks

    async def _stored(self, reader: Reader) -> int:
        record = await reader.get(self._path)
        if record is None:
            return 0
        total = open_envelope(self._cipher, len(_FORMAT), self._path, record)
        if len(total) != _TOTAL.size:
            raise Damaged(f"{self._path}: the record has no known format")
        return int(_TOTAL.unpack(total)[0])
