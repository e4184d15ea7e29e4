"""Certificate chains of keys, as text."""

from __future__ import annotations

from engines.algorithms.pem import pem


def chain_pem(chain: tuple[bytes, ...]) -> str:
    """``chain`` as PEM, one after the other, without the last line break; "" for none."""
    return "".join(pem("CERTIFICATE", der) for der in chain).removesuffix("\n")
