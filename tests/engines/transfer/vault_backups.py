"""Backups as HashiCorp Vault writes them, made up here: there is no Vault among the tests' servers.

The names and forms of the fields are those of the types that Vault's source publishes (``Policy`` and ``KeyEntry`` in
its key utilities). What Vault leaves out when it is empty is left out in the newer form, and null or empty in the older
one. Nothing here has been held against a running Vault.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

CREATED = "2024-05-06T07:08:09.123456789Z"
CREATED_SECONDS = 1_714_979_289

NUMBERS: Mapping[str, int] = {
    "aes256-gcm96": 0,
    "ecdsa-p256": 1,
    "ed25519": 2,
    "rsa-2048": 3,
    "rsa-4096": 4,
    "chacha20-poly1305": 5,
    "ecdsa-p384": 6,
    "ecdsa-p521": 7,
    "aes128-gcm96": 8,
    "rsa-3072": 9,
    "hmac": 11,
}
"""What Vault numbers the types that this server has too."""

FOREIGN: Mapping[str, int] = {
    "managed_key": 10,
    "aes128-cmac": 12,
    "aes256-cmac": 13,
    "ml-dsa": 14,
    "hybrid": 15,
    "aes192-cmac": 16,
    "slh-dsa": 17,
    "aes128-cbc": 18,
    "aes256-cbc": 19,
}
"""And those that it hasn't, or not in a form that is known."""

NEWER: Mapping[str, Any] = {"ParameterSet": "", "HybridConfig": {"PQCKeyType": 0, "ECKeyType": 0}}
"""Settings that Vault writes since 1.19, whatever the type."""

_CURVES: Mapping[str, ec.EllipticCurve] = {
    "ecdsa-p256": ec.SECP256R1(),
    "ecdsa-p384": ec.SECP384R1(),
    "ecdsa-p521": ec.SECP521R1(),
}
_EMPTY: Mapping[str, Any] = {
    "ec_x": None,
    "ec_y": None,
    "ec_d": None,
    "rsa_key": None,
    "rsa_public_key": None,
    "public_key": "",
    "convergent_version": 0,
    "certificate_chain": None,
}


def base64_text(data: bytes) -> str:
    """Base64, as Go writes byte slices in JSON."""
    return base64.b64encode(data).decode()


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a key: its fields, and what can be told of it to check what was restored."""

    fields: Mapping[str, Any]
    exported: str
    """What an export of the key itself gives: base64 of a symmetric key, PEM of the others' public part."""


def version(kind: str, *, key_bytes: int = 0) -> Version:
    """A new version of a key of type ``kind``."""
    if kind in _CURVES:
        return _elliptic(ec.generate_private_key(_CURVES[kind]))
    if kind.startswith("rsa"):
        return _rsa(rsa.generate_private_key(65537, int(kind.removeprefix("rsa-"))))
    if kind == "ed25519":
        pair = ed25519.Ed25519PrivateKey.generate()
        public = base64_text(pair.public_key().public_bytes_raw())
        key = base64_text(pair.private_bytes_raw() + pair.public_key().public_bytes_raw())
        return Version({"key": key, "hmac_key": base64_text(os.urandom(32)), "public_key": public}, public)
    size = key_bytes or (16 if "128" in kind else 32)
    key = base64_text(os.urandom(size))
    mac_key = key if kind == "hmac" else base64_text(os.urandom(32))
    return Version({"key": key, "hmac_key": mac_key}, key)


def _elliptic(pair: ec.EllipticCurvePrivateKey) -> Version:
    numbers = pair.private_numbers()
    public = _pem(pair.public_key())
    fields = {
        "ec_x": numbers.public_numbers.x,
        "ec_y": numbers.public_numbers.y,
        "ec_d": numbers.private_value,
        "public_key": public,
    }
    return Version({"key": None, "hmac_key": base64_text(os.urandom(32)), **fields}, public)


def _rsa(pair: rsa.RSAPrivateKey) -> Version:
    numbers = pair.private_numbers()
    modulus = {"N": numbers.public_numbers.n, "E": numbers.public_numbers.e}
    key = {
        **modulus,
        "D": numbers.d,
        "Primes": [numbers.p, numbers.q],
        "Precomputed": {"Dp": numbers.dmp1, "Dq": numbers.dmq1, "Qinv": numbers.iqmp, "CRTValues": []},
    }
    fields = {"key": None, "hmac_key": base64_text(os.urandom(32)), "rsa_key": key, "rsa_public_key": modulus}
    return Version(fields, _pem(pair.public_key()))


def _pem(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def backup(
    number: int, versions: Sequence[Version], *, newer: bool = True, settings: Mapping[str, Any] | None = None
) -> str:
    """A key with all of ``versions`` in use, as base64 of its JSON."""
    entries = [_entry(item.fields, newer=newer) for item in versions]
    policy: dict[str, Any] = {
        "name": "moved",
        "keys": {str(index): entry for index, entry in enumerate(entries, 1)},
        "derived": False,
        "kdf": 0,
        "convergent_encryption": False,
        "exportable": True,
        "min_decryption_version": 1,
        "min_encryption_version": 0,
        "latest_version": len(entries),
        "archive_version": len(entries),
        "archive_min_version": 0,
        "min_available_version": 0,
        "deletion_allowed": False,
        "convergent_version": 0,
        "type": number,
        "backup_info": {"time": CREATED, "version": len(entries)},
        "restore_info": None,
        "allow_plaintext_backup": True,
        "version_template": "",
        "storage_prefix": "",
        "auto_rotate_period": 0,
        "Imported": False,
        "AllowImportedKeyRotation": False,
        **(NEWER if newer else {}),
        **(settings or {}),
    }
    # The archive counts from version 0, which there never was.
    nothing = _entry({"key": None, "hmac_key": None}, newer=newer) | {"time": "0001-01-01T00:00:00Z"}
    return base64_text(json.dumps({"policy": policy, "archived_keys": {"keys": [nothing, *entries]}}).encode())


def _entry(fields: Mapping[str, Any], *, newer: bool) -> dict[str, Any]:
    entry = {"time": CREATED, "creation_time": CREATED_SECONDS, **fields}
    return entry if newer else {**_EMPTY, **entry}
