"""Backups of keys, in clear: base64 of JSON that holds every version, archived ones included.

The format is our own, since no other server has such keys. A backup isn't trusted: every version must hold a key pair
of the key's type.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from engines.algorithms.base import Material
from engines.algorithms.encodings.interchange import BadBackup
from engines.algorithms.row import Algorithm, Pace
from engines.base import Call, Reply
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import begin, note
from engines.encoding import NotBase64, decode_base64, encode_base64, nanoseconds_of
from engines.faults import Failed, InvalidRequest
from engines.fields import KeyValues
from engines.keys.counting.use_records import forget_uses
from engines.keys.facts import facts_of_latest
from engines.keys.policy.classification import TELLS as CLASSIFICATION_TELLS
from engines.keys.policy.classification import check_may_classify, restored
from engines.keys.policy.compromise import with_known_marks
from engines.keys.records import (
    ArchiveRecord,
    KeyringRecord,
    RestoreInfo,
    VersionRecord,
    decode_record,
    decode_totals,
    encode_archive,
    encode_totals,
    new_version,
)
from engines.keys.settings import KeyName, check_auto_rotate_period
from engines.keys.states import Use, check_use
from engines.keys.store import ARCHIVES, COUNTS, KEYS, NAME
from engines.pqc.creation import parse_type
from engines.pqc.keys import NoSuchKey
from engines.pqc.state import Pqc
from engines.transfer.entries import RulesBackup, dump_rules, load_rules, load_totals
from engines.worker_pools import at_pace
from storage.base import Transaction, transact

MAX_VERSIONS = 10_000
"""The most versions that a backup may hold; checking each takes about a millisecond."""

Number: TypeAlias = Annotated[int, Meta(ge=0, le=2**62)]
_NOT_A_BACKUP = "the backup is not one of a key of this engine"
_CONTRADICTION = "the versions in the backup contradict each other"


class VersionBackup(Struct, kw_only=True):
    """One version: ``key`` is the private part, if known; both are base64 of the stored bytes."""

    key: str | None = None
    public_key: str
    created: Number
    imported: bool = False


class KeyBackup(Struct, kw_only=True):
    """A key with all its versions. Times are in nanoseconds since the epoch."""

    format: Literal["cryptoserve-pqc-1"] = "cryptoserve-pqc-1"
    name: str
    type: str
    latest_version: Number
    min_decryption_version: Number
    min_encryption_version: Number
    min_available_version: Number
    exportable: bool
    allow_plaintext_backup: bool
    deletion_allowed: bool
    auto_rotate_period: Annotated[int, Meta(ge=0, le=2**33)]
    imported: bool
    imported_rotation_allowed: bool
    backed_up: Number
    versions: Annotated[dict[str, VersionBackup], Meta(max_length=MAX_VERSIONS)]
    """Versions by their numbers, as text."""

    rules: RulesBackup | None = None
    """Limits, states, notes and counts; absent from older backups."""


class Restoration(KeyName):
    """A backup to restore; a name in the path overrides that in the backup, one in the body is ignored."""

    path_only: ClassVar[frozenset[str]] = frozenset({"name"})

    backup: str = ""
    force: bool = False
    data_class: str | UnsetType = UNSET
    labels: KeyValues | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    shelf_life_years: int | UnsetType = UNSET

    tells = {
        **CLASSIFICATION_TELLS,
        "backup": "The `backup` of the answer to a backup.",
        "force": "Replace an existing key of this name.",
    }


_decode = msgspec.json.Decoder(KeyBackup).decode


async def back_up(engine: Pqc, call: Call, body: KeyName) -> Reply:
    """Return a key with all its versions, and record the backup in it."""
    uses = begin(engine.keys, call, CryptoOperation.BACKUP, body.name)

    async def export_record(transaction: Transaction) -> str:
        value = await transaction.get(KEYS + body.name)
        if value is None:
            raise NoSuchKey
        record = decode_record(value)
        check_use(record, Use.COPY, call.now)
        if not record.exportable:
            raise InvalidRequest("exporting is disallowed on the policy")
        if not record.allow_plaintext_backup:
            raise InvalidRequest("plaintext backup is disallowed on the policy")
        use = uses.allow(facts_of_latest(record, uses.place))
        record = replace(record, backup_info=RestoreInfo(nanoseconds_of(call.now), record.latest_version))
        engine.keys.rewrite(transaction, record)
        archived = await engine.keys.archived(transaction, record.name)
        counted = await transaction.get(COUNTS + record.name)
        rules = dump_rules(record, {} if counted is None else decode_totals(counted))
        use.count = 1
        return _dump(record, archived, rules, nanoseconds_of(call.now))

    return Reply({"backup": await transact(engine.keys.storage, export_record)})


def _dump(record: KeyringRecord, archived: dict[int, VersionRecord], rules: dict[str, Any], now: int) -> str:
    interchange = parse_type(record.type).interchange

    def dump(version: VersionRecord) -> VersionBackup:
        fields = interchange.to_backup(Material(version.private.reveal(), version.public))
        return VersionBackup(
            key=fields["key"], public_key=fields["public_key"], created=version.created, imported=version.imported
        )

    every = {**archived, **record.versions}
    backup = KeyBackup(
        name=record.name,
        type=record.type,
        latest_version=record.latest_version,
        min_decryption_version=record.min_decryption_version,
        min_encryption_version=record.min_encryption_version,
        min_available_version=record.min_available_version,
        exportable=record.exportable,
        allow_plaintext_backup=record.allow_plaintext_backup,
        deletion_allowed=record.deletion_allowed,
        auto_rotate_period=record.auto_rotate_period_seconds,
        imported=record.imported,
        imported_rotation_allowed=record.imported_rotation_allowed,
        backed_up=now,
        versions={str(number): dump(version) for number, version in sorted(every.items())},
        rules=msgspec.convert(rules, RulesBackup, str_keys=True) if rules else None,
    )
    return encode_base64(msgspec.json.encode(backup))


async def restore(engine: Pqc, call: Call, body: Restoration) -> None:
    """Create the key in a backup; ``force`` replaces an existing one."""
    note(call, CryptoOperation.RESTORE, body.name)
    if not body.backup:
        raise InvalidRequest("'backup' must be supplied")
    try:
        backup = await at_pace(Pace.LONG, partial(_decode, decode_base64(body.backup)))
    except (NotBase64, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise InvalidRequest(_NOT_A_BACKUP) from None
    name = body.name or backup.name
    if not NAME.fullmatch(name):
        raise InvalidRequest("the name of the key is not one that keys can have")
    versions = await at_pace(Pace.LONG, partial(_load_versions, parse_type(backup.type), backup, call.now))
    usable, archived = _split(backup, versions)
    rules = backup.rules or RulesBackup()
    record = _record(backup, name, usable, rules, call.now)
    archive = ArchiveRecord(versions=archived)
    await check_may_classify(engine.keys, call, name, body)

    await engine.keys.use_counts.flush()

    async def store_restored(transaction: Transaction) -> None:
        value = await transaction.get(KEYS + name)
        there = None if value is None else decode_record(value)
        if there is not None:
            if not body.force:
                raise InvalidRequest(f'key "{name}" already exists')
            check_use(there, Use.MANAGE, call.now)
            await engine.keys.bury_replaced(transaction, there, versions, call.now)
        counted = await transaction.get(COUNTS + name)
        totals = load_totals(record, archive, rules, {} if counted is None else decode_totals(counted))
        if totals:
            transaction.put(COUNTS + name, encode_totals(totals))
        else:
            transaction.delete(COUNTS + name)
        marked = await with_known_marks(engine.keys, transaction, record, versions)
        await forget_uses(transaction, name, versions)
        written = restored(marked, there, body, engine.keys, call)
        engine.keys.write(transaction, written, call, CryptoOperation.RESTORE)
        if archived:
            transaction.put(ARCHIVES + name, encode_archive(archive))
        else:
            transaction.delete(ARCHIVES + name)

    await transact(engine.keys.storage, store_restored)


def _record(
    backup: KeyBackup, name: str, usable: dict[int, VersionRecord], rules: RulesBackup, now: float
) -> KeyringRecord:
    """The key called ``name`` in ``backup``. Raises ``InvalidRequest`` for invalid settings."""
    check_auto_rotate_period(backup.auto_rotate_period)
    record = KeyringRecord(
        name=name,
        type=backup.type,
        versions=usable,
        latest_version=backup.latest_version,
        min_decryption_version=backup.min_decryption_version,
        min_encryption_version=backup.min_encryption_version,
        min_available_version=backup.min_available_version,
        exportable=backup.exportable,
        allow_plaintext_backup=backup.allow_plaintext_backup,
        deletion_allowed=backup.deletion_allowed,
        auto_rotate_period_seconds=backup.auto_rotate_period,
        imported=backup.imported,
        imported_rotation_allowed=backup.imported_rotation_allowed,
        backup_info=RestoreInfo(backup.backed_up, backup.latest_version),
        restore_info=RestoreInfo(nanoseconds_of(now), backup.latest_version),
    )

    try:
        return load_rules(record, rules)
    except Failed as fault:
        raise InvalidRequest(fault.message) from None


def _load_versions(algorithm: Algorithm, backup: KeyBackup, now: float) -> dict[int, VersionRecord]:
    """The versions in ``backup``, each a key of ``algorithm``. Raises ``InvalidRequest``."""
    versions: dict[int, VersionRecord] = {}
    for text, version in backup.versions.items():
        number = _number(text)
        entry: dict[str, Any] = {"key": version.key, "public_key": version.public_key}
        try:
            material = algorithm.interchange.from_backup(entry)
        except BadBackup:
            raise InvalidRequest(f"the backup holds a version that is no key of type {algorithm.name}") from None
        versions[number] = replace(new_version(material, now, imported=version.imported), created=version.created)
    return versions


def _number(text: str) -> int:
    """The number of a version. Raises ``InvalidRequest``."""
    if not text.isascii() or not text.isdigit() or len(text) > len(str(MAX_VERSIONS)):
        raise InvalidRequest(_CONTRADICTION)
    return int(text)


def _split(
    backup: KeyBackup, versions: dict[int, VersionRecord]
) -> tuple[dict[int, VersionRecord], dict[int, VersionRecord]]:
    """The usable versions and the archived ones. Raises ``InvalidRequest`` for contradictory limits."""
    limits = (0, backup.min_available_version, backup.min_decryption_version, backup.latest_version)
    first, least, latest = max(backup.min_available_version, 1), backup.min_decryption_version, backup.latest_version
    if list(limits) != sorted(limits) or least < 1 or latest > MAX_VERSIONS:
        raise InvalidRequest(_CONTRADICTION)
    if backup.min_encryption_version > latest or not all(first <= number <= latest for number in versions):
        raise InvalidRequest(_CONTRADICTION)
    if any(number not in versions for number in range(least, latest + 1)):
        raise InvalidRequest("the backup lacks versions of the key")
    usable = {number: version for number, version in sorted(versions.items()) if number >= least}
    return usable, {number: version for number, version in sorted(versions.items()) if number < least}
