"""Batch tokens: not stored, since each carries its own record, sealed.

    b. base64url( version 1, 1 byte | random salt, 16 bytes | AES-256-GCM of the record ) [.namespace id]

Each token is sealed under its own key and nonce, which HKDF-SHA256 (RFC 5869) expands from the namespace's key and the
token's salt; so the number of tokens is unlimited, without a counter. The version and the namespace are authenticated.
The namespace's key is stored behind the barrier.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections import OrderedDict
from typing import Generic, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from msgspec import Struct
from msgspec.structs import replace

from auth_methods.records import BATCH, TokenRecord
from storage.secret import Secret

T = TypeVar("T")

PREFIX = "b."
KEY_BYTES = 32

MAX_CHARACTERS = 8192
"""The longest batch token, in characters, that is accepted or issued."""

MAX_KEPT = 20_000
"""The most batch tokens that are cached opened."""

MAX_KEPT_CHARACTERS = 2 * 1024
"""The longest batch token, in characters, that is cached opened."""

_VERSION = b"\x01"
_SALT_BYTES = 16
_NONCE_BYTES = 12
_LABEL = b"cryptoserve batch token"


class _Sealed(Struct, frozen=True, array_like=True):
    """The record within a token: as an array, without fields that a batch token can't have."""

    policies: tuple[str, ...]
    path: str
    display_name: str
    creation_time: int
    ttl: int
    parent: bytes
    metadata: dict[str, str] | None
    entity_id: str
    bound_cidrs: tuple[str, ...]
    role: str
    parent_namespace: str = ""
    auth_type: str = ""


class OpenedTokens(Generic[T]):
    """Cache of opened batch tokens by the hashes of their ids; the oldest are dropped."""

    __slots__ = ("_kept", "clear", "get")

    def __init__(self) -> None:
        self._kept: OrderedDict[str, T] = OrderedDict()
        self.get = self._kept.get
        self.clear = self._kept.clear

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, token_id: str, hashed: str, token: T) -> None:
        """Keep ``token``, unless its id is long."""
        if len(token_id) <= MAX_KEPT_CHARACTERS:
            self._kept[hashed] = token
            if len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)


class BatchTokens:
    """Seals and opens the batch tokens of one namespace."""

    __slots__ = ("_key", "_namespace", "_suffix")

    def __init__(self, key: bytes, namespace: str, suffix: str = "") -> None:
        self._key = Secret(key)
        self._namespace = namespace.encode()
        self._suffix = suffix

    def close(self) -> None:
        """Forget the key."""
        self._key.close()

    def seal(self, record: TokenRecord) -> TokenRecord | None:
        """``record`` as a batch token, whose id holds it; None if it is too long."""
        created = int(record.creation_time)
        sealed = _Sealed(
            policies=record.policies,
            path=record.path,
            display_name=record.display_name,
            creation_time=created,
            ttl=record.ttl,
            parent=bytes.fromhex(record.parent),
            metadata=record.metadata,
            entity_id=record.entity_id,
            bound_cidrs=record.bound_cidrs,
            role=record.role,
            parent_namespace=record.parent_namespace,
            auth_type=record.auth_type,
        )
        salt = secrets.token_bytes(_SALT_BYTES)
        aead, nonce = self._derive(salt)
        ciphertext = aead.encrypt(nonce, msgspec.msgpack.encode(sealed), _VERSION + self._namespace)
        token_id = PREFIX + base64.urlsafe_b64encode(_VERSION + salt + ciphertext).rstrip(b"=").decode() + self._suffix
        return _record(sealed, token_id) if len(token_id) <= MAX_CHARACTERS else None

    def open(self, token_id: str) -> TokenRecord | None:
        """The record in the token; None if it wasn't sealed here."""
        sealed = self._unseal(token_id)
        return None if sealed is None else _record(sealed, token_id)

    def _unseal(self, token_id: str) -> _Sealed | None:
        text = token_id.removeprefix(PREFIX).removesuffix(self._suffix)
        if len(token_id) > MAX_CHARACTERS or not text.isascii() or not token_id.endswith(self._suffix):
            return None
        try:
            content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            return None
        # Each token has one encoding: the unused bits of base64 must be zero, and there is no padding.
        if base64.urlsafe_b64encode(content).rstrip(b"=") != text.encode() or content[:1] != _VERSION:
            return None
        aead, nonce = self._derive(content[1 : 1 + _SALT_BYTES])
        try:
            record = aead.decrypt(nonce, content[1 + _SALT_BYTES :], _VERSION + self._namespace)
        except InvalidTag:
            return None
        return msgspec.msgpack.decode(record, type=_Sealed)

    def _derive(self, salt: bytes) -> tuple[AESGCM, bytes]:
        expand = HKDFExpand(algorithm=SHA256(), length=KEY_BYTES + _NONCE_BYTES, info=_LABEL + salt)
        material = expand.derive(self._key.reveal())
        return AESGCM(material[:KEY_BYTES]), material[KEY_BYTES:]


def _record(sealed: _Sealed, token_id: str) -> TokenRecord:
    record = TokenRecord(
        id=token_id,
        type=BATCH,
        policies=sealed.policies,
        path=sealed.path,
        display_name=sealed.display_name,
        creation_time=sealed.creation_time,
        parent=sealed.parent.hex(),
        role=sealed.role,
        parent_namespace=sealed.parent_namespace,
        auth_type=sealed.auth_type,
        metadata=sealed.metadata,
        ttl=sealed.ttl,
        entity_id=sealed.entity_id,
        bound_cidrs=sealed.bound_cidrs,
        last_ttl=sealed.ttl,
    )
    return replace(record, expire_time=sealed.creation_time + sealed.ttl)
