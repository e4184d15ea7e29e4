"""Formats shared by RSA and elliptic-curve keys: PKCS#8 (RFC 5958) and SubjectPublicKeyInfo (RFC 5280), DER and PEM."""

from __future__ import annotations

from typing import ClassVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from engines.algorithms.base import Material
from engines.algorithms.encodings.interchange import KeyFormat, pkcs8, subject_public_key_info
from engines.algorithms.encodings.pem import pem, public_key_pem
from engines.encoding import encode_base64
from engines.faults import Failed


def material_of(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> Material:
    """A key pair in stored form."""
    return Material(pkcs8(private), subject_public_key_info(private.public_key()))


class KeyPairs:
    """The part of an ``Interchange`` that wraps and exports stored key pairs."""

    public_importable = True

    word: ClassVar[str]
    """The name of such keys in error texts."""

    own_label: ClassVar[str]
    """The PEM label of the algorithm's own private form: PKCS #1 (RFC 8017) or SEC 1 (RFC 5915)."""

    pem_end: ClassVar[str] = "\n"
    """The end of a PEM text, as in OpenBao."""

    def wrappable(self, material: Material) -> bytes:
        """As ``Interchange.wrappable``."""
        return material.private

    def export_private(self, material: Material, form: KeyFormat) -> str:
        """As ``Interchange.export_private``."""
        self._check_form(form)
        if not material.private:
            return ""
        if form is KeyFormat.DER:
            return encode_base64(material.private)
        if form is KeyFormat.PEM:
            return self._ended(pem("PRIVATE KEY", material.private))
        private = serialization.load_der_private_key(material.private, None, unsafe_skip_rsa_key_validation=True)
        traditional = private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        return self._ended(pem(self.own_label, traditional))

    def export_public(self, public: bytes, form: KeyFormat) -> str:
        """As ``Interchange.export_public``."""
        self._check_form(form)
        return encode_base64(public) if form is KeyFormat.DER else self._ended(public_key_pem(public))

    def _ended(self, text: str) -> str:
        return text.removesuffix("\n") + self.pem_end

    def _check_form(self, form: KeyFormat) -> None:
        if form is KeyFormat.RAW:
            raise Failed(f"unknown key format for {self.word} key; supported values are ``, `der`, or `pem`")
