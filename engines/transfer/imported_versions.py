"""Import of versions into an existing key, and of private parts that a version lacks."""

from __future__ import annotations

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from engines.algorithms.base import Material
from engines.algorithms.registry import ALGORITHMS
from engines.faults import Failed
from engines.keys.records import KeyringRecord, VersionRecord, new_version, with_new_version
from storage.secret import Secret


def check_importable(record: KeyringRecord) -> None:
    """Raises ``Failed`` unless the key accepts imported versions."""
    if not record.imported:
        raise Failed("the import_version endpoint can only be used with an imported key")


def check_completable(record: KeyringRecord, number: int, *, private: bool) -> VersionRecord:
    """Version ``number``, of which only the public part is known, for adding a ``private`` one.

    Raises ``Failed`` for any other version or part.
    """
    version = record.versions.get(number)
    if version is None:
        raise Failed("no such key version")
    if not ALGORITHMS[record.type].interchange.public_importable:
        raise Failed("provided type does not support importing key versions")
    if len(version.private):
        raise Failed("private key imported, key version cannot be updated")
    if not private:
        raise Failed("cannot add a public key to a key version that already has a public key set")
    return version


def check_not_deleted(record: KeyringRecord) -> None:
    """Raises ``Failed`` for a key that is marked as deleted."""
    if record.soft_deleted:
        raise Failed("refusing to use soft-deleted key")


def add_material(record: KeyringRecord, material: Material, number: int | UnsetType, now: float) -> KeyringRecord:
    """``record`` with ``material`` in version ``number``, or in a new one. Raises ``Failed``."""
    if number is UNSET:
        latest = record.versions[record.latest_version]
        if material.private and material.public and material.public == latest.public and not len(latest.private):
            return _complete(record, record.latest_version, material)
        added = with_new_version(record, new_version(material, now, imported=True))
        chosen = ALGORITHMS[record.type].sizes.key_bytes_chosen is not None
        return replace(added, key_bytes=len(material.private)) if chosen else added
    version = check_completable(record, number, private=bool(material.private))
    if material.public != version.public:
        raise Failed("cannot import key, key pair does not match")
    return _complete(record, number, material)


def _complete(record: KeyringRecord, number: int, material: Material) -> KeyringRecord:
    completed: VersionRecord = replace(record.versions[number], private=Secret(material.private))
    return replace(record, versions={**record.versions, number: completed})
