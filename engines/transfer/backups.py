"""Backups of keys in OpenBao's format, in clear: base64 of JSON that holds every version, archived ones included.

They move keys between this server and OpenBao, in both directions, so the names and the forms of all fields are
OpenBao's; those of HashiCorp Vault are read too. What is read back is checked further than OpenBao does it: every
version must hold a key of the key's type.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Algorithm, Pace
from engines.algorithms.symmetric.derivation import COUNTER_MODE_BYTES, DERIVATIONS, HMAC_SHA256_COUNTER
from engines.base import Body, Call, Reply
from engines.durations import SECOND
from engines.encoding import NotBase64, decode_base64, encode_base64, nanoseconds_of
from engines.faults import Failed, InvalidRequest
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
from engines.keys.store import ARCHIVES, COUNTS, KEYS, NAME, KeepsKeys
from engines.transfer.dialects import Dialect, algorithm_in, parse_dialect
from engines.transfer.entries import (
    EMPTY_ENTRY,
    RULES,
    Backup,
    PolicyBackup,
    RulesBackup,
    dump_info,
    dump_rules,
    dump_version,
    load_info,
    load_rules,
    load_totals,
    load_version,
)
from engines.worker_pools import at_pace
from storage.base import Transaction, transact

_CONVERGENT_VERSION = 3
"""The way of choosing nonces that this server has; the older ones are those of keys from before Vault 0.10."""


class Restoration(Body):
    """What to restore; a name that is given goes before that in the backup.

    ``dialect`` says whose backup it is where that can't be told from it: ``openbao`` or ``vault``.
    """

    name: str = ""
    backup: str = ""
    force: bool = False
    dialect: str = ""

    tells = {
        "name": "The name to restore under; that in the backup if empty.",
        "backup": "What a backup gave.",
        "force": "Replace a key that is there.",
        "dialect": "Whose backup it is: `openbao` or `vault`. Needed where that can't be told.",
    }


async def back_up(engine: KeepsKeys, call: Call, body: KeyName) -> Reply:
    """Give a key with all its versions, and note in it that this was done."""

    async def work(transaction: Transaction) -> str:
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
        info = RestoreInfo(nanoseconds_of(call.now), record.latest_version)
        record = replace(record, backup_info=info)
        engine.keys.rewrite(transaction, record)
        archived = await engine.keys.archived(transaction, record.name)
        counted = await transaction.get(COUNTS + record.name)
        rules = dump_rules(record, {} if counted is None else decode_totals(counted))
        return _dump(record, ArchiveRecord(versions=archived), rules)

    return Reply({"backup": await transact(engine.keys.storage, work)})


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
    """Make the key that a backup holds; ``force`` replaces one that is there."""
    if not body.backup:
        raise InvalidRequest("'backup' must be supplied")
    if "/" in body.name:
        raise Failed("key names cannot be paths")
    dialect = parse_dialect(body.dialect)
    try:
        text = decode_base64(body.backup)
    except NotBase64 as error:
        raise Failed(error.message) from None
    # Checking the numbers of an RSA key takes a while, and there may be many versions.
    record, archive, rules = await at_pace(Pace.LONG, partial(_load, text, body.name, dialect))
    info = RestoreInfo(nanoseconds_of(call.now), record.latest_version)
    record = replace(record, restore_info=info)
    engine.keys.check_kept(record)

    async def work(transaction: Transaction) -> None:
        value = await transaction.get(KEYS + record.name)
        if value is not None:
            if not body.force:
                raise Failed(f'key "{record.name}" already exists')
            check_use(decode_record(value), Use.MANAGE, call.now)
        counted = await transaction.get(COUNTS + record.name)
        totals = load_totals(record, archive, rules, {} if counted is None else decode_totals(counted))
        if totals:
            transaction.put(COUNTS + record.name, encode_totals(totals))
        else:
            transaction.delete(COUNTS + record.name)
        engine.keys.write(transaction, record, call)
        if archive.versions:
            transaction.put(ARCHIVES + record.name, encode_archive(archive))
        else:
            transaction.delete(ARCHIVES + record.name)

    await transact(engine.keys.storage, work)


def _load(text: bytes, name: str, dialect: Dialect | None) -> tuple[KeyringRecord, ArchiveRecord, RulesBackup]:
    """The records in a backup's JSON, under ``name`` if that isn't empty. Raises ``Failed``."""
    try:
        document = json.loads(text)
        backup = msgspec.convert(document, Backup, str_keys=True)
    except (ValueError, RecursionError, msgspec.ValidationError):
        raise Failed("the backup is not one of a key") from None
    policy = backup.policy
    archived_keys = backup.archived_keys.keys if backup.archived_keys is not None else []
    algorithm = algorithm_in(dialect, policy.type, document["policy"], [*policy.keys.values(), *archived_keys])
    _check_policy(policy, name or policy.name, algorithm)
    entries: dict[int, Mapping[str, Any]] = {
        policy.min_available_version + index: entry for index, entry in enumerate(archived_keys)
    }
    entries.update(policy.keys)
    wanted = range(max(policy.min_available_version, 1), policy.latest_version + 1)
    versions = {number: load_version(algorithm, entries[number]) for number in wanted if entries.get(number)}
    if policy.convergent_encryption:
        for number in versions:
            _check_convergent(policy, entries[number])
    usable = {number: version for number, version in versions.items() if number >= policy.min_decryption_version}
    if any(number not in usable for number in wanted if number >= policy.min_decryption_version):
        raise Failed("the backup lacks versions of the key")
    record = KeyringRecord(
        name=name or policy.name,
        type=algorithm.name,
        versions=usable,
        latest_version=policy.latest_version,
        min_decryption_version=policy.min_decryption_version,
        min_encryption_version=policy.min_encryption_version,
        min_available_version=policy.min_available_version,
        derived=policy.derived,
        derivation=policy.kdf,
        convergent=policy.convergent_encryption,
        exportable=policy.exportable,
        allow_plaintext_backup=policy.allow_plaintext_backup,
        deletion_allowed=policy.deletion_allowed,
        auto_rotate_period_seconds=policy.auto_rotate_period // SECOND,
        imported=policy.imported,
        imported_rotation_allowed=policy.imported_rotation_allowed,
        soft_deleted=policy.soft_deleted,
        key_bytes=policy.key_size,
        backup_info=load_info(policy.backup_info),
    )
    archived = {number: version for number, version in versions.items() if number < policy.min_decryption_version}
    rules = backup.rules or RulesBackup()
    return load_rules(record, rules), ArchiveRecord(versions=archived), rules


def _check_convergent(policy: PolicyBackup, entry: Mapping[str, Any]) -> None:
    """Raises ``Failed`` if a version chooses its nonces in a way that this server hasn't."""
    # The version's own field goes before the key's, which has been -1 since versions have one; 0 is the oldest way.
    version = entry.get("convergent_version") or policy.convergent_version or 1
    if version != _CONVERGENT_VERSION:
        raise Failed(f"convergent encryption of version {version} is not supported")


def _check_policy(policy: PolicyBackup, name: str, algorithm: Algorithm) -> None:
    """Raises ``Failed`` unless a key of this server can be what ``policy`` describes."""
    if "/" in name or not name:
        raise Failed("failed restored policy name validator: entry would not be accessible")
    if not NAME.fullmatch(name):
        raise Failed("failed restored policy name validator: name does not match framework.GenericNameRegex")
    if (policy.derived and not algorithm.usage.derivable) or (
        policy.convergent_encryption and not algorithm.usage.convergent
    ):
        raise Failed(f"key derivation and convergent encryption not supported for keys of type {algorithm.key_type}")
    if policy.convergent_encryption and not policy.derived:
        raise Failed("convergent encryption requires derivation to be enabled")
    if policy.version_template or policy.storage_prefix or policy.kdf not in DERIVATIONS:
        raise Failed("the backup has a version template, storage prefix or key derivation that is not supported")
    derivation = DERIVATIONS[policy.kdf]
    if policy.derived and derivation is HMAC_SHA256_COUNTER and algorithm.sizes.key_bytes > COUNTER_MODE_BYTES:
        raise Failed(f"keys of type {algorithm.key_type} can't be derived by {derivation.name}")
    limits = (0, policy.min_available_version, policy.min_decryption_version, policy.latest_version)
    if list(limits) != sorted(limits) or not 0 <= policy.min_encryption_version <= policy.latest_version:
        raise Failed("the versions in the backup contradict each other")
    if policy.min_decryption_version < 1:
        raise Failed("the versions in the backup contradict each other")
