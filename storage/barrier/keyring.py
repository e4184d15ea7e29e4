"""The barrier's keys, one for each term, and how they are stored: sealed under the root key, in one entry.

    key check, 32 bytes | envelope (see ``storage.envelope``), with the header 1, of a msgpack record

The key check is derived from the root key one way, and tells a wrong root key from a damaged entry.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

import msgspec

from storage.base import Damaged, Unavailable, WrongRootKey
from storage.envelope import KEY_BYTES, SALT_BYTES, close_envelope, derive, derive_cipher, open_envelope
from storage.secret import Secret

KEYRING_PATH = "core/keyring"

MAX_TERMS = 10_000
"""The most terms that a keyring holds: 27 years of daily rotation."""

_FORMAT = b"\x01"
_CHECK_BYTES = 32
_CHECK_PURPOSE = "root key check"
_SEAL_PURPOSE = "keyring"


@dataclass(frozen=True, slots=True)
class Term:
    """A key of the barrier; ``installed`` is in seconds since the epoch."""

    number: int
    key: Secret
    installed: float


@dataclass(frozen=True, slots=True)
class Keyring:
    """All terms by their number, which counts from 1, and the salt of the root namespace."""

    root_salt: bytes
    terms: dict[int, Term]

    @property
    def newest(self) -> Term:
        """The term that new records are written under."""
        return self.terms[len(self.terms)]

    def rotated(self, now: float) -> Keyring:
        """This keyring with a new random key as its newest. Raises ``Unavailable`` when it is full."""
        number = len(self.terms) + 1
        if number > MAX_TERMS:
            raise Unavailable(f"{KEYRING_PATH}: the keyring holds {MAX_TERMS} terms, and can't hold more")
        return Keyring(self.root_salt, {**self.terms, number: Term(number, Secret.random(KEY_BYTES), now)})


class _TermRecord(msgspec.Struct, array_like=True):
    key: bytes
    installed: float


class _KeyringRecord(msgspec.Struct, array_like=True):
    root_salt: bytes
    terms: list[_TermRecord]


def new_keyring(now: float) -> Keyring:
    """A keyring with one term."""
    return Keyring(Secret.random(SALT_BYTES).reveal(), {}).rotated(now)


def check_root_key(root_key: bytes) -> None:
    """Raise ``ValueError`` unless ``root_key`` has 32 bytes."""
    if len(root_key) != KEY_BYTES:
        raise ValueError(f"a root key has {KEY_BYTES} bytes")


def seal_keyring(keyring: Keyring, root_key: Secret) -> bytes:
    """The entry to store at ``KEYRING_PATH``."""
    revealed = root_key.reveal()
    record = _KeyringRecord(
        keyring.root_salt, [_TermRecord(term.key.reveal(), term.installed) for _, term in sorted(keyring.terms.items())]
    )
    cipher = derive_cipher(revealed, None, _SEAL_PURPOSE)
    check = bytes(derive(revealed, None, _CHECK_PURPOSE, _CHECK_BYTES))
    return check + close_envelope(cipher, _FORMAT, KEYRING_PATH, msgspec.msgpack.encode(record))


def open_keyring(entry: bytes, root_key: Secret) -> Keyring:
    """The keyring in ``entry``. Raises ``WrongRootKey``; ``Damaged`` if the key is right but the entry is not."""
    revealed = root_key.reveal()
    check, envelope = entry[:_CHECK_BYTES], entry[_CHECK_BYTES:]
    expected = derive(revealed, None, _CHECK_PURPOSE, _CHECK_BYTES)
    try:
        plaintext = open_envelope(derive_cipher(revealed, None, _SEAL_PURPOSE), len(_FORMAT), KEYRING_PATH, envelope)
    except Damaged:
        if not hmac.compare_digest(check, expected):
            raise WrongRootKey("the root key does not open the barrier's keyring") from None
        raise
    try:
        record = msgspec.msgpack.decode(plaintext, type=_KeyringRecord)
    except msgspec.DecodeError as error:
        raise Damaged(f"{KEYRING_PATH}: the record has no known format") from error
    terms = {
        number: Term(number, Secret(term.key), term.installed) for number, term in enumerate(record.terms, start=1)
    }
    return Keyring(record.root_salt, terms)
