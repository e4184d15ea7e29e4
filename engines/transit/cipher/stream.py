"""Streams: any number of messages to encrypt, decrypt or rewrap in one request, a line of JSON each.

Items and results are those of a batch; a result with ``error`` is a failed item's, and the stream continues. Values
common to all items may be in the query instead. The key is loaded again for each group of items, so that a rotation or
a change of its settings takes effect within the stream; an unusable key ends it. Unlike a batch, a stream creates no
key, and only some of its items may have a context.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from engines.base import Body, Call, Reply
from engines.batches.items import DecryptItem, EncryptItem, RewrapItem
from engines.batches.reading import batch_results
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import begin, begin_halves
from engines.faults import InvalidRequest
from engines.keys.keyring import Keyring
from engines.keys.states import Use
from engines.keys.store import SoftDeleted
from engines.transit.cipher.decrypt import decrypt_items
from engines.transit.cipher.encrypt import encrypt_items
from engines.transit.cipher.rewrap import rewrap_items
from engines.transit.state import Transit

AnyItem = TypeVar("AnyItem", EncryptItem, DecryptItem, RewrapItem)


class Streaming(Body):
    """The key, and values common to all items."""

    name: str = ""
    context: str = ""
    associated_data: str = ""
    key_version: int = 0

    tells = {
        "name": "The name of an existing key: letters, digits and `_`, with `-` and `.` inside.",
        "context": "The default context of items, in base64.",
        "associated_data": "The default associated data of items, in base64.",
        "key_version": (
            "The default version of items; 0 for the latest. Decryption uses the version in the ciphertext."
        ),
    }


async def encrypt(engine: Transit, call: Call, body: Streaming) -> Reply:
    """Encrypt the items' plaintexts."""
    uses = begin(engine.keys, call, CryptoOperation.ENCRYPT, body.name)
    uses.batch = True

    async def answer(call: Call, keyring: Keyring, items: list[EncryptItem]) -> list[dict[str, Any]]:
        uses.ask_anew()
        has_context = any(item.context for item in items)
        return batch_results(await encrypt_items(engine, call, uses, keyring, items, has_context))

    return await _stream(engine, call, body, Use.PROTECT, answer)


async def decrypt(engine: Transit, call: Call, body: Streaming) -> Reply:
    """Decrypt the items' ciphertexts."""
    uses = begin(engine.keys, call, CryptoOperation.DECRYPT, body.name)
    uses.batch = True

    async def answer(call: Call, keyring: Keyring, items: list[DecryptItem]) -> list[dict[str, Any]]:
        uses.ask_anew()
        return batch_results(await decrypt_items(call, uses, keyring, items, any(item.context for item in items)))

    return await _stream(engine, call, body, Use.PROCESS, answer)


async def rewrap(engine: Transit, call: Call, body: Streaming) -> Reply:
    """Encrypt the items' ciphertexts anew."""
    halves = begin_halves(engine.keys, call, body.name)

    async def answer(call: Call, keyring: Keyring, items: list[RewrapItem]) -> list[dict[str, Any]]:
        for uses in halves:
            uses.ask_anew()
        return await rewrap_items(engine, call, halves, keyring, items, any_fault=True)

    return await _stream(engine, call, body, Use.PROTECT, answer)


async def _stream(
    engine: Transit,
    call: Call,
    body: Streaming,
    use: Use,
    answer: Callable[[Call, Keyring, list[AnyItem]], Awaitable[list[dict[str, Any]]]],
) -> Reply:
    """The reply whose groups ``answer`` answers; raises at once the fault that would end its first group."""
    await _usable(engine, body.name, use, call)

    async def each(items: list[AnyItem]) -> list[dict[str, Any]]:
        # Each group has its own time, and its own warnings, which a stream can't return and mustn't accumulate. Audit
        # records do accumulate: there is one entry for all.
        call.now, call.warnings = engine.clock(), []
        keyring = await _usable(engine, body.name, use, call)
        _complete(items, body)
        return await answer(call, keyring, items)

    return Reply(each=each)


async def _usable(engine: Transit, name: str, use: Use, call: Call) -> Keyring:
    keyring = await engine.keys.use(name, use, call)
    if keyring is None:
        raise InvalidRequest("encryption key not found")
    if keyring.record.soft_deleted:
        raise SoftDeleted
    return keyring


def _complete(items: list[AnyItem], body: Streaming) -> None:
    """Set the common values in ``items``."""
    if body.context:
        for item in items:
            item.context = item.context or body.context
    if body.associated_data:
        for item in items:
            item.associated_data = item.associated_data or body.associated_data
    if body.key_version:
        for item in items:
            item.key_version = item.key_version or body.key_version
