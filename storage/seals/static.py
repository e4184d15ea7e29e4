"""The static seal: its key comes with the configuration. OpenBao's ``static`` seal, with the same settings.

    current_key_id   a lasting name for the key                      BAO_STATIC_SEAL_CURRENT_KEY_ID
    current_key      32 bytes in hex or base64, or raw               BAO_STATIC_SEAL_CURRENT_KEY
    previous_key_id  that of the key before, while it is still used  BAO_STATIC_SEAL_PREVIOUS_KEY_ID
    previous_key                                                     BAO_STATIC_SEAL_PREVIOUS_KEY

A value can also be ``file://`` and a path, or ``env://`` and the name of an environment variable. The variables on the
right win over the configuration. What was wrapped names its key: ``1 | length | id``, in front of the envelope.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.base import Damaged, Unavailable
from storage.envelope import KEY_BYTES, close_envelope, derive_cipher, open_envelope
from storage.seals.base import InvalidKey

MAX_KEY_ID_BYTES = 255

_FORMAT = 1
_SETTINGS = ("current_key_id", "current_key", "previous_key_id", "previous_key")
_MAX_KEY_FILE_BYTES = 4096


class StaticSeal:
    """Wraps with the current key; unwraps with the one that the record names."""

    type = "static"
    automatic = True

    def __init__(self, current: tuple[str, bytes], previous: tuple[str, bytes] | None = None) -> None:
        """Each key is its id and its 32 bytes."""
        self._current_id = current[0]
        self._ciphers: dict[str, AESGCM] = {}
        for key_id, key in (current, *([previous] if previous else [])):
            if not 1 <= len(key_id.encode()) <= MAX_KEY_ID_BYTES:
                raise ValueError(f"the id of a static key has 1 to {MAX_KEY_ID_BYTES} bytes")
            if len(key) != KEY_BYTES:
                raise ValueError(f"a static key has {KEY_BYTES} bytes")
            self._ciphers[key_id] = derive_cipher(key, None, "static seal")

    async def wrap(self, path: str, secret: bytes) -> bytes:
        """As ``Seal.wrap``."""
        return close_envelope(self._ciphers[self._current_id], _header(self._current_id), path, secret)

    async def unwrap(self, path: str, wrapped: bytes) -> bytes:
        """As ``Seal.unwrap``: ``InvalidKey`` for an unknown id or another key of that id; ``Damaged`` for no record."""
        key_id = _key_id(path, wrapped)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise InvalidKey(f"{path} is sealed with the static key {key_id!r}, which is not configured")
        try:
            return open_envelope(cipher, len(_header(key_id)), path, wrapped)
        except Damaged as error:
            raise InvalidKey(f"{path} is damaged, or {key_id!r} is not the static key that it was") from error

    def outdated(self, wrapped: bytes) -> bool:
        """As ``Seal.outdated``: whether it names another key than the current one."""
        return not wrapped.startswith(_header(self._current_id))

    def close(self) -> None:
        """As ``Seal.close``. This seal must be able to open again by itself, so it keeps its keys."""


def open_static(settings: Mapping[str, str]) -> StaticSeal:
    """The seal that ``settings`` and the environment describe. Raises ``ValueError``, ``Unavailable``."""
    if unknown := settings.keys() - set(_SETTINGS):
        raise ValueError(f"seal 'static' has no setting {min(unknown)!r}")
    values = {}
    for name in _SETTINGS:
        given = os.environ.get(f"BAO_STATIC_SEAL_{name.upper()}") or settings.get(name, "")
        values[name] = _resolve(name, given)
    current_id, previous_id = (values[name].decode(errors="replace").strip() for name in _SETTINGS[::2])
    if not values["current_key"] or not current_id:
        raise ValueError("seal 'static' needs both 'current_key' and 'current_key_id'")
    if bool(values["previous_key"]) != bool(previous_id):
        raise ValueError("seal 'static' needs 'previous_key' and 'previous_key_id' together, or neither")
    current = _decode("current_key", values["current_key"])
    if not previous_id:
        return StaticSeal((current_id, current))
    previous = _decode("previous_key", values["previous_key"])
    if hmac.compare_digest(current, previous) != (current_id == previous_id):
        raise ValueError("seal 'static' needs different ids for different keys, and one id for one key")
    return StaticSeal((current_id, current), (previous_id, previous))


def _resolve(name: str, given: str) -> bytes:
    if given.startswith("env://"):
        return os.environ.get(given.removeprefix("env://"), "").encode()
    if not given.startswith("file://"):
        return given.encode()
    path = given.removeprefix("file://")
    try:
        with open(path, "rb") as file:
            return file.read(_MAX_KEY_FILE_BYTES)
    except OSError as error:
        raise Unavailable(f"seal 'static': {name} can't be read from {path}: {error.strerror}") from error


def _decode(name: str, value: bytes) -> bytes:
    """A key as raw bytes, hex, base64, or unpadded URL-safe base64, which differ in length."""
    if len(value) == KEY_BYTES:
        return value
    text = value.strip()
    try:
        if len(text) == 2 * KEY_BYTES:
            return binascii.unhexlify(text)
        if len(text) == 44:
            return base64.b64decode(text, validate=True)
        if len(text) == 43:
            return base64.b64decode(text + b"=", altchars=b"-_", validate=True)
    except binascii.Error:
        pass  # The exception may quote the key; what is raised below must not carry it.
    raise ValueError(f"seal 'static': {name} must be {KEY_BYTES} bytes, raw or in hex or base64")


def _header(key_id: str) -> bytes:
    encoded = key_id.encode()
    return bytes([_FORMAT, len(encoded)]) + encoded


def _key_id(path: str, wrapped: bytes) -> str:
    if len(wrapped) < 2 or wrapped[0] != _FORMAT or len(wrapped) < 2 + wrapped[1]:
        raise Damaged(f"{path}: the record has no known format")
    try:
        return wrapped[2 : 2 + wrapped[1]].decode()
    except UnicodeDecodeError as error:
        raise Damaged(f"{path}: the record names no key") from error
