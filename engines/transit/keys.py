"""Keys of transit: creating, reading, soft-deleting and restoring them."""

from __future__ import annotations

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from engines.algorithms.registry import ALGORITHMS
from engines.base import Call, Reply
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import note
from engines.encoding import NotBase64, decode_base64
from engines.faults import InvalidRequest, NotFound
from engines.keys.describe import describe
from engines.keys.handlers import warn_of_type
from engines.keys.policy.classification import check_may_classify, classified
from engines.keys.records import KeyringRecord
from engines.keys.settings import KeyName
from engines.transit.creation import KeyCreation, new_key
from engines.transit.state import Transit


class KeyReading(KeyName):
    """The key to read, and the context."""

    context: str = ""

    tells = {
        "context": "The context in base64, for which public keys of a derived Ed25519 key are shown.",
    }


def decode_context(text: str | UnsetType) -> bytes:
    """A context outside of batches. Raises ``InvalidRequest``."""
    if text is UNSET or not text:
        return b""
    try:
        return decode_base64(text)
    except NotBase64:
        raise InvalidRequest("failed to base64-decode context") from None


async def create(engine: Transit, call: Call, body: KeyCreation) -> Reply:
    """Create a key; an existing one is unchanged, whatever is requested."""
    note(call, CryptoOperation.CREATE, body.name)
    record = new_key(engine.keys, body, call.given)
    algorithm = ALGORITHMS[record.type]
    warn_of_type(call, algorithm)
    await check_may_classify(engine.keys, call, body.name, body)
    return describe(await engine.keys.create(classified(record, body, engine.keys, call), algorithm, call))


async def read(engine: Transit, call: Call, body: KeyReading) -> Reply:
    """Show a key and its versions."""
    keyring = await engine.keys.load(body.name)
    if keyring is None:
        raise NotFound
    reply = describe(keyring, decode_context(body.context))
    if reply.data is None or not keyring.algorithm.encrypts:
        return reply
    totals = await engine.counts.totals(keyring)
    if not any(totals.values()):
        return reply
    return Reply({**reply.data, "encryptions": {str(number): total for number, total in totals.items()}})


async def soft_delete(engine: Transit, call: Call, body: KeyName) -> Reply | None:
    """Mark a key as deleted: it stays, but can't be used."""
    return await _mark(engine, call, body.name, True, "key was already marked as soft deleted")


async def soft_delete_restore(engine: Transit, call: Call, body: KeyName) -> Reply | None:
    """Remove the mark."""
    return await _mark(engine, call, body.name, False, "key was already restored")


async def _mark(engine: Transit, call: Call, name: str, deleted: bool, already: str) -> Reply | None:
    warned = False

    def edit(record: KeyringRecord) -> KeyringRecord:
        nonlocal warned
        warned = record.soft_deleted is deleted
        return record if warned else replace(record, soft_deleted=deleted)

    try:
        keyring = await engine.keys.change(name, call, NotFound(), edit)
    except NotFound:
        return None
    if warned:
        call.warn(already)
    return describe(keyring)
