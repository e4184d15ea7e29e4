"""The format ``cs1``, as docs/sdk-format.md has it: header, derivation, commitment, and messages of one piece.

A data key is used for many messages. Each has a random salt, and from data key and salt a key of its own, which
encrypts nothing else; so nonces can be fixed. The commitment is derived beside the key: texts open under one key alone.
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass, field
from hmac import compare_digest

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

PREFIX = "cs1:"
"""The beginning of texts that the client has encrypted itself."""

MESSAGE = b"\x01\x01"
FILE = b"\x01\x02"
"""Version of the format, and what the header belongs to."""

DATA_KEY_BYTES = 32
SALT_BYTES = 32
COMMITMENT_BYTES = 32
TAG_BYTES = 16
FIXED_BYTES = 2 + SALT_BYTES + COMMITMENT_BYTES
"""The part of the header that doesn't change when the data key is wrapped anew."""

LONGEST_WRAPPED_KEY = 4096

_INFO = {MESSAGE: b"cryptoserve/cs1/message", FILE: b"cryptoserve/cs1/file"}
_NONCE = bytes(12)
_SHA256 = SHA256()
_SALTS_AT_ONCE = 64


class Malformed(Exception):
    """Bytes that are not of this format."""


@dataclass(frozen=True, slots=True)
class Header:
    """The beginning of a message or a file."""

    fixed: bytes
    """Version, kind, salt and commitment."""
    wrapped: str
    """The data key, encrypted by the server: ``vault:v1:...``."""
    size: int
    """In bytes."""

    @property
    def kind(self) -> bytes:
        """``MESSAGE`` or ``FILE``."""
        return self.fixed[:2]

    @property
    def salt(self) -> bytes:
        """Random bytes, which the key of the message is derived with."""
        return self.fixed[2 : 2 + SALT_BYTES]

    @property
    def commitment(self) -> bytes:
        """The bytes that only the right key gives."""
        return self.fixed[2 + SALT_BYTES :]

    def encoded(self, wrapped: str | None = None) -> bytes:
        """The header's bytes, with another wrapped key if one is given."""
        text = (self.wrapped if wrapped is None else wrapped).encode("ascii")
        return self.fixed + len(text).to_bytes(2, "big") + text


def new_header(kind: bytes, data_key: bytes | bytearray, wrapped: str, salt: bytes) -> tuple[Header, AESGCM]:
    """The header for something new, and what encrypts it."""
    key, commitment = derived(kind, data_key, salt)
    return Header(kind + salt + commitment, wrapped, FIXED_BYTES + 2 + len(wrapped)), AESGCM(key)


def read_header(kind: bytes, start: bytes) -> Header:
    """The header at the beginning of ``start``. Raises ``Malformed``."""
    if start[:2] != kind or len(start) < FIXED_BYTES + 2:
        raise Malformed
    end = FIXED_BYTES + 2 + int.from_bytes(start[FIXED_BYTES : FIXED_BYTES + 2], "big")
    text = start[FIXED_BYTES + 2 : end]
    if len(start) < end or not 0 < len(text) <= LONGEST_WRAPPED_KEY or not text.isascii():
        raise Malformed
    return Header(bytes(start[:FIXED_BYTES]), text.decode("ascii"), end)


def derived(kind: bytes, data_key: bytes | bytearray, salt: bytes) -> tuple[bytes, bytes]:
    """Key and commitment: HKDF-Expand (RFC 5869) with SHA-256, whose pseudorandom key is the data key."""
    both = HKDFExpand(_SHA256, DATA_KEY_BYTES + COMMITMENT_BYTES, _INFO[kind] + salt).derive(data_key)
    return both[:DATA_KEY_BYTES], both[DATA_KEY_BYTES:]


def opener(header: Header, data_key: bytes | bytearray) -> AESGCM:
    """What decrypts the rest. Raises ``Malformed`` if this is not the data key that the header commits to."""
    key, commitment = derived(header.kind, data_key, header.salt)
    if not compare_digest(commitment, header.commitment):
        raise Malformed
    return AESGCM(key)


class Sealer:
    """Encrypts messages under one data key."""

    __slots__ = ("_middle", "_salts")

    def __init__(self, wrapped: str) -> None:
        encoded = wrapped.encode("ascii")
        if not 0 < len(encoded) <= LONGEST_WRAPPED_KEY:
            raise Malformed
        self._middle = len(encoded).to_bytes(2, "big") + encoded
        self._salts: list[bytes] = []

    def seal(self, data_key: bytes | bytearray, plaintext: bytes | bytearray | memoryview, bound: bytes) -> str:
        """The text for ``plaintext``, bound to the associated data ``bound``."""
        try:
            salt = self._salts.pop()
        except IndexError:
            salt, *self._salts = _fresh_salts()
        key, commitment = derived(MESSAGE, data_key, salt)
        fixed = MESSAGE + salt + commitment
        sealed = AESGCM(key).encrypt(_NONCE, plaintext, fixed + bound)
        return PREFIX + base64.b64encode(fixed + self._middle + sealed).decode("ascii")


def _fresh_salts() -> list[bytes]:
    """A pool of random salts: asking for each costs a system call."""
    pool = os.urandom(SALT_BYTES * _SALTS_AT_ONCE)
    return [pool[place : place + SALT_BYTES] for place in range(0, len(pool), SALT_BYTES)]


@dataclass(frozen=True, slots=True)
class Message:
    """A text that the client has encrypted itself, taken apart."""

    header: Header
    sealed: bytes = field(repr=False)

    def opened(self, data_key: bytes | bytearray, bound: bytes) -> bytes:
        """The plaintext. Raises ``Malformed``."""
        try:
            return opener(self.header, data_key).decrypt(_NONCE, self.sealed, self.header.fixed + bound)
        except InvalidTag:
            raise Malformed from None

    def rewrapped(self, wrapped: str) -> str:
        """The same message with its data key wrapped anew."""
        return PREFIX + base64.b64encode(self.header.encoded(wrapped) + self.sealed).decode("ascii")


def read_message(text: str) -> Message:
    """The parts of ``cs1:...``; the base64 has to be the one that its bytes have. Raises ``Malformed``."""
    encoded = text.removeprefix(PREFIX)
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed from None
    if not text.startswith(PREFIX) or base64.b64encode(content).decode("ascii") != encoded:
        raise Malformed
    header = read_header(MESSAGE, content)
    sealed = content[header.size :]
    if len(sealed) < TAG_BYTES:
        raise Malformed
    return Message(header, sealed)
