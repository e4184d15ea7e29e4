"""Backups of keys in OpenBao's format, in clear: base64 of JSON that holds every version, archived ones included.

They move keys between this server and OpenBao, in both directions, so names and encodings of all fields are OpenBao's;
HashiCorp Vault's backups can be restored too. Checks are stricter than OpenBao's: every version must hold a key of the
key's type.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any, ClassVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Pace
from engines.base import Body, Call, Reply
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import begin, note
from engines.durations import SECOND
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
    decode_record,
    decode_totals,
    encode_archive,
    encode_totals,
)
from engines.keys.settings import KeyName
from engines.keys.states import Use, check_use
from engines.keys.store import ARCHIVES, COUNTS, KEYS, KeepsKeys
from engines.transfer.dialects import parse_dialect
from engines.transfer.entries import (
    EMPTY_ENTRY,
    RULES,
    dump_info,
    dump_rules,
    dump_version,
    load_totals,
)
from engines.transfer.reading import assemble, load_group, read
from engines.worker_pools import at_pace, each_at_pace
from storage.base import Transaction, transact


class Restoration(Body):
    """A backup to restore; a name in the path overrides that in the backup, one in the body is ignored.

    ``dialect`` is the backup's origin, ``openbao`` or ``vault``, if that can't be detected.
    """

    path_only: ClassVar[frozenset[str]] = frozenset({"name"})

    name: str = ""
    backup: str = ""
    force: bool = False
    dialect: str = ""
    data_class: str | UnsetType = UNSET
    labels: KeyValues | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    shelf_life_years: int | UnsetType = UNSET

    tells = {
        **CLASSIFICATION_TELLS,
        "name": "The name of the restored key; in the path only. Default: the name in the backup.",
        "backup": "The `backup` of the answer to a backup.",
        "force": "Replace an existing key of this name.",
        "dialect": "The product that made the backup, `openbao` or `vault`. Required where the backup doesn't show it.",
    }


async def back_up(engine: KeepsKeys, call: Call, body: KeyName) -> Reply:
    """Return a key with all its versions, and record the backup in it."""
    uses = begin(engine.keys, call, CryptoOperation.BACKUP, body.name)

    async def export_record(transaction: Transaction) -> str:
        value = await transaction.get(KEYS + body.name)
        if value is None:
            raise Failed(f'key "{body.name}" not found')
        record = decode_record(value)
        check_use(record, Use.COPY, call.now)
        if record.soft_deleted:
            raise Failed("refusing to use soft-deleted key")
        if not record.exportable:
            raise Failed("exporting is disallowed on the policy")
        if not record.allow_plaintext_backup:
            raise Failed("plaintext backup is disallowed on the policy")
        use = uses.allow(facts_of_latest(record, uses.place))
        info = RestoreInfo(nanoseconds_of(call.now), record.latest_version)
        record = replace(record, backup_info=info)
        engine.keys.rewrite(transaction, record)
        archived = await engine.keys.archived(transaction, record.name)
        counted = await transaction.get(COUNTS + record.name)
        rules = dump_rules(record, {} if counted is None else decode_totals(counted))
        use.count = 1
        return _dump(record, ArchiveRecord(versions=archived), rules)

    return Reply({"backup": await transact(engine.keys.storage, export_record)})


def _dump(record: KeyringRecord, archive: ArchiveRecord, rules: dict[str, Any]) -> str:
    algorithm = ALGORITHMS[record.type]
    every = {**archive.versions, **record.versions}
    entries = {number: dump_version(algorithm, record, version) for number, version in every.items()}
    first = record.min_available_version
    policy: dict[str, Any] = {
        "name": record.name,
        "keys": {str(number): entries[number] for number in record.versions},
        "derived": record.derived,
        "kdf": record.derivation if record.derived else 0,
        "convergent_encryption": record.convergent,
        "exportable": record.exportable,
        "min_decryption_version": record.min_decryption_version,
        "min_encryption_version": record.min_encryption_version,
        "latest_version": record.latest_version,
        "archive_version": record.latest_version,
        "archive_min_version": first,
        "min_available_version": first,
        "deletion_allowed": record.deletion_allowed,
        "convergent_version": -1 if record.convergent else 0,
        "type": algorithm.number,
        "backup_info": dump_info(record.backup_info),
        "restore_info": dump_info(record.restore_info),
        "allow_plaintext_backup": record.allow_plaintext_backup,
        "version_template": "",
        "storage_prefix": "",
        "auto_rotate_period": record.auto_rotate_period_seconds * SECOND,
        "Imported": record.imported,
        "AllowImportedKeyRotation": record.imported_rotation_allowed,
        "soft_deleted": record.soft_deleted,
    }
    if record.key_bytes:
        policy["key_size"] = record.key_bytes
    archived = [entries.get(number, EMPTY_ENTRY) for number in range(first, record.latest_version + 1)]
    backup: dict[str, Any] = {"policy": policy, "archived_keys": {"keys": archived}}
    if rules:
        backup[RULES] = rules
    return encode_base64(json.dumps(backup).encode())


async def restore(engine: KeepsKeys, call: Call, body: Restoration) -> None:
    """Create the key in a backup; ``force`` replaces an existing one."""
    note(call, CryptoOperation.RESTORE, body.name)
    if not body.backup:
        raise InvalidRequest("'backup' must be supplied")
    if "/" in body.name:
        raise Failed("key names cannot be paths")
    dialect = parse_dialect(body.dialect)
    try:
        text = decode_base64(body.backup)
    except NotBase64 as error:
        raise Failed(error.message) from None
    backup = await at_pace(Pace.LONG, partial(read, text, body.name, dialect))
    # Validating an RSA key takes a while, and there may be many versions: other tasks run in between.
    groups = await each_at_pace(Pace.LONG, [partial(load_group, backup.algorithm, group) for group in backup.groups()])
    record, archive, rules = assemble(backup, {number: version for group in groups for number, version in group})
    info = RestoreInfo(nanoseconds_of(call.now), record.latest_version)
    record = replace(record, restore_info=info)
    engine.keys.check_kept(record)
    await check_may_classify(engine.keys, call, record.name, body)

    versions = {**archive.versions, **record.versions}
    await engine.keys.use_counts.flush()

    async def store_restored(transaction: Transaction) -> None:
        value = await transaction.get(KEYS + record.name)
        there = None if value is None else decode_record(value)
        if there is not None:
            if not body.force:
                raise Failed(f'key "{record.name}" already exists')
            check_use(there, Use.MANAGE, call.now)
            await engine.keys.bury_replaced(transaction, there, versions, call.now)
        counted = await transaction.get(COUNTS + record.name)
        totals = load_totals(record, archive, rules, {} if counted is None else decode_totals(counted))
        if totals:
            transaction.put(COUNTS + record.name, encode_totals(totals))
        else:
            transaction.delete(COUNTS + record.name)
        marked = await with_known_marks(engine.keys, transaction, record, versions)
        await forget_uses(transaction, record.name, versions)
        written = restored(marked, there, body, engine.keys, call)
        engine.keys.write(transaction, written, call, CryptoOperation.RESTORE)
        if archive.versions:
            transaction.put(ARCHIVES + record.name, encode_archive(archive))
        else:
            transaction.delete(ARCHIVES + record.name)

    await transact(engine.keys.storage, store_restored)
