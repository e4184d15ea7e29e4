"""Keys that sign checkpoints, and their text forms (signed-note's verifier keys, tlog-cosignature's messages)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from server.audit.ledger.log.checkpoints import Checkpoint, parse_checkpoint_text
from server.audit.ledger.log.notes import BadNote, NoteSignature, decode_base64, is_key_name

MAX_TIME = 2**63 - 1
_TIME_BYTES = 8
_LABEL = b"subtree/v1\n\0"
_MAX_NAME_BYTES = 255


class SignatureType(IntEnum):
    """The types of signatures that are known here, by their byte."""

    ED25519 = 0x01
    """Over the text of the note."""

    ED25519_COSIGNATURE = 0x04
    """Over a time and the text of the checkpoint."""

    ML_DSA_44_COSIGNATURE = 0x06
    """Over the signer's name, a time, and the checkpoint's origin, size and root."""

    @property
    def title(self) -> str:
        """For people."""
        return _TITLES[self]


_TITLES = {
    SignatureType.ED25519: "Ed25519",
    SignatureType.ED25519_COSIGNATURE: "Ed25519 cosignature",
    SignatureType.ML_DSA_44_COSIGNATURE: "ML-DSA-44 cosignature",
}
_PUBLIC_BYTES = {
    SignatureType.ED25519: 32,
    SignatureType.ED25519_COSIGNATURE: 32,
    SignatureType.ML_DSA_44_COSIGNATURE: 1312,
}
_SIGNATURE_BYTES = {
    SignatureType.ED25519: 64,
    SignatureType.ED25519_COSIGNATURE: _TIME_BYTES + 64,
    SignatureType.ML_DSA_44_COSIGNATURE: _TIME_BYTES + 2420,
}


class BadSignature(ValueError):
    """A signature isn't the key's over this text."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and the name under which it signs."""

    name: str
    type: SignatureType
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that stand before this key's signatures."""
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public).digest()[:4]

    def __str__(self) -> str:
        material = base64.b64encode(bytes([self.type]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"

    def verify(self, text: str, signature: bytes) -> int | None:
        """Check a signature over the text of a note and give the time it states, in seconds since 1970, if it has one.

        Raises ``BadSignature``; cosignatures are over checkpoints alone.
        """
        if len(signature) != _SIGNATURE_BYTES[self.type]:
            raise BadSignature("a signature of this type has another length")
        if self.type is SignatureType.ED25519:
            self._verify(signature, text.encode())
            return None
        time = int.from_bytes(signature[:_TIME_BYTES], "big")
        if time > MAX_TIME:
            raise BadSignature("the time of a cosignature is too large")
        try:
            message = cosigned_message(self, text, time)
        except BadNote as error:
            raise BadSignature(f"no checkpoint: {error}") from error
        self._verify(signature[_TIME_BYTES:], message)
        return time

    def _verify(self, signature: bytes, message: bytes) -> None:
        try:
            if self.type is SignatureType.ML_DSA_44_COSIGNATURE:
                MLDSA44PublicKey.from_public_bytes(self.public).verify(signature, message)
            else:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise BadSignature("the signature isn't the key's over this text") from None


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A private key and the name under which it signs."""

    name: str
    type: SignatureType
    private: Ed25519PrivateKey | MLDSA44PrivateKey

    @classmethod
    def from_seed(cls, name: str, kind: SignatureType, seed: bytes) -> NoteSigner:
        """The key of a seed of 32 bytes (RFC 8032, FIPS 204). Raises ``BadNote`` for a name that keys can't have."""
        if not is_key_name(name) or len(name.encode()) > _MAX_NAME_BYTES:
            raise BadNote("a key's name isn't empty, has no spaces or +, and at most 255 bytes")
        if kind is SignatureType.ML_DSA_44_COSIGNATURE:
            return cls(name, kind, MLDSA44PrivateKey.from_seed_bytes(seed))
        return cls(name, kind, Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self.type, self.private.public_key().public_bytes_raw())

    def sign(self, text: str, time: int) -> NoteSignature:
        """Sign the text of a checkpoint as of ``time``, in seconds since 1970, which one of the types ignores."""
        if self.type is SignatureType.ED25519:
            return NoteSignature(self.name, self.verifier.key_id, self.private.sign(text.encode()))
        signature = self.private.sign(cosigned_message(self, text, time))
        return NoteSignature(self.name, self.verifier.key_id, time.to_bytes(_TIME_BYTES, "big") + signature)


def cosigned_message(key: VerifierKey | NoteSigner, text: str, time: int) -> bytes:
    """The message of a cosignature by ``key`` over a checkpoint. Raises ``BadNote``."""
    checkpoint = parse_checkpoint_text(text)
    if key.type is SignatureType.ED25519_COSIGNATURE:
        return f"cosignature/v1\ntime {time}\n{text}".encode()
    return subtree_message(key.name, time, checkpoint)


def subtree_message(name: str, time: int, checkpoint: Checkpoint) -> bytes:
    """``cosigned_message`` of tlog-cosignature for a whole tree. Raises ``BadNote`` for names over 255 bytes."""
    parts = [_LABEL, _opaque(name), time.to_bytes(8, "big"), _opaque(checkpoint.origin)]
    parts += [bytes(8), checkpoint.size.to_bytes(8, "big"), checkpoint.root]
    return b"".join(parts)


def parse_verifier_key(text: str) -> VerifierKey:
    """Read a verifier key. Raises ``BadNote``, also for types that aren't known here."""
    name, first, rest = text.partition("+")
    key_id, second, material = rest.partition("+")
    if not first or not second or not is_key_name(name):
        raise BadNote("expected a verifier key: NAME+ID+KEY")
    content = decode_base64(material)
    try:
        kind = SignatureType(content[0] if content else 0)
    except ValueError:
        raise BadNote("a verifier key of an unknown type") from None
    key = VerifierKey(name, kind, content[1:])
    if len(key.public) != _PUBLIC_BYTES[kind] or str(key) != text or key.key_id.hex() != key_id:
        raise BadNote("the id of a verifier key doesn't fit the rest of it")
    return key


def _opaque(text: str) -> bytes:
    content = text.encode()
    if not 1 <= len(content) <= _MAX_NAME_BYTES:
        raise BadNote("a cosigned name has 1 to 255 bytes")
    return bytes([len(content)]) + content
