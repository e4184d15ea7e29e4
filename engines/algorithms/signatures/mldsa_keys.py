"""Formats of ML-DSA keys in transfer: private keys are their seeds of 32 bytes (RFC 9881)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, TypeAlias

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import mldsa

from engines.algorithms.base import Material
from engines.algorithms.encodings.interchange import (
    BadBackup,
    KeyFormat,
    backup_bytes,
    load_pkcs8,
    load_public_pem,
    wrong_type,
)
from engines.algorithms.encodings.key_info import BothForms, decode_strictly, open_private_key_info
from engines.algorithms.encodings.pem import pem
from engines.encoding import encode_base64
from engines.faults import Failed

SEED_BYTES = 32
_RHO_BYTES = 32
_K_BYTES = 32
_SEEDS_BYTES = 128
_HASH_BYTES = 64

PrivateKey: TypeAlias = mldsa.MLDSA44PrivateKey | mldsa.MLDSA65PrivateKey | mldsa.MLDSA87PrivateKey
PublicKey: TypeAlias = mldsa.MLDSA44PublicKey | mldsa.MLDSA65PublicKey | mldsa.MLDSA87PublicKey


_EXPANDED: dict[type[PrivateKey], tuple[int, int, int]] = {
    mldsa.MLDSA44PrivateKey: (4, 4, 2560),
    mldsa.MLDSA65PrivateKey: (6, 5, 4032),
    mldsa.MLDSA87PrivateKey: (8, 7, 4896),
}
"""Rows and columns of the public matrix, and the bytes of an expanded private key (FIPS 204, tables 1 and 2)."""


def material_of(private: PrivateKey) -> Material:
    """A key pair in stored form."""
    return Material(private.private_bytes_raw(), private.public_key().public_bytes_raw())


class MlDsaKeys:
    """Keys of one parameter set."""

    public_importable = True

    def __init__(self, name: str, object_identifier: str, private: type[PrivateKey], public: type[PublicKey]) -> None:
        self._name = name
        self._object_identifier = object_identifier
        self._private = private
        self._public = public

    def import_private(self, data: bytes) -> Material:
        """As ``Interchange.import_private``: PKCS#8 with the seed, and perhaps the expanded key (RFC 9881)."""
        material = self._from_both_forms(data)
        if material is not None:
            return material
        private = load_pkcs8(data)
        if not isinstance(private, self._private):
            raise wrong_type(self._name, private)
        return material_of(private)

    def _from_both_forms(self, der: bytes) -> Material | None:
        """The key in PKCS#8 with both forms, which the provider doesn't support; None for any other form."""
        try:
            content, public = open_private_key_info(self._object_identifier, der)
            both = decode_strictly(BothForms, content)
            material = material_of(self._private.from_seed_bytes(both.seed))
        except ValueError:
            return None
        if not self._is_seed_of(both.seed, both.expanded, material.public):
            raise Failed("error parsing asymmetric key: the seed is not that of the expanded key")
        if public not in (None, material.public):
            raise Failed("error parsing asymmetric key: the public key belongs to another private key")
        return material

    def _is_seed_of(self, seed: bytes, expanded: bytes, public: bytes) -> bool:
        """Whether ``expanded`` has the length, the seeds and the hash of key generation (FIPS 204, 6.1).

        The vectors after these are not compared: they follow from the same hash, and only the seed is stored.
        """
        rows, columns, size = _EXPANDED[self._private]
        made = hashlib.shake_256(seed + bytes([rows, columns])).digest(_SEEDS_BYTES)
        hashed = hashlib.shake_256(public).digest(_HASH_BYTES)
        return len(expanded) == size and expanded.startswith(made[:_RHO_BYTES] + made[-_K_BYTES:] + hashed)

    def import_public(self, text: str) -> Material:
        """As ``Interchange.import_public``."""
        public = load_public_pem(text)
        if not isinstance(public, self._public):
            raise wrong_type(self._name, public)
        return Material(b"", public.public_bytes_raw())

    def wrappable(self, material: Material) -> bytes:
        """As ``Interchange.wrappable``."""
        return self._private.from_seed_bytes(material.private).private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def export_private(self, material: Material, form: KeyFormat) -> str:
        """As ``Interchange.export_private``."""
        if not material.private:
            return ""
        if form in (KeyFormat.DEFAULT, KeyFormat.RAW):
            return encode_base64(material.private)
        der = self.wrappable(material)
        return encode_base64(der) if form is KeyFormat.DER else pem("PRIVATE KEY", der).removesuffix("\n")

    def export_public(self, public: bytes, form: KeyFormat) -> str:
        """As ``Interchange.export_public``."""
        if form in (KeyFormat.DEFAULT, KeyFormat.RAW):
            return encode_base64(public)
        der = self._public.from_public_bytes(public).public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return encode_base64(der) if form is KeyFormat.DER else pem("PUBLIC KEY", der).removesuffix("\n")

    def to_backup(self, material: Material) -> dict[str, Any]:
        """As ``Interchange.to_backup``."""
        key = encode_base64(material.private) if material.private else None
        return {"key": key, "public_key": encode_base64(material.public)}

    def from_backup(self, entry: Mapping[str, Any]) -> Material:
        """As ``Interchange.from_backup``."""
        public = backup_bytes(entry, "public_key")
        try:
            checked = self._public.from_public_bytes(public).public_bytes_raw()
        except ValueError:
            raise BadBackup("no public key") from None
        if not entry.get("key"):
            return Material(b"", checked)
        seed = backup_bytes(entry, "key")
        if len(seed) != SEED_BYTES:
            raise BadBackup("not a seed")
        material = material_of(self._private.from_seed_bytes(seed))
        if material.public != public:
            raise BadBackup("not a key pair")
        return material
