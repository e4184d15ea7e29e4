"""A named key and its versions as they are stored, and as msgpack.

A field that an older record lacks takes its default. Versions below ``min_decryption_version`` can't be used and are
kept in an archive of their own, so that a long history doesn't make the record that everybody reads a large one.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engines.algorithms.base import Material
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.symmetric.derivation import DERIVATIONS, HKDF_SHA256
from engines.algorithms.symmetric.mac import KEY_BYTES
from engines.encoding import nanoseconds_of
from storage.base import Damaged
from storage.secret import Secret

RECORD_VERSION = 1
"""The form of the records written here; readers refuse newer ones, whose meaning they can't know."""


class VersionRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version as it is stored. ``created`` is in nanoseconds since the epoch."""

    private: Secret
    public: bytes = b""
    mac_key: Secret
    created: int
    certificate_chain: tuple[bytes, ...] = ()
    """X.509 certificates in DER, the leaf first."""


class RestoreInfo(Struct, frozen=True):
    """When a backup was made or restored, in nanoseconds since the epoch, and the latest version at that time."""

    time: int
    version: int


class KeyringRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A named key as it is stored; ``versions`` holds those that aren't archived."""

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
    """The length of the key, where its maker chose it."""

    backup_info: RestoreInfo | None = None
    restore_info: RestoreInfo | None = None

    max_encryptions: int = 0
    """How many messages each version may encrypt; 0 for what the algorithm says."""

    refuses_at_max: bool = False
    """Whether a version that may encrypt no more refuses to, rather than that the key gets a new one."""

    not_before: int = 0
    not_after: int = 0
    """When the key begins and ends to protect data, in nanoseconds since the epoch; 0 for no such time."""

    disabled: bool = False
    custom_metadata: dict[str, str] = {}

    publish_ahead_seconds: int = 0
    """How long a new version is published before it signs tokens."""

    keep_published_seconds: int = 0
    """How long a version stays published after it has stopped to; 0 for as long as it verifies."""


class ArchiveRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The versions of a key that are below its ``min_decryption_version`` and not yet trimmed."""

    record_version: int = RECORD_VERSION
    versions: dict[int, VersionRecord]


class VersionTotal(Struct, frozen=True, array_like=True):
    """How many encryptions of one version are reserved or made; ``created`` tells it from one of another key."""

    created: int
    total: int


def new_version(material: Material, now: float) -> VersionRecord:
    """A version of ``material``, with a MAC key of its own, made at ``now`` in seconds since the epoch."""
    return VersionRecord(
        private=Secret(material.private),
        public=material.public,
        mac_key=Secret.random(KEY_BYTES),
        created=nanoseconds_of(now),
    )


def with_new_version(record: KeyringRecord, version: VersionRecord) -> KeyringRecord:
    """``record`` with ``version`` as the latest."""
    latest = record.latest_version + 1
    return replace(record, versions={**record.versions, latest: version}, latest_version=latest)


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
_decode_archive = msgspec.msgpack.Decoder(ArchiveRecord, dec_hook=_conceal).decode


def encode_keyring(record: KeyringRecord) -> bytes:
    """``record`` as it is stored: key material in clear, for a barrier to encrypt."""
    return _encode(record)


def decode_record(value: bytes) -> KeyringRecord:
    """The record in ``value``. Raises ``Damaged`` if it is none, or one of a newer server."""
    try:
        record = _decode_keyring(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Damaged("a key's entry can't be decoded") from None
    if record.record_version > RECORD_VERSION or record.type not in ALGORITHMS or record.derivation not in DERIVATIONS:
        raise Damaged(f"the entry of key {record.name!r} was written by a newer server")
    return record


def encode_archive(record: ArchiveRecord) -> bytes:
    """``record`` as it is stored."""
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


def encode_totals(totals: dict[int, VersionTotal]) -> bytes:
    """``totals``, by version, as they are stored."""
    return msgspec.msgpack.encode(totals)


def decode_totals(value: bytes) -> dict[int, VersionTotal]:
    """The totals in ``value``. Raises ``Damaged``: to go on from zero would be to count too low."""
    try:
        return _decode_totals(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Damaged("a key's count of encryptions can't be decoded") from None
