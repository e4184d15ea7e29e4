"""Data keys: random keys for use elsewhere, encrypted with a key that never leaves, one or several at a time."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from msgspec import UNSET, UnsetType

from engines.algorithms.base import EncryptionOptions
from engines.algorithms.rsa.encryption_options import PaddingScheme, parse_encryption
from engines.base import Body, Call, Reply
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import Uses, begin
from engines.encoding import encode_base64
from engines.faults import InvalidRequest
from engines.keys.counting.limits import count_then_make, counted
from engines.keys.keyring import Keyring
from engines.keys.states import Use
from engines.transit.cipher.sealing import prepare_seal
from engines.transit.keys import decode_context
from engines.transit.state import Transit
from engines.worker_pools import in_turns

_BITS = (128, 256, 512)


class DataKey(Body):
    """A data key to make; ``plaintext`` is the path's part that says whether to return it."""

    plaintext: str = ""
    name: str = ""
    bits: int = 256
    context: str = ""
    associated_data: str = ""
    padding_scheme: PaddingScheme = ""
    key_version: int = 0

    tells = {
        "plaintext": "`plaintext` returns the data key and its ciphertext, `wrapped` the ciphertext alone.",
        "name": "The name of the key: letters, digits and `_`, with `-` and `.` inside.",
        "bits": "The length of a data key in bits: 128, 256 or 512.",
        "context": "The context of key derivation, in base64. Required for derived keys, ignored for others.",
        "associated_data": "Additional authenticated data in base64. It is not encrypted, and decryption needs "
        "the same.",
        "padding_scheme": "For RSA: `oaep`. Default: `oaep`.",
        "key_version": "The version to use; 0 for the latest.",
    }


class DataKeys(DataKey):
    """Data keys to make, and their number."""

    count: int | UnsetType = UNSET

    tells = {
        "count": "Required. The number of keys, 1 to `max_batch_items` of the [configuration].",
    }


async def make(engine: Transit, call: Call, body: DataKey) -> Reply:
    """Make a data key and encrypt it; on the path ``plaintext`` also return it."""
    uses = begin(engine.keys, call, CryptoOperation.DATAKEY, body.name)
    shown = check_path(body.plaintext)
    context = decode_context(body.context)
    keyring = await load(engine, call, body.name)
    check_bits(body.bits)
    options = encryption_options(keyring, body)
    pair, version = await count_then_make(
        engine, call, keyring, body.key_version, lambda key: _prepare_pair(key, uses, body, context, shown, options)
    )
    return Reply({**pair, "key_version": version})


async def make_several(engine: Transit, call: Call, body: DataKeys) -> Reply:
    """Make ``count`` data keys at once, as Vault's ``datakeys`` does; all are encrypted for the same context."""
    uses = begin(engine.keys, call, CryptoOperation.DATAKEY, body.name)
    shown = check_path(body.plaintext)
    context = decode_context(body.context)
    if body.count is UNSET:
        raise InvalidRequest("missing count")
    if not 1 <= body.count <= engine.max_batch_items:
        raise InvalidRequest(f"count must be between 1 and {engine.max_batch_items}")
    keyring = await load(engine, call, body.name)
    check_bits(body.bits)
    options = encryption_options(keyring, body)
    _pair(keyring, uses, body, context, shown, options)  # A trial, so that errors count nothing.
    uses.forget()
    keyring = await counted(engine, call, keyring, body.key_version, body.count)
    pairs = [_pair(keyring, uses, body, context, shown, options) async for _ in in_turns(range(body.count))]
    return Reply({"key_pairs": [pair for pair, _ in pairs], "key_version": pairs[0][1]})


def check_path(kind: str) -> bool:
    """Whether the path asks for the plaintext. Raises ``InvalidRequest`` if it doesn't say."""
    if kind not in ("plaintext", "wrapped"):
        raise InvalidRequest("Invalid path, must be 'plaintext' or 'wrapped'")
    return kind == "plaintext"


def check_bits(bits: int) -> None:
    """Raises ``InvalidRequest`` for an invalid length of data keys."""
    if bits not in _BITS:
        raise InvalidRequest("invalid bit length")


async def load(engine: Transit, call: Call, name: str) -> Keyring:
    """The key to encrypt data keys with. Raises ``InvalidRequest`` if it doesn't exist, or its state forbids it."""
    keyring = await engine.keys.use(name, Use.PROTECT, call)
    if keyring is None:
        raise InvalidRequest("encryption key not found")
    return keyring


def encryption_options(keyring: Keyring, body: DataKey) -> EncryptionOptions:
    """The options for encrypting the data keys. Raises ``InvalidRequest``."""
    return parse_encryption(keyring.algorithm, body.padding_scheme, "", name="padding_scheme")


def _pair(
    keyring: Keyring, uses: Uses, body: DataKey, context: bytes, shown: bool, options: EncryptionOptions
) -> tuple[dict[str, Any], int]:
    """A data key's ciphertext, its plaintext if that is requested, and the version that encrypted it."""
    return _prepare_pair(keyring, uses, body, context, shown, options)()


def _prepare_pair(
    keyring: Keyring, uses: Uses, body: DataKey, context: bytes, shown: bool, options: EncryptionOptions
) -> Callable[[], tuple[dict[str, Any], int]]:
    key = secrets.token_bytes(body.bits // 8)
    sealing = prepare_seal(
        keyring, uses, key, context, body.key_version, body.associated_data, "associated_data", options
    )

    def make() -> tuple[dict[str, Any], int]:
        ciphertext, version = sealing()
        pair: dict[str, Any] = {"ciphertext": ciphertext}
        if shown:
            pair["plaintext"] = encode_base64(key)
        return pair, version

    return make
