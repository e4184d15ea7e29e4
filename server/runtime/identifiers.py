"""Random identifiers: of requests, tokens, accessors and namespaces."""

from __future__ import annotations

import os
import secrets
import string

_ALPHABET = (string.ascii_letters + string.digits).encode()
_ID_LENGTH = 24
_RANDOM_BYTES = 48
_LETTERS = bytes(_ALPHABET[octet % len(_ALPHABET)] for octet in range(256))
_UNEVEN = bytes(range(256 - 256 % len(_ALPHABET), 256))


def new_request_id() -> str:
    """16 random bytes, written as a UUID; like Vault's, it claims no version."""
    text = os.urandom(16).hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def random_text() -> str:
    """24 random letters and digits, each equally likely: about 143 bits."""
    text = b""
    while len(text) < _ID_LENGTH:
        text += secrets.token_bytes(_RANDOM_BYTES).translate(_LETTERS, _UNEVEN)
    return text[:_ID_LENGTH].decode()
