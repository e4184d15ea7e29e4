"""Parser of a key's backup in OpenBao's JSON: its settings, its versions in groups, then the whole.

Every version must hold a key of the key's type, by the same checks as imported keys, and the settings must be valid for
a key here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from engines.algorithms.row import Algorithm, Pace
from engines.algorithms.symmetric.derivation import COUNTER_MODE_BYTES, DERIVATIONS, HMAC_SHA256_COUNTER
from engines.durations import SECOND
from engines.faults import Failed
from engines.keys.records import ArchiveRecord, KeyringRecord, VersionRecord
from engines.keys.store import NAME
from engines.transfer.dialects import Dialect, algorithm_in
from engines.transfer.entries import Backup, PolicyBackup, RulesBackup, load_info, load_rules, load_version

_GROUPS = {Pace.INSTANT: 500, Pace.BRIEF: 50, Pace.LONG: 1}
"""The number of versions checked in one piece of work, by the pace of generating one."""

_CONVERGENT_VERSION = 3
"""The supported version of convergent encryption; older ones are of keys from before Vault 0.10."""


@dataclass(frozen=True, slots=True)
class ReadBackup:
    """A parsed backup whose versions aren't checked yet."""

    name: str
    policy: PolicyBackup
    algorithm: Algorithm
    archived: Sequence[Mapping[str, Any]]
    rules: RulesBackup

    def groups(self) -> Iterator[list[tuple[int, Mapping[str, Any]]]]:
        """The present versions, in groups that take well below a second."""
        size = _GROUPS[self.algorithm.pacing.generating]
        found = [(number, entry) for number in self.wanted() if (entry := self.entry(number))]
        for start in range(0, len(found), size):
            yield found[start : start + size]

    def entry(self, number: int) -> Mapping[str, Any] | None:
        """The version ``number``; None if there is none."""
        index = number - self.policy.min_available_version
        archived = self.archived[index] if 0 <= index < len(self.archived) else None
        return self.policy.keys.get(str(number), archived)

    def wanted(self) -> range:
        """The allowed numbers of versions."""
        return range(max(self.policy.min_available_version, 1), self.policy.latest_version + 1)


def read(text: bytes, name: str, dialect: Dialect | None) -> ReadBackup:
    """A backup's JSON, under ``name`` if that isn't empty. Raises ``Failed``."""
    try:
        document = json.loads(text)
        backup = msgspec.convert(document, Backup, str_keys=True)
    except (ValueError, RecursionError, msgspec.ValidationError):
        raise Failed("the backup is not one of a key") from None
    policy = backup.policy
    archived_keys = backup.archived_keys.keys if backup.archived_keys is not None else []
    algorithm = algorithm_in(dialect, policy.type, document["policy"], [*policy.keys.values(), *archived_keys])
    _check_policy(policy, name or policy.name, algorithm)
    return ReadBackup(name or policy.name, policy, algorithm, archived_keys, backup.rules or RulesBackup())


def load_group(algorithm: Algorithm, group: Iterable[tuple[int, Mapping[str, Any]]]) -> list[tuple[int, VersionRecord]]:
    """The versions in ``group``, by number. Raises ``Failed`` if one is no key of ``algorithm``."""
    return [(number, load_version(algorithm, entry)) for number, entry in group]


def assemble(
    backup: ReadBackup, versions: Mapping[int, VersionRecord]
) -> tuple[KeyringRecord, ArchiveRecord, RulesBackup]:
    """The records of a backup. Raises ``Failed`` if its versions contradict its settings."""
    policy, algorithm, wanted = backup.policy, backup.algorithm, backup.wanted()
    if policy.convergent_encryption:
        for number in versions:
            _check_convergent(policy, backup.entry(number) or {})
    usable = {number: version for number, version in versions.items() if number >= policy.min_decryption_version}
    if any(number not in usable for number in wanted if number >= policy.min_decryption_version):
        raise Failed("the backup lacks versions of the key")
    record = KeyringRecord(
        name=backup.name,
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
        key_bytes=_key_bytes(policy, algorithm, usable[policy.latest_version]),
        backup_info=load_info(policy.backup_info),
    )
    archived = {number: version for number, version in versions.items() if number < policy.min_decryption_version}
    return load_rules(record, backup.rules), ArchiveRecord(versions=archived), backup.rules


def _key_bytes(policy: PolicyBackup, algorithm: Algorithm, latest: VersionRecord) -> int:
    """The length of new versions, if it is variable. Raises ``Failed`` for an invalid one."""
    if algorithm.sizes.key_bytes_chosen is None:
        return 0
    size = policy.key_size or len(latest.private)
    if size not in algorithm.sizes.key_bytes_chosen:
        raise Failed(f"the backup has a key_size of {size} bytes, which keys of type {algorithm.key_type} can't have")
    return size


def _check_convergent(policy: PolicyBackup, entry: Mapping[str, Any]) -> None:
    """Raises ``Failed`` if a version uses an unsupported version of convergent encryption."""
    # The version's own field overrides the key's, which is -1 if versions have one; 0 is the oldest.
    version = entry.get("convergent_version") or policy.convergent_version or 1
    if version != _CONVERGENT_VERSION:
        raise Failed(f"convergent encryption of version {version} is not supported")


def _check_policy(policy: PolicyBackup, name: str, algorithm: Algorithm) -> None:
    """Raises ``Failed`` unless ``policy`` describes a valid key of this server."""
    if "/" in name or not name:
        raise Failed("failed restored policy name validator: entry would not be accessible")
    if not NAME.fullmatch(name):
        raise Failed("failed restored policy name validator: name does not match framework.GenericNameRegex")
    usage = algorithm.usage
    if (policy.derived and not usage.derivable) or (policy.convergent_encryption and not usage.convergent):
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
