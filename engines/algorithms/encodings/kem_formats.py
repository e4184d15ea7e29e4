"""The forms in which keys that encapsulate are exported, and what an algorithm has to offer for them."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from engines.algorithms.base import Material
from engines.algorithms.encodings.interchange import Interchange
from engines.faults import InvalidRequest


class KemFormat(Enum):
    """The encodings that an export can ask for."""

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
    """The forms of one algorithm's keys, all of which raise ``InvalidRequest`` for what they aren't."""

    def private_text(self, material: Material, form: KemFormat) -> str:
        """A private key as text."""

    def public_text(self, public: bytes, form: KemFormat = KemFormat.DEFAULT) -> str:
        """A public key as text."""
