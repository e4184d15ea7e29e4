"""Encryption of a message, or a batch of them; an unknown key is created unless that is disabled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from os import urandom
from typing import Any, ClassVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from engines.algorithms.base import DEFAULT_ENCRYPTION, EncryptionOptions
from engines.algorithms.registry import DEFAULT_ALGORITHM, TRANSIT_ALGORITHMS
from engines.algorithms.row import Algorithm
from engines.algorithms.rsa.encryption_options import (
    EncryptionHash,
    PaddingScheme,
    parse_encryption,
    unapproved_encryption,
)
from engines.base import Body, Call, Holds, Reply
from engines.batches.items import EncryptItem
from engines.batches.reading import check_contexts, read_strictly, reply_with_status
from engines.crypto_policy.gate import PolicyRefused
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.requests import encryption_facts
from engines.crypto_policy.uses import Uses, begin
from engines.encoding import decode_base64, encode_base64
from engines.faults import Failed, InvalidRequest
from engines.fields import Batch, KeyValues
from engines.keys.counting.limits import count_then_make, counted_items
from engines.keys.keyring import Keyring
from engines.keys.policy.classification import TELLS as CLASSIFICATION_TELLS
from engines.keys.policy.classification import check_may_classify, classified, with_default_type
from engines.keys.records import KeyringRecord, new_version
from engines.keys.states import Use
from engines.transit.cipher.sealing import NotAead, is_plain, prepare_seal, seal
from engines.transit.state import Transit
from engines.worker_pools import in_turns


class Encryption(Body):
    """Messages to encrypt, the key, and its settings if it must be created."""

    holds: ClassVar[Holds] = {"batch_input": EncryptItem}

    name: str = ""
    plaintext: str | UnsetType = UNSET
    context: str = ""
    associated_data: str = ""
    padding_scheme: PaddingScheme = ""
    hash_algorithm: EncryptionHash = ""
    key_version: int = 0
    type: str = DEFAULT_ALGORITHM.name
    convergent_encryption: bool = False
    batch_input: Batch = UNSET
    partial_failure_response_code: int | UnsetType = UNSET
    data_class: str | UnsetType = UNSET
    labels: KeyValues | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    shelf_life_years: int | UnsetType = UNSET

    tells = {
        **CLASSIFICATION_TELLS,
        "name": "The name of the key: letters, digits and `_`, with `-` and `.` inside.",
        "plaintext": "The data in base64. Required; may be empty.",
        "context": "The context of key derivation, in base64. Required for derived keys, ignored for others.",
        "associated_data": "Additional authenticated data in base64. It is not encrypted, and decryption needs "
        "the same.",
        "padding_scheme": "For RSA: `oaep`. Default: `oaep`.",
        "hash_algorithm": (
            "For RSA with OAEP, the hash of label and mask: `sha1`, `sha2-224`, `sha2-256`, `sha2-384` or "
            "`sha2-512`. Default: `sha2-256`."
        ),
        "key_version": "The version to use; 0 for the latest.",
        "type": "The type of a key that this request creates: a symmetric encryption type.",
        "convergent_encryption": "Create such a key as convergent. Requires `context`.",
        "batch_input": "A batch of items. See [Batches]. The parameters of a single item are then ignored.",
        "partial_failure_response_code": ("The HTTP status of a batch with failed items, 200 to 599. Default: 400."),
    }


def exists(engine: Transit, call: Call, body: Encryption) -> Awaitable[Keyring | None]:
    """The key, if it exists, so that encrypting is an update, not a creation."""
    return engine.keys.load(body.name)


async def encrypt(engine: Transit, call: Call, body: Encryption) -> Reply:
    """Encrypt ``plaintext``, or every item of ``batch_input``."""
    uses = begin(engine.keys, call, CryptoOperation.ENCRYPT, body.name)
    if body.batch_input is not UNSET and body.batch_input is not None:
        return await _encrypt_batch(engine, call, body, uses)
    if body.plaintext is UNSET:
        raise InvalidRequest("missing plaintext to encrypt")
    keyring = _found(engine, call) or await engine.keys.use(body.name, Use.PROTECT, call)
    if keyring is None:
        record = await _new_record(engine, call, body, bool(body.context))
        # Invalid messages must not create a key.
        _prepare_one(_unsaved(engine, record, call), body, uses, DEFAULT_ENCRYPTION)()
        uses.forget()
        keyring = await engine.keys.create(record, TRANSIT_ALGORITHMS[record.type], call)
    options = _options(engine, call, keyring, body)
    prepare = partial(_prepare_one, body=body, uses=uses, options=options)
    ciphertext, version = await count_then_make(engine, call, keyring, body.key_version, prepare)
    return Reply({"ciphertext": ciphertext, "key_version": version})


def _found(engine: Transit, call: Call) -> Keyring | None:
    """The key, if ``exists`` has found it. Raises ``InvalidRequest`` if its state forbids encryption."""
    keyring = call.existing
    if not isinstance(keyring, Keyring):
        return None
    if keyring.restricted:
        engine.keys.check(keyring, Use.PROTECT, call)
    return keyring


def _prepare_one(
    keyring: Keyring, body: Encryption, uses: Uses, options: EncryptionOptions
) -> Callable[[], tuple[str, int]]:
    """The function that encrypts the single message and returns the version.

    Raises ``InvalidRequest``, ``Failed`` or ``PolicyRefused``.
    """
    assert body.plaintext is not UNSET, "there is a message"
    plaintext = decode_base64(body.plaintext)
    context = decode_base64(body.context) if body.context else b""
    return prepare_seal(keyring, uses, plaintext, context, body.key_version, body.associated_data, options=options)


def _options(engine: Transit, call: Call, keyring: Keyring, body: Encryption) -> EncryptionOptions:
    """The options of encryption. Raises ``InvalidRequest``."""
    if not body.padding_scheme and not body.hash_algorithm and keyring.algorithm.capabilities.encryption is None:
        options = DEFAULT_ENCRYPTION
    else:
        options = parse_encryption(keyring.algorithm, body.padding_scheme, body.hash_algorithm, name="padding_scheme")
    if engine.keys.fips.active:
        engine.keys.fips.protecting(call, unapproved_encryption(options))
    return options


async def _new_record(engine: Transit, call: Call, body: Encryption, has_context: bool) -> KeyringRecord:
    """The requested key, still without a version. Raises ``InvalidRequest`` if it can't be created.

    Raises ``Denied`` if it may not be classified by the caller.
    """
    body = with_default_type(engine.keys, body, call.given)
    if body.convergent_encryption and not has_context:
        raise InvalidRequest("convergent encryption requires derivation to be enabled, so context is required")
    algorithm = _upsertable(body.type)
    parse_encryption(algorithm, body.padding_scheme, body.hash_algorithm, name="padding_scheme")
    if (await engine.settings.keys()).disable_upsert:
        raise InvalidRequest("encryption key not found")
    await check_may_classify(engine.keys, call, body.name, body)
    record = KeyringRecord(
        name=body.name, type=algorithm.name, versions={}, derived=has_context, convergent=body.convergent_encryption
    )
    return classified(record, body, engine.keys, call)


def _unsaved(engine: Transit, record: KeyringRecord, call: Call) -> Keyring:
    """A key by ``record``, for a trial."""
    material = TRANSIT_ALGORITHMS[record.type].generate(0)
    return Keyring(replace(record, versions={1: new_version(material, call.now)}), engine.keys.fips)


def _upsertable(name: str) -> Algorithm:
    algorithm = TRANSIT_ALGORITHMS.get(name)
    if algorithm is not None and algorithm.usage.refuses_upsert:
        raise InvalidRequest(f"key type {name} not supported for this operation")
    if algorithm is None or not algorithm.usage.upsertable:
        raise InvalidRequest(f"unknown key type {name}")
    return algorithm


async def _encrypt_batch(engine: Transit, call: Call, body: Encryption, uses: Uses) -> Reply:
    uses.batch = True
    items = read_strictly(body.batch_input, EncryptItem, "plaintext", engine.max_batch_items)
    has_context = check_contexts(items)
    keyring = _found(engine, call) or await engine.keys.use(body.name, Use.PROTECT, call)
    if keyring is None:
        record = await _new_record(engine, call, body, has_context)
        unsaved = _unsaved(engine, record, call)
        refused = await _refusals(uses, unsaved, items, DEFAULT_ENCRYPTION)
        uses.asking = False
        trial = await _sealed(call, uses, unsaved, items, has_context, refused)
        if trial.data is not None and all("error" in result for result in trial.data["batch_results"]):
            return trial
        uses.forget()
        keyring = await engine.keys.create(record, TRANSIT_ALGORITHMS[record.type], call)
    options = _options(engine, call, keyring, body)
    wanted = None if body.partial_failure_response_code is UNSET else body.partial_failure_response_code
    return await encrypt_items(engine, call, uses, keyring, items, has_context, wanted, options)


async def encrypt_items(
    engine: Transit,
    call: Call,
    uses: Uses,
    keyring: Keyring,
    items: list[EncryptItem],
    has_context: bool,
    wanted: int | None = None,
    options: EncryptionOptions = DEFAULT_ENCRYPTION,
) -> Reply:
    """The answer to a batch of ``items``, which are counted; ``wanted`` is the status for a partial failure."""
    uses.asking = True
    refused = await _refusals(uses, keyring, items, options)
    allowed = (item.key_version for index, item in enumerate(items) if index not in refused)
    present = await counted_items(engine, call, keyring, allowed)
    if present is not keyring:  # Items without a version get the new one now.
        refused |= await _refusals(uses, present, items, options, refused)
    uses.asking = False
    return await _sealed(call, uses, present, items, has_context, refused, wanted, options)


async def _refusals(
    uses: Uses,
    keyring: Keyring,
    items: list[EncryptItem],
    options: EncryptionOptions,
    known: Collection[int] = (),
) -> dict[int, PolicyRefused]:
    """The gate's refusals of items, by index; ``known`` are the indexes of earlier refusals.

    Items that fail for other reasons are skipped.
    """
    refused: dict[int, PolicyRefused] = {}
    if not uses.gate.active:
        return refused
    same_version = not any(item.key_version for item in items)
    async for index, item in in_turns(enumerate(items)):
        if index in known:
            continue
        try:
            facts = keyring.version_to_encrypt(item.key_version).facts(uses.place)
            request = encryption_facts(keyring.algorithm, options, associated=bool(item.associated_data))
            uses.allow(facts, request, len(decode_base64(item.plaintext)))
        except PolicyRefused as refusal:
            refused[index] = refusal
        except InvalidRequest:
            continue
        else:
            if same_version and uses.is_settled(facts):
                break
    return refused


async def _sealed(
    call: Call,
    uses: Uses,
    keyring: Keyring,
    items: list[EncryptItem],
    has_context: bool,
    refused: Mapping[int, PolicyRefused],
    wanted: int | None = None,
    options: EncryptionOptions = DEFAULT_ENCRYPTION,
) -> Reply:
    if is_plain(keyring) and not has_context and not refused:
        results = encrypt_plainly(uses, keyring, items)
        if results is not None:
            return Reply({"batch_results": results})
    return await _encrypt_each(call, uses, keyring, items, refused, wanted, options)


def encrypt_plainly(uses: Uses, keyring: Keyring, items: list[EncryptItem]) -> list[dict[str, Any]] | None:
    """The results for a batch without special cases and failures, nearly always; None falls back to the slow path."""
    if keyring.record.compromised:
        return None
    version = keyring.latest
    prefix, number, seal_one = version.prefix, version.number, version.cipher.seal
    size = keyring.algorithm.sizes.nonce_bytes
    nonces = urandom(size * len(items))
    results: list[dict[str, Any]] = []
    start = input_bytes = output_bytes = 0
    for item in items:
        if item.key_version or item.associated_data:
            return None
        end = start + size
        nonce = nonces[start:end]
        start = end
        try:
            plaintext = decode_base64(item.plaintext)
            sealed = nonce + seal_one(nonce, plaintext, None)
        except InvalidRequest:
            return None
        input_bytes += len(plaintext)
        output_bytes += len(sealed)
        results.append(
            {"ciphertext": prefix + encode_base64(sealed), "key_version": number, "reference": item.reference}
        )
    use = uses.allow(version.facts(uses.place))
    use.count += len(items)
    use.input_bytes += input_bytes
    use.output_bytes += output_bytes
    uses.items += len(items)
    return results


async def _encrypt_each(
    call: Call,
    uses: Uses,
    keyring: Keyring,
    items: list[EncryptItem],
    refused: Mapping[int, PolicyRefused],
    wanted: int | None,
    options: EncryptionOptions,
) -> Reply:
    results: list[dict[str, Any]] = []
    succeeded = callers_faults = own_faults = False
    async for index, item in in_turns(enumerate(items)):
        try:
            if index in refused:
                raise refused[index]
            plaintext = decode_base64(item.plaintext)
            context = decode_base64(item.context) if item.context else b""
            where = f"[{index}].associated_data"
            ciphertext, version = seal(
                keyring, uses, plaintext, context, item.key_version, item.associated_data, where, options
            )
        except NotAead as fault:
            # Vault reports this in the item without counting it as a failure.
            results.append({"error": fault.message, "reference": item.reference})
        except (InvalidRequest, PolicyRefused) as fault:
            callers_faults = True
            results.append({"error": fault.message, "reference": item.reference})
        except Failed as fault:
            own_faults = True
            results.append({"error": fault.message, "reference": item.reference})
        else:
            succeeded = True
            results.append({"ciphertext": ciphertext, "key_version": version, "reference": item.reference})
    uses.complete(keyring.algorithm.name, len(items))
    return reply_with_status(call, results, succeeded, callers_faults, own_faults, wanted)
