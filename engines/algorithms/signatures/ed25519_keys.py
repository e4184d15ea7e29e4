"""Formats of Ed25519 keys in transfer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from engines.algorithms.base import Material
from engines.algorithms.encodings.interchange import (
    BadBackup,
    KeyFormat,
    backup_bytes,
    load_pkcs8,
    load_public_pem,
    pkcs8,
    refused,
    subject_public_key_info,
    wrong_type,
)
from engines.algorithms.encodings.key_info import decode_strictly, open_private_key_info
from engines.algorithms.encodings.key_validation import InvalidKey, check_ed25519_public
from engines.algorithms.encodings.pem import pem
from engines.encoding import encode_base64
from engines.faults import InvalidRequest

_SEED_BYTES = 32


def material_of(private: Ed25519PrivateKey) -> Material:
    """A key pair in stored form."""
    return Material(private.private_bytes_raw(), private.public_key().public_bytes_raw())


class Ed25519Keys:
    """Private keys are 32 bytes, followed by the public key in Go's form."""

    public_importable = True

    def __init__(self, name: str, object_identifier: str) -> None:
        self._name = name
        self._object_identifier = object_identifier

    def import_private(self, data: bytes) -> Material:
        """As ``Interchange.import_private``."""
        private = self._with_public_key(data) or load_pkcs8(data)
        if not isinstance(private, Ed25519PrivateKey):
            raise wrong_type(self._name, private)
        return material_of(private)

    def _with_public_key(self, der: bytes) -> Ed25519PrivateKey | None:
        """The key in PKCS#8 with an appended public key (RFC 8410, 7), which the library doesn't support; else None."""
        try:
            content, public = open_private_key_info(self._object_identifier, der)
            private = Ed25519PrivateKey.from_private_bytes(decode_strictly(bytes, content))
        except ValueError:
            return None
        if public not in (None, private.public_key().public_bytes_raw()):
            raise InvalidRequest("the key is refused: the public key belongs to another private key")
        return private

    def import_public(self, text: str) -> Material:
        """As ``Interchange.import_public``."""
        public = load_public_pem(text)
        if not isinstance(public, Ed25519PublicKey):
            raise wrong_type(self._name, public)
        try:
            check_ed25519_public(public.public_bytes_raw())
        except InvalidKey as error:
            raise refused(error) from None
        return Material(b"", public.public_bytes_raw())

    def wrappable(self, material: Material) -> bytes:
        """As ``Interchange.wrappable``."""
        return pkcs8(Ed25519PrivateKey.from_private_bytes(material.private))

    def export_private(self, material: Material, form: KeyFormat) -> str:
        """As ``Interchange.export_private``."""
        if not material.private:
            return ""
        if form in (KeyFormat.DEFAULT, KeyFormat.RAW):
            return encode_base64(material.private + material.public)
        der = self.wrappable(material)
        return encode_base64(der) if form is KeyFormat.DER else pem("PRIVATE KEY", der).removesuffix("\n")

    def export_public(self, public: bytes, form: KeyFormat) -> str:
        """As ``Interchange.export_public``."""
        if form in (KeyFormat.DEFAULT, KeyFormat.RAW):
            return encode_base64(public)
        der = subject_public_key_info(Ed25519PublicKey.from_public_bytes(public))
        return encode_base64(der) if form is KeyFormat.DER else pem("PUBLIC KEY", der).removesuffix("\n")

    def to_backup(self, material: Material) -> dict[str, Any]:
        """As ``Interchange.to_backup``."""
        key = encode_base64(material.private + material.public) if material.private else None
        return {"key": key, "public_key": encode_base64(material.public)}

    def from_backup(self, entry: Mapping[str, Any]) -> Material:
        """As ``Interchange.from_backup``."""
        public = backup_bytes(entry, "public_key") if entry.get("public_key") else None
        if not entry.get("key"):
            try:
                check_ed25519_public(public or b"")
            except InvalidKey as error:
                raise BadBackup(str(error)) from None
            return Material(b"", public or b"")
        key = backup_bytes(entry, "key")
        if len(key) != 2 * _SEED_BYTES:
            raise BadBackup("not a key pair")
        material = material_of(Ed25519PrivateKey.from_private_bytes(key[:_SEED_BYTES]))
        if key != material.private + material.public or public not in (None, material.public):
            raise BadBackup("not a key pair")
        return material
