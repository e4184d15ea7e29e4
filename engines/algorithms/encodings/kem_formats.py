"""Export formats of KEM keys, and the Protocol of algorithms that have them."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from engines.algorithms.base import Material
from engines.algorithms.encodings.interchange import Interchange
from engines.faults import InvalidRequest


class KemFormat(Enum):
    """The encodings of exports."""

    DEFAULT = ""
    RAW = "raw"
    SEED = "seed"
    EXPANDED = "expanded"
    DER = "der"
    PEM = "pem"
    JWK = "jwk"


def parse_kem_format(text: str) -> KemFormat:
    """The encoding called ``text``. Raises ``InvalidRequest``."""
    try:
        return KemFormat(text)
    except ValueError:
        raise InvalidRequest(f"invalid format: {text}") from None


class KemKeys(Interchange, Protocol):
    """The formats of one algorithm's keys. Methods raise ``InvalidRequest`` for invalid keys."""

    def private_text(self, material: Material, form: KemFormat) -> str:
        """A private key as text."""

    def public_text(self, public: bytes, form: KemFormat = KemFormat.DEFAULT) -> str:
        """A public key as text."""
