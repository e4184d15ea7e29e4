"""Formats of elliptic-curve keys in transfer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from engines.algorithms.base import Material
from engines.algorithms.encodings.interchange import (
    BadBackup,
    backup_integer,
    load_pkcs8,
    load_public_pem,
    subject_public_key_info,
    wrong_type,
)
from engines.algorithms.encodings.key_pairs import KeyPairs, material_of
from engines.algorithms.encodings.pem import public_key_pem
from engines.faults import Failed, Fault

LABELS = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "secp224r1": "P-224"}
"""The NIST curves by their names in SEC 2."""


def load_private(der: bytes) -> ec.EllipticCurvePrivateKey:
    """A stored private key. Raises ``TypeError`` if it is something else."""
    private = serialization.load_der_private_key(der, None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise TypeError("not a private key of an elliptic curve")
    return private


def load_public(der: bytes) -> ec.EllipticCurvePublicKey:
    """A stored public key. Raises ``TypeError`` if it is something else."""
    public = serialization.load_der_public_key(der)
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise TypeError("not a public key of an elliptic curve")
    return public


class EllipticCurveKeys(KeyPairs):
    """Keys over one curve."""

    word, own_label = "ec", "EC PRIVATE KEY"
    pem_end = ""

    def __init__(self, name: str, curve: ec.EllipticCurve) -> None:
        self._name = name
        self._curve = curve

    def import_private(self, data: bytes) -> Material:
        """As ``Interchange.import_private``."""
        private = load_pkcs8(data)
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise wrong_type(self._name, private)
        self._check_curve(private.curve)
        return material_of(private)

    def import_public(self, text: str) -> Material:
        """As ``Interchange.import_public``."""
        public = load_public_pem(text)
        if not isinstance(public, ec.EllipticCurvePublicKey):
            raise wrong_type(self._name, public)
        self._check_curve(public.curve)
        return Material(b"", subject_public_key_info(public))

    def _check_curve(self, curve: ec.EllipticCurve) -> None:
        if curve.name != self._curve.name:
            expected, got = LABELS[self._curve.name], LABELS.get(curve.name, curve.name)
            raise Failed(f"invalid curve: expected {expected}, got {got}")

    def to_backup(self, material: Material) -> dict[str, Any]:
        """As ``Interchange.to_backup``."""
        point = load_public(material.public).public_numbers()
        scalar = load_private(material.private).private_numbers().private_value if material.private else None
        return {"ec_x": point.x, "ec_y": point.y, "ec_d": scalar, "public_key": public_key_pem(material.public)}

    def from_backup(self, entry: Mapping[str, Any]) -> Material:
        """As ``Interchange.from_backup``."""
        point = ec.EllipticCurvePublicNumbers(backup_integer(entry, "ec_x"), backup_integer(entry, "ec_y"), self._curve)
        try:
            if entry.get("ec_d") is None:
                material = Material(b"", subject_public_key_info(point.public_key()))
            else:
                scalar = backup_integer(entry, "ec_d")
                material = material_of(ec.EllipticCurvePrivateNumbers(scalar, point).private_key())
        except ValueError:
            raise BadBackup("not a key of this curve") from None
        shown = entry.get("public_key")
        if shown and (not isinstance(shown, str) or self._public_shown(shown) != material.public):
            raise BadBackup("the public key is that of another key")
        return material

    def _public_shown(self, text: str) -> bytes:
        try:
            return self.import_public(text).public
        except Fault:
            return b""
