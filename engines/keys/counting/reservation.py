"""Stored counts of encryptions of a mount's keys, and this process's reservations.

One entry for each key, at ``encryptions/<name>``, holds the totals of its versions. Several processes may share the
storage; each reserves blocks of its own in transactions, so the totals hold for all of them together, and because a
reservation never goes beyond the limit, neither do the encryptions.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from itertools import islice

from engines.keys.encryption_count import VersionCount
from engines.keys.keyring import Keyring, KeyVersion
from engines.keys.records import VersionTotal, decode_record, decode_totals, encode_totals
from engines.keys.store import COUNTS, KEYS
from storage.base import Reader, StorageFault, Transaction, transact
from storage.view import View

MAX_COUNTS = 100_000
"""The most versions with a reservation; that of a dropped one counts as used."""

_MAX_GIVEN_BACK = 2_000
_GIVEN_BACK_TOGETHER = 200

_log = logging.getLogger(__name__)


class LimitReached(Exception):
    """The version may not make as many further encryptions."""


class EncryptionCounts:
    """The counts of one mount."""

    def __init__(self, storage: View) -> None:
        self._storage = storage
        self._counts: OrderedDict[tuple[str, int, int], VersionCount] = OrderedDict()
        self._renewals: set[asyncio.Task[None]] = set()

    def of(self, keyring: Keyring, version: KeyVersion) -> VersionCount:
        """The count of ``version``, with the present limit of ``keyring``."""
        count = version.count
        if count is None:
            created = version.record.created
            identity = (keyring.record.name, version.number, created)
            count = self._counts.get(identity)
            if count is None:
                count = VersionCount(keyring.record.name, version.number, created, keyring.max_encryptions)
                self._counts[identity] = count
                if len(self._counts) > MAX_COUNTS:
                    self._counts.popitem(last=False)
            count.set_limit(keyring.max_encryptions)
            version.count = count
        return count

    async def spend(self, count: VersionCount, wanted: int) -> None:
        """Count ``wanted`` encryptions, which may then be made. Raises ``LimitReached``, with none counted."""
        if wanted <= count.left:
            count.left -= wanted
            self._renew(count)
            return
        async with count.lock:
            if wanted <= count.left:
                count.left -= wanted
                return
            # The rest stays for smaller requests; this one is served from the new block alone.
            await self._reserve(count, wanted)

    async def totals(self, keyring: Keyring) -> dict[int, int]:
        """The encryptions of each usable version: exact for this process, with whole blocks of the others."""
        value = await self._storage.get(COUNTS + keyring.record.name)
        totals = {} if value is None else decode_totals(value)
        result: dict[int, int] = {}
        for number, version in keyring.versions.items():
            created = version.record.created
            count = self._counts.get((keyring.record.name, number, created))
            result[number] = max(_total(totals, number, created) - (0 if count is None else count.left), 0)
        return result

    async def close(self) -> None:
        """Return unused reservations, so that the counts are exact after an orderly stop."""
        renewals = list(self._renewals)
        for task in renewals:
            task.cancel()
        await asyncio.gather(*renewals, return_exceptions=True)
        counts = [count for count in reversed(self._counts.values()) if count.left]
        self._counts.clear()
        unused = iter([(count, _drained(count)) for count in counts[:_MAX_GIVEN_BACK]])
        try:
            while some := list(islice(unused, _GIVEN_BACK_TOGETHER)):
                await self._give_back(some)
        except StorageFault as fault:
            _log.warning("unused encryptions of %r stay counted: %s", self._storage.prefix, fault)

    def _renew(self, count: VersionCount) -> None:
        """Reserve the next block in the background."""
        if count.renewing:
            return
        count.renewing = True
        count.low = 0
        task = asyncio.get_running_loop().create_task(self._renewal(count))
        self._renewals.add(task)
        task.add_done_callback(self._renewals.discard)

    async def _renewal(self, count: VersionCount) -> None:
        try:
            async with count.lock:
                await self._reserve(count, 0)
        except LimitReached:
            pass  # The rest of the block can still be used; later requests get the error.
        except StorageFault as fault:
            _log.warning("encryptions of key %r of %r were not reserved: %s", count.key, self._storage.prefix, fault)
        finally:
            count.renewing = False

    async def _reserve(self, count: VersionCount, wanted: int) -> None:
        """Reserve a block and ``wanted`` encryptions, which count as used. Raises ``LimitReached``."""

        async def reserve(transaction: Transaction) -> tuple[int, int]:
            totals = await _stored(transaction, count.key)
            total = _total(totals, count.number, count.created)
            available = max(count.limit - total, 0)
            if count.limit and available < max(wanted, 1):
                raise LimitReached
            granted = wanted + count.next_block(available - wanted)
            if await _is_current(transaction, count):
                totals[count.number] = VersionTotal(count.created, total + granted)
                transaction.put(COUNTS + count.key, encode_totals(totals))
            return granted, total + granted

        warned = count.half_made
        granted, stored = await transact(self._storage, reserve)
        count.take(granted, wanted, stored)
        if count.half_made and not warned:
            _log.warning(
                "version %d of key %r of %r has made half of the %d encryptions that it may make",
                count.number,
                count.key,
                self._storage.prefix,
                count.limit,
            )

    async def _give_back(self, unused: list[tuple[VersionCount, int]]) -> None:
        async def return_unused(transaction: Transaction) -> None:
            for count, left in unused:
                totals = await _stored(transaction, count.key)
                total = _total(totals, count.number, count.created)
                if total >= left:
                    totals[count.number] = VersionTotal(count.created, total - left)
                    transaction.put(COUNTS + count.key, encode_totals(totals))

        await transact(self._storage, return_unused)


async def _stored(reader: Reader, name: str) -> dict[int, VersionTotal]:
    value = await reader.get(COUNTS + name)
    return {} if value is None else decode_totals(value)


async def _is_current(reader: Reader, count: VersionCount) -> bool:
    """Whether the version still exists: a request may use one whose name belongs to another key by now."""
    value = await reader.get(KEYS + count.key)
    version = None if value is None else decode_record(value).versions.get(count.number)
    return version is not None and version.created == count.created


def _total(totals: dict[int, VersionTotal], number: int, created: int) -> int:
    stored = totals.get(number)
    return stored.total if stored is not None and stored.created == created else 0


def _drained(count: VersionCount) -> int:
    left, count.left, count.low = count.left, 0, 0
    return left
