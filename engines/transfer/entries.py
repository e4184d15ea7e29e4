"""Parts of a backup: the fields of OpenBao's JSON, and one version of a key in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, field
from msgspec.structs import replace

from engines.algorithms.base import Material
from engines.algorithms.encodings.interchange import BadBackup, KeyFormat, backup_bytes
from engines.algorithms.formats.certificates import check_certificates, check_certified, check_chain
from engines.algorithms.row import Algorithm
from engines.algorithms.symmetric.mac import is_mac_key
from engines.durations import SECOND, format_time_nanoseconds
from engines.encoding import decode_base64, encode_base64, parse_rfc3339
from engines.faults import Failed, Fault, InvalidRequest
from engines.fields import MAX_DURATION_SECONDS, KeyValues
from engines.keys.policy.classification import describe_set, with_classification
from engines.keys.policy.compromise import StoredMark, describe_marks, with_marks
from engines.keys.records import ArchiveRecord, KeyringRecord, RestoreInfo, VersionRecord, VersionTotal
from engines.keys.rules import KeyRules, describe_rules, with_rules
from storage.secret import Secret

RULES = "cryptoserve"
"""Our own field in a backup's JSON, and in that of a version there."""

MAX_VERSIONS = 100_000
"""The most versions that a backup may hold."""


_MAX_SECONDS = 2**62 // SECOND

EMPTY_ENTRY: dict[str, Any] = {
    "key": None,
    "hmac_key": None,
    "time": "0001-01-01T00:00:00Z",
    "ec_x": None,
    "ec_y": None,
    "ec_d": None,
    "rsa_key": None,
    "rsa_public_key": None,
    "public_key": "",
    "convergent_version": 0,
    "creation_time": 0,
    "certificate_chain": None,
    "external_key_ref": "",
}
"""The placeholder of a missing version, at its number's index in the list."""


Number: TypeAlias = Annotated[int, Meta(ge=0, le=2**62)]


class InfoBackup(Struct, kw_only=True):
    """The time of a backup or restore of the key."""

    time: str = ""
    version: Number = 0


class PolicyBackup(Struct, kw_only=True):
    """The settings of a key, and the versions that aren't archived."""

    name: str = ""
    keys: dict[str, dict[str, Any]] = {}
    """Versions by number, as text: integer keys chosen by an attacker can be made to collide."""

    type: Number
    latest_version: Number
    min_decryption_version: Number = 1
    min_encryption_version: Number = 0
    min_available_version: Number = 0
    derived: bool = False
    kdf: Number = 0
    convergent_encryption: bool = False
    convergent_version: int = 0
    exportable: bool = False
    deletion_allowed: bool = False
    allow_plaintext_backup: bool = False
    version_template: str = ""
    storage_prefix: str = ""
    auto_rotate_period: Number = 0
    imported: bool = field(default=False, name="Imported")
    imported_rotation_allowed: bool = field(default=False, name="AllowImportedKeyRotation")
    soft_deleted: bool = False
    key_size: Number = 0
    backup_info: InfoBackup | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.latest_version <= MAX_VERSIONS:
            raise ValueError("the number of versions is out of range")


class ArchiveBackup(Struct, kw_only=True):
    """All versions, from the lowest available one on; missing ones are empty."""

    keys: list[dict[str, Any]] = []


class RulesBackup(KeyRules):
    """The settings of a key that OpenBao lacks, and its versions' counts of encryptions."""

    encryptions: dict[str, Annotated[int, Meta(ge=0, lt=2**62)]] = {}
    """Counts by the version's number, as text."""

    publish_ahead: Annotated[int, Meta(ge=0, le=MAX_DURATION_SECONDS)] = 0
    keep_published: Annotated[int, Meta(ge=0, le=MAX_DURATION_SECONDS)] = 0
    data_class: str | UnsetType = UNSET
    labels: KeyValues | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    shelf_life_years: int | UnsetType = UNSET
    compromised_versions: dict[str, StoredMark] = {}


class Backup(Struct, kw_only=True):
    """A whole backup."""

    policy: PolicyBackup
    archived_keys: ArchiveBackup | None = None
    rules: RulesBackup | None = field(default=None, name=RULES)
    """Ignored by OpenBao."""


def dump_rules(record: KeyringRecord, totals: Mapping[int, VersionTotal]) -> dict[str, Any]:
    """The settings that OpenBao lacks, as JSON values; {} if there are none."""
    dumped = {**describe_rules(record), **describe_set(record), **describe_marks(record)}
    encryptions = {str(number): version.total for number, version in totals.items() if version.total}
    if encryptions:
        dumped["encryptions"] = encryptions
    if record.publish_ahead_seconds:
        dumped["publish_ahead"] = record.publish_ahead_seconds
    if record.keep_published_seconds:
        dumped["keep_published"] = record.keep_published_seconds
    return dumped


def load_rules(record: KeyringRecord, rules: RulesBackup) -> KeyringRecord:
    """``record`` with the settings in ``rules``. Raises ``Failed``."""
    try:
        return replace(
            with_marks(with_classification(with_rules(record, rules), rules), rules.compromised_versions),
            publish_ahead_seconds=rules.publish_ahead,
            keep_published_seconds=rules.keep_published,
        )
    except InvalidRequest as fault:
        raise Failed(f"the backup holds settings that can't be: {fault.message}") from None


def load_totals(
    record: KeyringRecord, archive: ArchiveRecord, rules: RulesBackup, stored: Mapping[int, VersionTotal]
) -> dict[int, VersionTotal]:
    """The totals of a restored key: the backup's, or the ``stored`` ones of the same version if greater."""
    totals: dict[int, VersionTotal] = {}
    for number, version in {**archive.versions, **record.versions}.items():
        total = rules.encryptions.get(str(number), 0)
        here = stored.get(number)
        if here is not None and here.created == version.created:
            total = max(total, here.total)
        if total:
            totals[number] = VersionTotal(version.created, total)
    return totals


def dump_info(info: RestoreInfo | None) -> dict[str, Any] | None:
    """``info`` as JSON values."""
    return None if info is None else {"time": format_time_nanoseconds(info.time), "version": info.version}


def load_info(info: InfoBackup | None) -> RestoreInfo | None:
    """The inverse of ``dump_info``; an invalid time is ignored."""
    time = parse_rfc3339(info.time) if info is not None else None
    return None if info is None or time is None else RestoreInfo(time, info.version)


def dump_version(algorithm: Algorithm, record: KeyringRecord, version: VersionRecord) -> dict[str, Any]:
    """One version of a key as JSON values."""
    material = Material(version.private.reveal(), version.public)
    mac_key = version.private if algorithm.usage.mac_key_is_key else version.mac_key
    chain = [encode_base64(der) for der in version.certificate_chain]
    return {
        **EMPTY_ENTRY,
        **algorithm.interchange.to_backup(material),
        "hmac_key": encode_base64(mac_key.reveal()),
        "time": format_time_nanoseconds(version.created),
        "convergent_version": 3 if record.convergent else 0,
        "creation_time": version.created // SECOND,
        "certificate_chain": chain or None,
        **({RULES: {"imported": True}} if version.imported and not record.imported else {}),
    }


def load_version(algorithm: Algorithm, entry: Mapping[str, Any]) -> VersionRecord:
    """The version in ``entry``. Raises ``Failed`` unless it is a key of ``algorithm``."""
    try:
        material = algorithm.interchange.from_backup(entry)
        mac_key = _load_mac_key(algorithm, material, entry)
        chain = _load_chain(algorithm, material.public, entry.get("certificate_chain"))
    except BadBackup as error:
        raise Failed(f"the backup holds a version that is no key of type {algorithm.key_type}: {error}") from None
    created = parse_rfc3339(str(entry.get("time", "")))
    if created is None:
        seconds = entry.get("creation_time")
        created = seconds * SECOND if isinstance(seconds, int) and 0 <= seconds < _MAX_SECONDS else 0
    return VersionRecord(
        private=Secret(material.private),
        public=material.public,
        mac_key=Secret(mac_key),
        created=created,
        certificate_chain=chain,
        imported=entry.get(RULES) == {"imported": True},
    )


def _load_mac_key(algorithm: Algorithm, material: Material, entry: Mapping[str, Any]) -> bytes:
    """The MAC key, which is the key itself for algorithms that only authenticate."""
    mac_key = backup_bytes(entry, "hmac_key")
    if not is_mac_key(mac_key):
        raise BadBackup(f"an hmac_key of {len(mac_key)} bytes")
    if algorithm.usage.mac_key_is_key and mac_key != material.private:
        raise BadBackup("the hmac_key is another key")
    return mac_key


def _load_chain(algorithm: Algorithm, public: bytes, chain: Any) -> tuple[bytes, ...]:
    """The certificates of a version, checked like those set on a key here."""
    if not chain:
        return ()
    if not isinstance(chain, list) or not all(isinstance(text, str) for text in chain):
        raise BadBackup("no certificate chain")
    try:
        certificates = tuple(decode_base64(text) for text in chain)
        check_certificates(certificates)
        check_chain(certificates)
        info = decode_base64(algorithm.interchange.export_public(public, KeyFormat.DER))
        check_certified(certificates[0], info, algorithm.key_type)
    except Fault as fault:
        raise BadBackup(f"no certificate chain of this key: {fault.message}") from None
    return certificates
