"""Formats of KEM keys in transfer: the common part, and JSON Web Keys.

The format of an import is detected: raw bytes by their length, PEM and JSON by their beginning, and the rest is DER.
They can't be confused, since the raw forms are shorter or longer than any of the others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engines.algorithms.base import Material
from engines.algorithms.encodings.interchange import BadBackup, KeyFormat, backup_bytes
from engines.algorithms.encodings.kem_formats import KemFormat
from engines.algorithms.encodings.pem import unarmored
from engines.encoding import NotBase64, decode_base64, decode_base64_url, encode_base64, encode_base64_url
from engines.faults import InvalidRequest

_MAX_KEY_TEXT = 32 * 1024
_KEY_TYPE = "AKP"


class BaseKemKeys:
    """The common part of the families, each of which defines how bytes become keys."""

    public_importable = True

    def __init__(self, name: str, jose_name: str) -> None:
        self._name = name
        self._jose_name = jose_name

    def material(self, private: bytes) -> Material:
        """The key pair with this stored or raw private part, checked. Raises ``ValueError``."""
        raise NotImplementedError

    def check_public(self, public: bytes) -> None:
        """Raises ``ValueError`` for an invalid public key."""
        raise NotImplementedError

    def _private_from_der(self, der: bytes) -> Material:
        raise ValueError(f"{self._name} has no PKCS#8 form")

    def _public_from_pem(self, text: str) -> bytes:
        raise ValueError(f"{self._name} has no SubjectPublicKeyInfo form")

    def _seed_length(self) -> int:
        raise NotImplementedError

    def _raw_lengths(self) -> frozenset[int]:
        return frozenset({self._seed_length()})

    def private_text(self, material: Material, form: KemFormat) -> str:
        """As ``KemKeys.private_text``."""
        raise NotImplementedError

    def public_text(self, public: bytes, form: KemFormat = KemFormat.DEFAULT) -> str:
        """As ``KemKeys.public_text``."""
        raise NotImplementedError

    def import_private(self, data: bytes) -> Material:
        """A key in any of its forms. Raises ``InvalidRequest``."""
        try:
            if len(data) in self._raw_lengths():
                return self.material(data)
            if len(data) > _MAX_KEY_TEXT:
                raise ValueError("too long")
            if data.startswith(b"-----BEGIN"):
                return self._private_from_der(unarmored(data.decode("ascii"), "PRIVATE KEY"))
            if data.lstrip()[:1] == b"{":
                return self._private_from_jwk(data)
            return self._private_from_der(data)
        except ValueError:
            raise InvalidRequest(f"not a private key of type {self._name} in a form that is known") from None

    def import_public(self, text: str) -> Material:
        """A public key alone, as PEM, JWK or base64 of its bytes. Raises ``InvalidRequest``."""
        try:
            if len(text) > _MAX_KEY_TEXT:
                raise ValueError("too long")
            if "-----BEGIN" in text:
                public = self._public_from_pem(text)
            elif text.lstrip()[:1] == "{":
                public = self._bytes_in_jwk(text.encode(), "pub")
            else:
                public = decode_base64(text)
            self.check_public(public)
        except (ValueError, NotBase64):
            raise InvalidRequest(f"not a public key of type {self._name} in a form that is known") from None
        return Material(b"", public)

    def _private_from_jwk(self, data: bytes) -> Material:
        seed = self._bytes_in_jwk(data, "priv")
        if len(seed) != self._seed_length():
            raise ValueError("not a seed")
        material = self.material(seed)
        if self._bytes_in_jwk(data, "pub") != material.public:
            raise ValueError("the public key belongs to another private key")
        return material

    def _bytes_in_jwk(self, data: bytes, member: str) -> bytes:
        try:
            key = json.loads(data)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        if not isinstance(key, dict) or key.get("kty") != _KEY_TYPE or key.get("alg") != self._jose_name:
            raise ValueError("not a JWK of this algorithm")
        value = key.get(member)
        if not isinstance(value, str):
            raise ValueError(f"no {member}")
        try:
            return decode_base64_url(value)
        except NotBase64:
            raise ValueError(f"{member} is not base64url") from None

    def jwk(self, public: bytes, seed: bytes = b"") -> str:
        """A JSON Web Key of type AKP (draft-ietf-jose-pqc-kem), with its private part if ``seed`` is given."""
        key = {"kty": _KEY_TYPE, "alg": self._jose_name, "pub": encode_base64_url(public)}
        if seed:
            key["priv"] = encode_base64_url(seed)
        return json.dumps(key, separators=(",", ":"))

    def wrappable(self, material: Material) -> bytes:
        """As ``Interchange.wrappable``: the stored bytes."""
        return material.private

    def export_private(self, material: Material, form: KeyFormat) -> str:
        """As ``Interchange.export_private``."""
        return self.private_text(material, KemFormat(form.value)) if material.private else ""

    def export_public(self, public: bytes, form: KeyFormat) -> str:
        """As ``Interchange.export_public``."""
        return self.public_text(public, KemFormat(form.value))

    def to_backup(self, material: Material) -> dict[str, Any]:
        """As ``Interchange.to_backup``."""
        private = encode_base64(material.private) if material.private else None
        return {"key": private, "public_key": encode_base64(material.public)}

    def from_backup(self, entry: Mapping[str, Any]) -> Material:
        """As ``Interchange.from_backup``."""
        public = backup_bytes(entry, "public_key")
        try:
            if not entry.get("key"):
                self.check_public(public)
                return Material(b"", public)
            material = self.material(backup_bytes(entry, "key"))
        except BadBackup:
            raise
        except ValueError as error:
            raise BadBackup(str(error)) from None
        if material.public != public:
            raise BadBackup("not a key pair")
        return material

    def no_form(self, form: KemFormat) -> InvalidRequest:
        """The fault for a format that keys of this type don't have."""
        return InvalidRequest(f"keys of type {self._name} have no form {form.value!r}")
