"""Messages that clients encrypt by themselves: the format ``cs1`` of docs/sdk-format.md.

A message names its data key in wrapped form, which only the server opens. From the data key and the message's salt,
HKDF gives the key of the message and a commitment to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hmac import compare_digest

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from engines.algorithms.symmetric.aead import AES256_GCM
from engines.encoding import decode_base64, encode_base64
from engines.faults import InvalidRequest

PREFIX = "cs1:"

_VERSION_AND_KIND = b"\x01\x01"
_SALT = slice(2, 34)
_COMMITMENT = slice(34, 66)
_FIXED_BYTES = 66
_START = _FIXED_BYTES + 2
_DATA_KEY_BYTES = 32
_MAX_WRAPPED_BYTES = 4096
_LABEL = b"cryptoserve/cs1/message"
_WRAPPED_PREFIX = "vault:v"


class BadMessage(InvalidRequest):
    """The text is no such message, or doesn't open; which of these isn't told."""

    def __init__(self) -> None:
        super().__init__("invalid ciphertext: the message doesn't open")


@dataclass(frozen=True, slots=True)
class Message:
    """A message, taken apart."""

    fixed: bytes
    """The header up to the commitment, which the ciphertext is bound to."""

    wrapped: str
    """The data key, encrypted by the server."""

    sealed: bytes = field(repr=False)
    """The ciphertext with its tag."""

    def opened(self, data_key: bytes, associated_data: bytes) -> bytes:
        """The plaintext. Raises ``InvalidRequest``."""
        if len(data_key) != _DATA_KEY_BYTES:
            raise BadMessage
        info = _LABEL + self.fixed[_SALT]
        both = HKDFExpand(SHA256(), 2 * _DATA_KEY_BYTES, info).derive(data_key)
        if not compare_digest(both[_DATA_KEY_BYTES:], self.fixed[_COMMITMENT]):
            raise BadMessage
        prepare = AES256_GCM.capabilities.aead
        assert prepare is not None, "the row of an AEAD"
        nonce = bytes(AES256_GCM.sizes.nonce_bytes)
        return prepare(both[:_DATA_KEY_BYTES]).open(nonce, self.sealed, self.fixed + associated_data)


def read_message(text: str) -> Message:
    """The parts of ``text``, which begins with ``PREFIX``. Raises ``InvalidRequest``."""
    encoded = text[len(PREFIX) :]
    content = decode_base64(encoded)
    end = _START + int.from_bytes(content[_FIXED_BYTES:_START], "big")
    wrapped = content[_START:end]
    if (
        encode_base64(content) != encoded
        or content[:2] != _VERSION_AND_KIND
        or len(content) < end + AES256_GCM.sizes.tag_bytes
        or not 0 < len(wrapped) <= _MAX_WRAPPED_BYTES
        or not wrapped.isascii()
    ):
        raise BadMessage
    key = wrapped.decode("ascii")
    if not key.startswith(_WRAPPED_PREFIX):
        raise BadMessage
    return Message(content[:_FIXED_BYTES], key, content[end:])
