"""Stored records of a named key and its versions, as msgpack.

A field that an older record lacks takes its default. Versions below ``min_decryption_version`` can't be used and are in
a separate archive, so that a long history doesn't enlarge the record that every request reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engines.algorithms.base import Material
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.symmetric.derivation import DERIVATIONS, HKDF_SHA256
from engines.algorithms.symmetric.mac import KEY_BYTES
from engines.encoding import nanoseconds_of
from storage.base import Damaged, Transaction
from storage.secret import Secret

GONE = "gone/"
"""Where the tombstones of a key are stored."""

MAX_TOMBSTONES = 1000
"""The most destroyed versions of one name that are remembered."""

RECORD_VERSION = 1
"""The version of the records' format; newer ones are refused, since their meaning is unknown."""


class VersionRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stored version. ``created`` is in nanoseconds since the epoch."""

    private: Secret
    public: bytes = b""
    mac_key: Secret
    created: int
    certificate_chain: tuple[bytes, ...] = ()
    """X.509 certificates in DER, the leaf first."""

    imported: bool = False
    """Whether the key was made elsewhere. Of a key that is ``imported`` as a whole, all versions were."""

    agreed: bool = False
    """Whether it was made by key agreement."""


class RestoreInfo(Struct, frozen=True):
    """The time of a backup or restore, in nanoseconds since the epoch, and the latest version then."""

    time: int
    version: int


class Classification(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The classification of a key for crypto policies: its data and owner (``engines.keys.policy.classification``)."""

    data_class: str = ""
    labels: dict[str, str] = {}
    owner: str = ""
    shelf_life_years: int = 0
    set_above: dict[str, str] = {}
    """The fields that were set by tokens of a namespace above the key's, with the path of that namespace."""


class Compromise(Struct, frozen=True):
    """The mark of a version whose secret may be known to others."""

    time: int
    """When it was first marked, in nanoseconds since the epoch."""

    reason: str


class KeyringRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stored key; ``versions`` holds those that aren't archived."""

    record_version: int = RECORD_VERSION
    name: str
    type: str
    versions: dict[int, VersionRecord]
    latest_version: int = 1
    min_decryption_version: int = 1
    min_encryption_version: int = 0
    min_available_version: int = 0
    derived: bool = False
    derivation: int = HKDF_SHA256.number
    convergent: bool = False
    exportable: bool = False
    allow_plaintext_backup: bool = False
    deletion_allowed: bool = False
    auto_rotate_period_seconds: int = 0
    imported: bool = False
    imported_rotation_allowed: bool = False
    soft_deleted: bool = False
    key_bytes: int = 0
    """The length of the key in bytes, if its maker chose it."""

    backup_info: RestoreInfo | None = None
    restore_info: RestoreInfo | None = None

    max_encryptions: int = 0
    """The most messages that each version may encrypt; 0 for the algorithm's default."""

    refuses_at_max: bool = False
    """Whether a used-up version refuses encryption, instead of the key being rotated."""

    not_before: int = 0
    not_after: int = 0
    """The times at which the key begins and ends to protect data, in nanoseconds since the epoch; 0 for none."""

    disabled: bool = False
    custom_metadata: dict[str, str] = {}

    publish_ahead_seconds: int = 0
    """The period for which a new version is published before it signs tokens."""

    keep_published_seconds: int = 0
    """The period for which a version stays published after it stops signing; 0 for as long as it verifies."""

    classification: Classification = Classification()
    compromised: dict[int, Compromise] = {}
    """The marks of versions, archived ones included, by number."""


class ArchiveRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The versions of a key that are below its ``min_decryption_version`` and not yet trimmed."""

    record_version: int = RECORD_VERSION
    versions: dict[int, VersionRecord]


class VersionTotal(Struct, frozen=True, array_like=True):
    """The number of reserved or made encryptions of one version; ``created`` identifies the version's key."""

    created: int
    total: int


class Tombstone(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A version that was destroyed, without its private part. Times are in nanoseconds since the epoch."""

    key: KeyringRecord
    """The key as it was, without versions."""

    number: int
    public: bytes
    private_bytes: int
    """The length of the private part."""

    created: int
    replaced: int
    """The time at which the next version was made; 0 for the latest one."""

    destroyed: int
    origin: str


def tombstones(
    record: KeyringRecord, versions: Mapping[int, VersionRecord], gone: Iterable[int], now: float
) -> list[Tombstone]:
    """Tombstones of the versions ``gone`` of ``versions``, which are all of the key, destroyed at ``now``."""
    key = replace(record, versions={})
    return [
        Tombstone(
            key=key,
            number=number,
            public=versions[number].public,
            private_bytes=len(versions[number].private),
            created=versions[number].created,
            replaced=replaced_at(versions, number),
            destroyed=nanoseconds_of(now),
            origin=origin_of(record, number, versions[number]),
        )
        for number in gone
    ]


def replaced_at(versions: Mapping[int, VersionRecord], number: int) -> int:
    """The time at which version ``number`` was replaced by the next one, in nanoseconds; 0 for the latest."""
    following = versions.get(number + 1)
    return 0 if following is None else following.created


def origin_of(record: KeyringRecord, number: int, version: VersionRecord) -> str:
    """The origin of a version: ``generated``, ``imported``, ``imported-public``, ``derived`` or ``restored``."""
    if record.restore_info is not None and number <= record.restore_info.version:
        return "restored"
    imported = version.imported or record.imported
    if version.agreed or not imported:
        return "derived" if version.agreed else "generated"
    return "imported" if len(version.private) else "imported-public"


def new_version(material: Material, now: float, *, imported: bool = False, agreed: bool = False) -> VersionRecord:
    """A version of ``material``, with a MAC key of its own, made at ``now`` in seconds since the epoch.

    ``imported``: the key was made elsewhere; ``agreed``: by key agreement.
    """
    return VersionRecord(
        private=Secret(material.private),
        public=material.public,
        mac_key=Secret.random(KEY_BYTES),
        created=nanoseconds_of(now),
        imported=imported,
        agreed=agreed,
    )


def with_new_version(record: KeyringRecord, version: VersionRecord) -> KeyringRecord:
    """``record`` with ``version`` as the latest."""
    latest = record.latest_version + 1
    return replace(record, versions={**record.versions, latest: version}, latest_version=latest)


def with_origins(record: KeyringRecord) -> KeyringRecord:
    """``record``, no longer imported as a whole: its versions tell by themselves which were made elsewhere."""
    if not record.imported:
        return record
    versions = {number: replace(version, imported=True) for number, version in record.versions.items()}
    return replace(record, versions=versions, imported=False)


def _reveal(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(f"a keyring holds no {type(value).__name__}")


def _conceal(kind: type, value: Any) -> Any:
    if kind is Secret and isinstance(value, bytes):
        return Secret(value)
    raise TypeError(f"a keyring holds no {kind.__name__}")


_encode = msgspec.msgpack.Encoder(enc_hook=_reveal).encode
_decode_keyring = msgspec.msgpack.Decoder(KeyringRecord, dec_hook=_conceal).decode
_decode_totals = msgspec.msgpack.Decoder(dict[int, VersionTotal]).decode
_decode_tombstones = msgspec.msgpack.Decoder(list[Tombstone], dec_hook=_conceal).decode
_decode_archive = msgspec.msgpack.Decoder(ArchiveRecord, dec_hook=_conceal).decode


def encode_keyring(record: KeyringRecord) -> bytes:
    """The stored form of ``record``: key material in clear, for a barrier to encrypt."""
    return _encode(record)


def decode_record(value: bytes) -> KeyringRecord:
    """The record in ``value``. Raises ``Damaged`` if it is invalid, or of a newer server."""
    try:
        record = _decode_keyring(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Damaged("a key's entry can't be decoded") from None
    if record.record_version > RECORD_VERSION or record.type not in ALGORITHMS or record.derivation not in DERIVATIONS:
        raise Damaged(f"the entry of key {record.name!r} was written by a newer server")
    return record


def encode_archive(record: ArchiveRecord) -> bytes:
    """The stored form of ``record``."""
    return _encode(record)


def decode_archive(value: bytes) -> ArchiveRecord:
    """The archive in ``value``. Raises ``Damaged``."""
    try:
        record = _decode_archive(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Damaged("a key's archive can't be decoded") from None
    if record.record_version > RECORD_VERSION:
        raise Damaged("a key's archive was written by a newer server")
    return record


def encode_tombstones(tombstones: Sequence[Tombstone]) -> bytes:
    """The stored form of ``tombstones``, all of one name."""
    return _encode(tombstones)


def decode_tombstones(value: bytes) -> list[Tombstone]:
    """The tombstones in ``value``. Raises ``Damaged``."""
    try:
        return _decode_tombstones(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Damaged("the tombstones of a key can't be decoded") from None


def encode_totals(totals: dict[int, VersionTotal]) -> bytes:
    """The stored form of ``totals``, by version."""
    return msgspec.msgpack.encode(totals)


def decode_totals(value: bytes) -> dict[int, VersionTotal]:
    """The totals in ``value``. Raises ``Damaged``: restarting at zero would count too low."""
    try:
        return _decode_totals(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Damaged("a key's count of encryptions can't be decoded") from None


async def bury(transaction: Transaction, name: str, gone: list[Tombstone]) -> None:
    """Add tombstones to those of the key called ``name``; the newest ``MAX_TOMBSTONES`` are kept."""
    if gone:
        value = await transaction.get(GONE + name)
        found = {(each.number, each.created): each for each in (decode_tombstones(value) if value else ())}
        found |= {(each.number, each.created): each for each in gone}
        newest = sorted(found.values(), key=lambda each: (each.destroyed, each.number))[-MAX_TOMBSTONES:]
        transaction.put(GONE + name, encode_tombstones(newest))
