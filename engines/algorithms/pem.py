"""PEM text (RFC 7468) of DER, written here so that the line ends are Vault's wherever the provider changes its mind."""

from __future__ import annotations

from engines.encoding import encode_base64

_LINE = 64


def pem(label: str, der: bytes) -> str:
    """``der`` between ``BEGIN`` and ``END`` lines with ``label``, ending in a line break."""
    text = encode_base64(der)
    lines = "\n".join(text[start : start + _LINE] for start in range(0, len(text), _LINE))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"


def public_key_pem(der: bytes) -> str:
    """A SubjectPublicKeyInfo as PEM."""
    return pem("PUBLIC KEY", der)


def chain_pem(chain: tuple[bytes, ...]) -> str:
    """Certificates as PEM, one after the other, without the last line break; "" for none."""
    return "".join(pem("CERTIFICATE", der) for der in chain).removesuffix("\n")
