"""PEM text (RFC 7468) of DER, written here so that line ends are Vault's, independently of the provider."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.encoding import NotBase64, decode_base64, encode_base64

_LINE = 64
_BEGIN, _END, _DASHES = "-----BEGIN ", "-----END ", "-----"
_MAX_LABEL = 64
_LABEL = re.compile(r"[A-Z0-9 ]+", re.ASCII)
_CONTENT = re.compile(r"[A-Za-z0-9+/=\s]*", re.ASCII)


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


def first_block(text: str) -> bytes | None:
    """The contents of the first PEM block, with any text around it; None if there is none. Raises ``NotBase64``."""
    found = _next_block(text, 0)
    return None if found is None else decode_base64("".join(found[1].split()))


def blocks(text: str) -> Iterator[tuple[str, bytes]]:
    """The labels and contents of PEM blocks; text before each is ignored.

    Raises ``ValueError`` if something else follows, or if one is not base64.
    """
    position = 0
    while found := _next_block(text, position):
        label, content, position = found
        try:
            yield label, decode_base64("".join(content.split()))
        except NotBase64:
            raise ValueError("not base64") from None
    if text[position:].strip():
        raise ValueError("no PEM block")


def _next_block(text: str, position: int) -> tuple[str, str, int] | None:
    """The label and the text of the first block from ``position`` on, and where it ends; None if there is none.

    Linear: neither a label nor the text of a block holds a dash, so an attempt ends at the next dash, and no other
    block begins before that.
    """
    while (start := text.find(_BEGIN, position)) >= 0:
        position = start + len(_BEGIN)
        label_end = text.find("-", position, position + _MAX_LABEL + 1)
        label = text[position : max(label_end, position)]
        if not text.startswith(_DASHES, label_end) or not _LABEL.fullmatch(label):
            continue
        position, content = label_end, label_end + len(_DASHES)
        end = text.find("-", content)
        if end < 0:
            return None
        closing = f"{_END}{label}{_DASHES}"
        if text.startswith(closing, end) and _CONTENT.fullmatch(text, content, end):
            return label, text[content:end], end + len(closing)
    return None
