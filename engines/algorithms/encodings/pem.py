"""PEM text (RFC 7468) of DER, written here so that the line ends are Vault's wherever the provider changes its mind."""

from __future__ import annotations

from engines.encoding import NotBase64, decode_base64, encode_base64

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


def unarmored(text: str, label: str) -> bytes:
    """The DER in PEM text with ``label`` (RFC 7468). Raises ``ValueError``."""
    head, tail = f"-----BEGIN {label}-----", f"-----END {label}-----"
    before, found, rest = text.partition(head)
    body, ended, after = rest.partition(tail)
    if before.strip() or not found or not ended or after.strip():
        raise ValueError(f"no PEM of one {label}")
    try:
        return decode_base64("".join(body.split()))
    except NotBase64:
        raise ValueError("not base64") from None
