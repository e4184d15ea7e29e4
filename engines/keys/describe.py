"""Description of a key in answers: its settings, its versions and its public keys, never the key itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engines.algorithms.encodings.pem import chain_pem
from engines.algorithms.symmetric.derivation import HKDF_SHA256
from engines.base import Reply
from engines.durations import SECOND, format_time_nanoseconds
from engines.encoding import encode_base64
from engines.keys.keyring import Keyring, KeyVersion
from engines.keys.policy.classification import describe_set
from engines.keys.policy.compromise import describe_marks
from engines.keys.records import RestoreInfo
from engines.keys.rules import describe_rules


def describe(keyring: Keyring, context: bytes = b"") -> Reply:
    """The answer to reading a key; public keys of a key with derivation are those for ``context``."""
    record, algorithm = keyring.record, keyring.algorithm
    data: dict[str, Any] = {
        "name": record.name,
        "type": algorithm.key_type,
        "derived": record.derived,
        "deletion_allowed": record.deletion_allowed,
        "exportable": record.exportable,
        "allow_plaintext_backup": record.allow_plaintext_backup,
        "supports_encryption": algorithm.encrypts,
        "supports_decryption": algorithm.encrypts,
        "supports_signing": algorithm.signs,
        "supports_derivation": algorithm.usage.derivable,
        "auto_rotate_period": record.auto_rotate_period_seconds,
        "imported_key": record.imported,
        "soft_deleted": record.soft_deleted,
        "latest_version": record.latest_version,
        "min_available_version": record.min_available_version,
        "min_decryption_version": record.min_decryption_version,
        "min_encryption_version": record.min_encryption_version,
    }
    data.update(algorithm.type_parameters)
    if algorithm.sizes.key_bytes_chosen is not None:
        data["key_size"] = record.key_bytes
    if record.derived:
        data["kdf"] = keyring.derivation.name
        if keyring.derivation is not HKDF_SHA256:
            data["kdf_mode"] = keyring.derivation.mode
        data["convergent_encryption"] = record.convergent
        if record.convergent:
            data["convergent_encryption_version"] = -1
    if record.imported:
        data["imported_key_allow_rotation"] = record.imported_rotation_allowed
    for name, info in (("backup_info", record.backup_info), ("restore_info", record.restore_info)):
        if info is not None:
            data[name] = _describe_info(info)
    data.update(describe_rules(record))
    data.update(describe_set(record))
    data.update(describe_marks(record))
    data["keys"] = {
        str(version.number): _describe_version(keyring, version, context) for version in keyring.versions.values()
    }
    return Reply(data)


def _describe_version(keyring: Keyring, version: KeyVersion, context: bytes) -> Any:
    public_text = keyring.algorithm.public_text
    if public_text is None:
        return version.record.created // SECOND
    if keyring.record.derived and not context:
        public_key = ""
    else:
        public_key = public_text(version.public_key(context))
    described = {
        "name": keyring.algorithm.label,
        "public_key": public_key,
        "certificate_chain": chain_pem(version.record.certificate_chain),
        "creation_time": format_time_nanoseconds(version.record.created),
    }
    if keyring.algorithm.second_public_text is not None:
        described["hybrid_public_key"] = keyring.algorithm.second_public_text(version.record.public)
    return described


def _describe_info(info: RestoreInfo) -> dict[str, Any]:
    return {"time": format_time_nanoseconds(info.time), "version": info.version}


def version_jwk(version: KeyVersion, jwk: Mapping[str, Any]) -> dict[str, Any]:
    """``jwk`` with the number of ``version``, and its certificates if it has any."""
    shown = {**jwk, "key_version": version.number}
    if version.record.certificate_chain:
        shown["x5c"] = [encode_base64(der) for der in version.record.certificate_chain]
    return shown
