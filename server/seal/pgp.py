"""Encryption for OpenPGP keys (RFC 9580), so that only its holder can read each share.

Keys are given in Vault's form: one binary certificate in base64. Sequoia, through ``pysequoia``, does the work; it
reads keys of all ages, and refuses weak and expired ones.
"""

from __future__ import annotations

from collections.abc import Sequence

from engines.base import Call
from engines.crypto_policy.fips import FipsGuard
from engines.encoding import NotBase64, decode_base64
from engines.faults import InvalidRequest

MAX_KEY_CHARACTERS = 64 * 1024
"""The longest key in base64, in characters; a key with many third-party signatures can be exported without them."""

MAX_PACKETS = 512
"""The most packets of a key; the library's time grows with the number of user ids."""

_KEY_PACKETS = frozenset({2, 6, 12, 13, 14, 17, 21})
"""Packet types of signatures, keys, trust, user ids and attributes, and padding (RFC 9580, 5); compressed ones could
expand to any size."""


class PgpKey:
    """A public key, in base64. Raises ``InvalidRequest`` for an invalid one, or one that can't encrypt."""

    def __init__(self, text: str) -> None:
        # Imported on first use, since most servers never need it.
        from pysequoia import Cert, encrypt

        if len(text) > MAX_KEY_CHARACTERS:
            raise InvalidRequest(f"error decoding given PGP key: it has more than {MAX_KEY_CHARACTERS} characters")
        try:
            data = decode_base64(text)
        except NotBase64 as error:
            raise InvalidRequest(f"error decoding given PGP key: {error}") from None
        self._encrypt = encrypt
        try:
            _check_packets(data)
            self._certificate = Cert.from_bytes(data)
            encrypt(b"", [self._certificate], armor=False)
        except Exception as error:  # noqa: BLE001 - the library has no exceptions of its own.
            raise InvalidRequest(f"error parsing given PGP key: {_first_line(error)}") from None
        self.text = text
        self.fingerprint: str = self._certificate.fingerprint
        """In hexadecimal."""

    def encrypt(self, data: bytes) -> bytes:
        """An OpenPGP message, in binary form, that holds ``data`` for this key alone."""
        return self._encrypt(data, [self._certificate], armor=False)


def _check_packets(data: bytes) -> None:
    """Raises ``ValueError`` unless ``data`` are packets of a public key, and not too many (RFC 9580, 4.2)."""
    position, count = 0, 0
    while position < len(data):
        tag, position = _skip(data, position)
        count += 1
        if tag not in _KEY_PACKETS or count > MAX_PACKETS:
            raise ValueError("it is no public key, or one of too many packets")


def _skip(data: bytes, position: int) -> tuple[int, int]:
    """The type of the packet at ``position``, and its end."""
    first, position = data[position], position + 1
    if first & 0x40:
        tag, octets = first & 0x3F, data[position : position + 1]
        if octets >= b"\xe0" and octets != b"\xff":
            raise ValueError("a length in parts, which keys don't have")
        size = 5 if octets == b"\xff" else 1 if octets < b"\xc0" else 2
        length = int.from_bytes(data[position + (size == 5) : position + size], "big")
        return tag, position + size + (length - 0xC000 + 192 if size == 2 else length)
    tag, kind = (first >> 2) & 0x0F, first & 3
    if kind == 3:
        raise ValueError("no length, which keys have")
    size = 1 << kind
    return tag, position + size + int.from_bytes(data[position : position + size], "big")


def _first_line(error: Exception) -> str:
    """The library's message about a public key, which is no secret, without its list of causes."""
    return str(error).partition("\n")[0][:200]


def check_pgp(guard: FipsGuard, call: Call, keys: Sequence[str]) -> None:
    """Refuse ``keys``, or warn of them, by ``guard``: OpenPGP's encryption isn't approved."""
    guard.protecting(call, "OpenPGP" if any(keys) else "")


def encrypt_shares(keys: Sequence[PgpKey], shares: Sequence[bytes]) -> list[bytes]:
    """Each share encrypted for one of ``keys``, in hexadecimal, the form in which holders enter it, as with Vault.

    Raises ``ValueError`` unless there are as many keys as shares.
    """
    return [key.encrypt(share.hex().encode()) for key, share in zip(keys, shares, strict=True)]
