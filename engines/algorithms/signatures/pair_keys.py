"""Formats of key pairs that are plain bytes: SLH-DSA, and hybrid signatures.

Exports are the bytes in base64 unless PKCS#8 or SubjectPublicKeyInfo is requested, which needs an object identifier. An
imported private key is parsed as PKCS#8 first, and otherwise taken as raw bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engines.algorithms.base import Material
from engines.algorithms.encodings.interchange import BadBackup, KeyFormat, backup_bytes, refused
from engines.algorithms.encodings.key_info import (
    open_private_key_info,
    open_public_key_info,
    private_key_info,
    public_key_info,
)
from engines.algorithms.encodings.key_validation import InvalidKey
from engines.algorithms.encodings.pem import pem, unarmored
from engines.encoding import NotBase64, decode_base64, encode_base64
from engines.faults import Failed


class PairKeys:
    """Keys of one row."""

    public_importable = True

    def __init__(
        self,
        name: str,
        object_identifier: str,
        material: Callable[[bytes], Material],
        check_public: Callable[[bytes], None],
        check_pair: Callable[[Material], None],
    ) -> None:
        """``material`` returns the key pair of a private key, ``check_public`` checks a public key, and ``check_pair``
        that two given halves match; all raise ``ValueError``."""
        self._name = name
        self._object_identifier = object_identifier
        self._material = material
        self._check_public = check_public
        self._check_pair = check_pair

    def import_private(self, data: bytes) -> Material:
        """As ``Interchange.import_private``: PKCS#8, or the bytes of the private key."""
        try:
            material = self._from_key_info(data) or self._material(data)
            self._check_pair(material)
        except ValueError as error:
            raise Failed(f"error parsing asymmetric key: not a private key of type {self._name}: {error}") from None
        return material

    def _from_key_info(self, der: bytes) -> Material | None:
        """The key in PKCS#8; None for another form."""
        if not self._object_identifier:
            return None
        try:
            content, public = open_private_key_info(self._object_identifier, der)
        except ValueError:
            return None
        material = self._material(content)
        if public not in (None, material.public):
            raise ValueError("the public key belongs to another private key")
        return material

    def import_public(self, text: str) -> Material:
        """As ``Interchange.import_public``: PEM, or base64 of the bytes of the public key."""
        try:
            if "-----BEGIN" in text:
                if not self._object_identifier:
                    raise ValueError("there is no SubjectPublicKeyInfo of it")
                public = open_public_key_info(self._object_identifier, unarmored(text, "PUBLIC KEY"))
            else:
                public = decode_base64(text)
            self._check_public(public)
        except InvalidKey as error:
            raise refused(error) from None
        except NotBase64:
            raise Failed("error parsing public key: neither in PEM format nor in base64") from None
        except ValueError as error:
            raise Failed(f"error parsing public key: not one of type {self._name}: {error}") from None
        return Material(b"", public)

    def wrappable(self, material: Material) -> bytes:
        """As ``Interchange.wrappable``."""
        if not self._object_identifier:
            return material.private
        return private_key_info(self._object_identifier, material.private)

    def export_private(self, material: Material, form: KeyFormat) -> str:
        """As ``Interchange.export_private``."""
        if not material.private:
            return ""
        if form in (KeyFormat.DEFAULT, KeyFormat.RAW):
            return encode_base64(material.private)
        self._check_form()
        der = self.wrappable(material)
        return encode_base64(der) if form is KeyFormat.DER else pem("PRIVATE KEY", der).removesuffix("\n")

    def export_public(self, public: bytes, form: KeyFormat) -> str:
        """As ``Interchange.export_public``."""
        if form in (KeyFormat.DEFAULT, KeyFormat.RAW):
            return encode_base64(public)
        self._check_form()
        der = public_key_info(self._object_identifier, public)
        return encode_base64(der) if form is KeyFormat.DER else pem("PUBLIC KEY", der).removesuffix("\n")

    def _check_form(self) -> None:
        if not self._object_identifier:
            raise Failed(f"keys of type {self._name} have no standard form; the one supported value is `raw`")

    def to_backup(self, material: Material) -> dict[str, Any]:
        """As ``Interchange.to_backup``."""
        key = encode_base64(material.private) if material.private else None
        return {"key": key, "public_key": encode_base64(material.public)}

    def from_backup(self, entry: Mapping[str, Any]) -> Material:
        """As ``Interchange.from_backup``."""
        public = backup_bytes(entry, "public_key")
        try:
            self._check_public(public)
            if not entry.get("key"):
                return Material(b"", public)
            material = self._material(backup_bytes(entry, "key"))
            if material.public != public:
                raise BadBackup("not a key pair")
            self._check_pair(material)
        except BadBackup:
            raise
        except ValueError as error:
            raise BadBackup(str(error)) from None
        return material
