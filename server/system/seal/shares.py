"""Shares in requests: decoding them, and the progress of verifying new ones."""

from __future__ import annotations

import binascii
from typing import Any

from engines.base import Body
from engines.faults import InvalidRequest
from server.seal.rekey_parameters import RekeyStatus

_SHORTEST_BYTES = 16

MISSING = "'key' must be specified in request body as JSON"


class ShareBody(Body):
    """A share, and the nonce of its ceremony."""

    key: str = ""
    nonce: str = ""

    tells = {
        "key": "A share, in hexadecimal or base64.",
        "nonce": "The nonce of the operation.",
    }


def decode_share(text: str) -> bytes:
    """A share in hexadecimal; else, or if that would be too short, in base64 with or without line breaks.

    Raises ``InvalidRequest`` in Vault's words.
    """
    try:
        share = binascii.unhexlify(text)
        if len(share) >= _SHORTEST_BYTES:
            return share
    except ValueError:
        pass
    try:
        return binascii.a2b_base64(text.replace("\r", "").replace("\n", ""), strict_mode=True)
    except ValueError:
        raise InvalidRequest("'key' must be a valid hex or base64 string") from None


def verification_data(status: RekeyStatus) -> dict[str, Any]:
    """The progress of verifying new shares, common to all paths for it."""
    return {
        "nonce": status.verification_nonce,
        "started": status.verifying,
        "t": status.threshold,
        "n": status.shares,
        "progress": status.verification_progress,
    }
