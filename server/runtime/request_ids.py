"""The ids of requests: random, in the form of a UUID, found again in answer, audit and log."""

from __future__ import annotations

import os


def new_request_id() -> str:
    """16 random bytes, written as a UUID; like Vault's, it claims no version."""
    text = os.urandom(16).hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
