"""Storage of named keys: ``policy/<name>``, with old versions at ``archive/<name>``.

Every change is a transaction on the state that it was decided on, repeated after a conflict: two concurrent rotations
give two versions, and a deleted key isn't written back by an earlier change. Keys with automatic rotation are also
listed at ``autorotate/<name>``, so that finding those that are due doesn't read every key. The counts of encryptions
are at ``encryptions/<name>``, see ``engines.keys.counting``. Destroyed versions leave tombstones
at ``gone/<name>``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from msgspec.structs import replace

from engines.algorithms.base import Material
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Algorithm
from engines.base import NOT_COUNTED, Call, MayUpdate, UseCounts, may_update_nothing
from engines.crypto_policy.facts import NOWHERE, Place
from engines.crypto_policy.fips import FipsGuard, FipsMode
from engines.crypto_policy.gate import OPEN_GATE, Asking, AutomaticWork, Gate, KeyUse
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import allow_whole, note
from engines.faults import Failed, Fault, InvalidRequest
from engines.keys.approval import unapproved_kind, unapproved_new
from engines.keys.facts import facts_of_latest, facts_of_new
from engines.keys.keyring import Keyring, decode_keyring
from engines.keys.records import (
    ArchiveRecord,
    KeyringRecord,
    VersionRecord,
    bury,
    decode_archive,
    decode_record,
    decode_totals,
    encode_archive,
    encode_keyring,
    encode_totals,
    new_version,
    tombstones,
    with_new_version,
    with_origins,
)
from engines.keys.states import Use, check_use
from engines.worker_pools import at_pace
from storage.base import Transaction, transact
from storage.view import View

KEYS = "policy/"
ARCHIVES = "archive/"
AUTO_ROTATED = "autorotate/"
COUNTS = "encryptions/"

NAME = re.compile(r"\w(?:[\w.-]*\w)?", re.ASCII)
"""Valid names of keys. The router checks names in paths, but not those in bodies."""


class SoftDeleted(InvalidRequest):
    """The key is marked as deleted and can't be used until it is restored."""

    def __init__(self) -> None:
        super().__init__("refusing to use soft-deleted key")


async def generate(algorithm: Algorithm, key_bytes: int) -> Material:
    """A new key of ``algorithm``, made in a thread if that is slow.

    Raises ``Failed`` for an invalid length, and ``RateLimited`` while many keys are being made.
    """
    return await at_pace(algorithm.pacing.generating, partial(algorithm.generate, key_bytes))


class KeyStore:
    """The keys of one mount, by its FIPS mode: unapproved keys may not be made, or protect data.

    They are of ``algorithms``; ``plain`` allows neither derivation nor soft deletion. ``gate`` applies the crypto
    policy to keys at ``place``, and ``may_update`` tells whether a caller may also update other paths there.
    ``use_counts`` are of the uses of the keys.
    """

    def __init__(
        self,
        storage: View,
        fips_mode: FipsMode,
        algorithms: Mapping[str, Algorithm] = ALGORITHMS,
        *,
        plain: bool = False,
        gate: Gate = OPEN_GATE,
        place: Place = NOWHERE,
        may_update: MayUpdate = may_update_nothing,
        use_counts: UseCounts = NOT_COUNTED,
    ) -> None:
        self.storage = storage
        self.algorithms = algorithms
        self.gate = gate
        self.place = place
        self.may_update = may_update
        self.use_counts = use_counts
        self.blocked: set[str] = set()
        """The keys of which the log says that the crypto policy refuses to rotate them."""

        self.fips = FipsGuard(fips_mode, f"keys of {storage.prefix!r}")
        self._plain = plain
        self._decode = partial(decode_keyring, guard=self.fips)

    def check_kept(self, record: KeyringRecord) -> None:
        """Raises ``Failed`` unless ``record``, an imported one, is of a kind that this store has."""
        if record.type not in self.algorithms:
            raise Failed(f"keys of type {record.type} are not kept here")
        if self._plain and (record.derived or record.soft_deleted):
            raise Failed("keys with derivation and soft-deleted keys are not kept here")

    async def load(self, name: str) -> Keyring | None:
        """The key called ``name``, from the cache if possible: for reading, not for use."""
        return self.storage.ready(KEYS + name) or await self.storage.load(KEYS + name, self._decode)

    async def use(self, name: str, use: Use, call: Call) -> Keyring | None:
        """The key called ``name``, for ``use`` by ``call``, which is warned of an unapproved key.

        Raises ``InvalidRequest`` if the key's state or the FIPS mode forbids that.
        """
        keyring = await self.load(name)
        if keyring is not None and keyring.restricted:
            self.check(keyring, use, call)
        return keyring

    def check(self, keyring: Keyring, use: Use, call: Call) -> None:
        """As ``use``, for a loaded key."""
        check_use(keyring.record, use, call.now)
        if use is Use.PROTECT:
            self.fips.protecting(call, keyring.unapproved)
        elif use is Use.PROCESS:
            self.fips.processing(call, keyring.unapproved)

    async def list(self, after: str, limit: int | None) -> list[str]:
        """The names of keys, in order; names with keys below them end in ``/``."""
        return await self.storage.list(KEYS, after, limit)

    async def create(
        self, record: KeyringRecord, algorithm: Algorithm, call: Call, *, of_server: bool = False
    ) -> Keyring:
        """Create the key that ``record`` describes, with its first version; an existing key is unchanged.

        ``call`` is warned of an unapproved key. ``of_server``: it is a key of the server's own, to which crypto
        policies don't apply.

        Raises ``Failed`` if the algorithm doesn't support ``record``, ``NotApproved`` if the mode forbids it, and
        ``PolicyRefused``.
        """
        if not of_server:
            note(call, CryptoOperation.CREATE, record.name)
        found = await self.load(record.name)
        if found is not None:
            return found
        self.fips.protecting(call, unapproved_kind(record))
        if record.derived and not algorithm.usage.derivable:
            raise Failed(
                f"key derivation and convergent encryption not supported for keys of type {algorithm.key_type}"
            )
        if record.convergent and not algorithm.usage.convergent:
            raise Failed(f"convergent encryption not supported for keys of type {algorithm.key_type}")
        use = None
        if not of_server:
            use = allow_whole(self, call, CryptoOperation.CREATE, facts_of_new(record, self.place, call.now))
        material = await generate(algorithm, record.key_bytes)
        made = replace(record, versions={1: new_version(material, call.now)})

        async def store_new(transaction: Transaction) -> Keyring:
            value = await transaction.get(KEYS + record.name)
            if value is not None:
                return self._decode(value)
            self.rewrite(transaction, made)
            return Keyring(made, self.fips)

        keyring = await transact(self.storage, store_new)
        if use is not None:
            use.count, use.key_version = 1, 1
        return keyring

    async def change(
        self,
        name: str,
        call: Call,
        missing: Fault,
        edit: Callable[[KeyringRecord], KeyringRecord],
        *,
        even_disabled: bool = False,
    ) -> Keyring:
        """Replace the key ``name`` by the result of ``edit``, which may run several times, or raise a fault.

        Versions that ``edit`` moves across ``min_decryption_version`` go to the archive or come back from it, and those
        below ``min_available_version`` are destroyed. Raises ``missing`` if there is no such key, ``InvalidRequest``
        for a disabled one unless ``even_disabled``, and ``PolicyRefused``.
        """
        note(call, CryptoOperation.CONFIGURE, name)
        return await self._change(name, call, missing, edit, even_disabled=even_disabled)

    async def classify(self, name: str, missing: Fault, edit: Callable[[KeyringRecord], KeyringRecord]) -> Keyring:
        """As ``change``, of what a key is classified or marked as: the gate isn't asked, and it may be disabled."""
        return await self._change(name, None, missing, edit, even_disabled=True)

    async def _change(
        self,
        name: str,
        call: Call | None,
        missing: Fault,
        edit: Callable[[KeyringRecord], KeyringRecord],
        *,
        even_disabled: bool,
    ) -> Keyring:
        use: KeyUse | None = None

        async def store_edited(transaction: Transaction) -> Keyring:
            nonlocal use
            value = await transaction.get(KEYS + name)
            if value is None:
                raise missing
            old = decode_record(value)
            if not even_disabled:
                check_use(old, Use.MANAGE, 0)
            new = edit(old)
            if new is not old:
                if call is not None:
                    use = allow_whole(self, call, CryptoOperation.CONFIGURE, facts_of_latest(new, self.place))
                new = await self._move_versions(transaction, old, new, 0 if call is None else call.now)
                self.rewrite(transaction, new)
            return Keyring(new, self.fips)

        keyring = await transact(self.storage, store_edited)
        if use is not None:
            use.count = 1
        return keyring

    async def rotate(self, name: str, now: float, *, missing: Fault, call: Call | None = None) -> Keyring:
        """Give the key ``name`` a new version.

        ``call``, if a request asked for it, is warned of an unapproved key. Raises ``missing``, ``Failed``,
        ``InvalidRequest`` for a disabled or unapproved key, or ``PolicyRefused``.
        """
        rotated, _ = await self._rotate(name, now, missing, AutomaticWork(now) if call is None else call)
        if call is not None:
            self.fips.processing(call, rotated.unapproved)
        return rotated

    async def rotate_from(self, name: str, number: int, now: float, *, missing: Fault) -> tuple[Keyring, bool]:
        """Give the key ``name`` a new version if ``number`` is still its latest; return it, and whether it rotated.

        Raises as ``rotate``.
        """
        return await self._rotate(name, now, missing, AutomaticWork(now), number)

    async def _rotate(
        self, name: str, now: float, missing: Fault, asking: Asking, only_from: int = 0
    ) -> tuple[Keyring, bool]:
        note(asking, CryptoOperation.ROTATE, name)
        fresh: Material | None = None
        fresh_type = ""
        use: KeyUse | None = None

        async def add_version(transaction: Transaction) -> tuple[Keyring, bool]:
            nonlocal fresh, fresh_type, use
            value = await transaction.get(KEYS + name)
            if value is None:
                raise missing
            old = self._decode(value)
            check_use(old.record, Use.MANAGE, now)
            if only_from and old.record.latest_version != only_from:
                return old, False
            check_rotatable(old.record)
            self.fips.refuse(unapproved_kind(old.record))
            use = allow_whole(self, asking, CryptoOperation.ROTATE, old.latest.facts(self.place))
            # A second attempt reuses the material of the first, unless the type has changed.
            if fresh is None or fresh_type != old.record.type:
                fresh = await generate(old.algorithm, old.record.key_bytes)
                fresh_type = old.record.type
            new = with_new_version(with_origins(old.record), new_version(fresh, now))
            self.rewrite(transaction, new)
            return Keyring(new, self.fips), True

        rotated, made = await transact(self.storage, add_version)
        if use is not None:
            use.count, use.key_version = 1, rotated.record.latest_version
        return rotated, made

    async def delete(self, name: str, call: Call) -> None:
        """Delete the key ``name`` and all its versions.

        Raises ``InvalidRequest`` if that isn't allowed, and ``PolicyRefused``.
        """
        note(call, CryptoOperation.DELETE, name)

        async def delete_key(transaction: Transaction) -> KeyUse:
            value = await transaction.get(KEYS + name)
            if value is None:
                raise InvalidRequest(f"error deleting policy {name}: could not delete key; not found")
            record = decode_record(value)
            check_use(record, Use.MANAGE, 0)
            if not record.deletion_allowed:
                raise InvalidRequest(f"error deleting policy {name}: deletion is not allowed for this key")
            use = allow_whole(self, call, CryptoOperation.DELETE, facts_of_latest(record, self.place))
            versions = {**await self.archived(transaction, name), **record.versions}
            await bury(transaction, name, tombstones(record, versions, versions, call.now))
            transaction.delete(KEYS + name)
            transaction.delete(ARCHIVES + name)
            transaction.delete(AUTO_ROTATED + name)
            transaction.delete(COUNTS + name)
            return use

        (await transact(self.storage, delete_key)).count = 1

    def write(self, transaction: Transaction, record: KeyringRecord, call: Call, operation: CryptoOperation) -> None:
        """Write ``record``, of an imported key or with an imported version, for ``operation``.

        ``call`` is warned of an unapproved key. Raises ``NotApproved`` if the FIPS mode forbids it, and
        ``PolicyRefused``.
        """
        if self.fips.active:
            self.fips.protecting(call, unapproved_new(record))
        if operation is CryptoOperation.RESTORE:
            facts = facts_of_latest(record, self.place)
        else:
            facts = facts_of_new(record, self.place, call.now)
        use = allow_whole(self, call, operation, facts)
        self.rewrite(transaction, record)
        use.count, use.key_version = 1, record.latest_version

    def rewrite(self, transaction: Transaction, record: KeyringRecord) -> None:
        """Write ``record``, of an existing key, and update the list of keys with automatic rotation."""
        transaction.put(KEYS + record.name, encode_keyring(record))
        if record.auto_rotate_period_seconds:
            transaction.put(AUTO_ROTATED + record.name, b"")
        else:
            transaction.delete(AUTO_ROTATED + record.name)

    async def bury_replaced(
        self, transaction: Transaction, old: KeyringRecord, kept: Mapping[int, VersionRecord], now: float
    ) -> None:
        """Leave tombstones of the versions of ``old``, a key that is replaced, that aren't among ``kept``."""
        versions = {**await self.archived(transaction, old.name), **old.versions}
        gone = [
            number
            for number, version in versions.items()
            if number not in kept or kept[number].created != version.created
        ]
        await bury(transaction, old.name, tombstones(old, versions, gone, now))

    async def archived(self, transaction: Transaction, name: str) -> dict[int, VersionRecord]:
        """The archived versions of the key ``name``, by number."""
        value = await transaction.get(ARCHIVES + name)
        return {} if value is None else decode_archive(value).versions

    async def _move_versions(
        self, transaction: Transaction, old: KeyringRecord, new: KeyringRecord, now: float
    ) -> KeyringRecord:
        """Distribute versions between ``new`` and the archive by its limits."""
        if (old.min_decryption_version, old.min_available_version) == (
            new.min_decryption_version,
            new.min_available_version,
        ):
            return new
        versions = {**await self.archived(transaction, new.name), **new.versions}
        kept = {number: version for number, version in versions.items() if number >= new.min_available_version}
        await bury(transaction, old.name, tombstones(old, versions, versions.keys() - kept.keys(), now))
        archived = {number: version for number, version in kept.items() if number < new.min_decryption_version}
        if archived:
            transaction.put(ARCHIVES + new.name, encode_archive(ArchiveRecord(versions=archived)))
        else:
            transaction.delete(ARCHIVES + new.name)
        if old.min_available_version != new.min_available_version:
            await self._trim_counts(transaction, new)
        usable = {number: version for number, version in kept.items() if number >= new.min_decryption_version}
        marks = {number: mark for number, mark in new.compromised.items() if number >= new.min_available_version}
        return replace(new, versions=dict(sorted(usable.items())), compromised=marks)

    async def _trim_counts(self, transaction: Transaction, record: KeyringRecord) -> None:
        value = await transaction.get(COUNTS + record.name)
        if value is not None:
            totals = decode_totals(value)
            kept = {number: total for number, total in totals.items() if number >= record.min_available_version}
            transaction.put(COUNTS + record.name, encode_totals(kept))


class KeepsKeys(Protocol):
    """An engine with named keys."""

    keys: KeyStore


def check_rotatable(record: KeyringRecord) -> None:
    """Raises ``Failed`` if the key may not have versions made by this server."""
    if record.soft_deleted:
        raise Failed("refusing to use soft-deleted key")
    if record.imported and not record.imported_rotation_allowed:
        raise Failed(f"imported key {record.name} does not allow rotation within Vault")
