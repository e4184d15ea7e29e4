"""Decryption of a message, or a batch of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, TypeAlias

from msgspec import UNSET, UnsetType

from engines.algorithms.base import DEFAULT_ENCRYPTION, EncryptionOptions
from engines.algorithms.rsa.encryption_options import (
    EncryptionHash,
    PaddingScheme,
    parse_decryption,
    unapproved_encryption,
)
from engines.base import Body, Call, Holds, Reply
from engines.batches.items import DecryptItem, RewrapItem
from engines.batches.reading import check_contexts, read_strictly, reply_with_status
from engines.crypto_policy.facts import NO_REQUEST
from engines.crypto_policy.gate import PolicyRefused
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import Uses, begin
from engines.encoding import decode_base64, encode_base64
from engines.faults import Failed, InvalidRequest
from engines.fields import Batch
from engines.keys.keyring import Keyring, KeyVersion
from engines.keys.states import Use
from engines.transit.cipher.sealing import NotAead, is_plain, unseal_at_pace
from engines.transit.state import Transit
from engines.worker_pools import in_turns

_NO_PREFIX = "\0"
"""A byte that no ciphertext begins with."""


class Decryption(Body):
    """Ciphertexts to decrypt, and their key."""

    holds: ClassVar[Holds] = {"batch_input": DecryptItem}

    name: str = ""
    ciphertext: str = ""
    context: str = ""
    associated_data: str = ""
    padding_scheme: PaddingScheme = ""
    hash_algorithm: EncryptionHash = ""
    batch_input: Batch = UNSET
    partial_failure_response_code: int | UnsetType = UNSET

    tells = {
        "name": "The name of the key: letters, digits and `_`, with `-` and `.` inside.",
        "ciphertext": (
            "The `ciphertext` of an encryption: `vault:v1:` and base64, or `cs1:` and base64 from the SDK's local mode."
        ),
        "context": "The context of key derivation, in base64. Required for derived keys, ignored for others.",
        "associated_data": "Additional authenticated data in base64. It is not encrypted, and decryption needs "
        "the same.",
        "padding_scheme": "For RSA: `oaep`, or `pkcs1v15` for data that was encrypted with it elsewhere. Default:"
        " `oaep`.",
        "hash_algorithm": (
            "For RSA with OAEP, the hash of label and mask: `sha1`, `sha2-224`, `sha2-256`, `sha2-384` or "
            "`sha2-512`. Default: `sha2-256`."
        ),
        "batch_input": "A batch of items. See [Batches]. The parameters of a single item are then ignored.",
        "partial_failure_response_code": ("The HTTP status of a batch with failed items, 200 to 599. Default: 400."),
    }


async def decrypt(engine: Transit, call: Call, body: Decryption) -> Reply:
    """Decrypt ``ciphertext``, or every item of ``batch_input``."""
    uses = begin(engine.keys, call, CryptoOperation.DECRYPT, body.name)
    if body.batch_input is not UNSET and body.batch_input is not None:
        return await _decrypt_batch(engine, call, body, uses)
    if not body.ciphertext:
        raise InvalidRequest("missing ciphertext to decrypt")
    keyring = await engine.keys.use(body.name, Use.PROCESS, call)
    if keyring is None:
        raise InvalidRequest("encryption key not found")
    options = _options(engine, call, keyring, body)
    context = decode_base64(body.context) if body.context else b""
    plaintext = await unseal_at_pace(keyring, uses, body.ciphertext, context, body.associated_data, options=options)
    return Reply({"plaintext": encode_base64(plaintext)})


def _options(engine: Transit, call: Call, keyring: Keyring, body: Decryption) -> EncryptionOptions:
    """The options of decryption. Raises ``InvalidRequest``."""
    options = parse_decryption(keyring.algorithm, body.padding_scheme, body.hash_algorithm, name="padding_scheme")
    if engine.keys.fips.active:
        engine.keys.fips.processing(call, unapproved_encryption(options))
    return options


async def _decrypt_batch(engine: Transit, call: Call, body: Decryption, uses: Uses) -> Reply:
    uses.batch = True
    items = read_strictly(body.batch_input, DecryptItem, "ciphertext", engine.max_batch_items)
    has_context = check_contexts(items)
    keyring = await engine.keys.use(body.name, Use.PROCESS, call)
    if keyring is None:
        raise InvalidRequest("encryption key not found")
    options = _options(engine, call, keyring, body)
    wanted = None if body.partial_failure_response_code is UNSET else body.partial_failure_response_code
    return await decrypt_items(call, uses, keyring, items, has_context, wanted, options)


async def decrypt_items(
    call: Call,
    uses: Uses,
    keyring: Keyring,
    items: list[DecryptItem],
    has_context: bool,
    wanted: int | None = None,
    options: EncryptionOptions = DEFAULT_ENCRYPTION,
) -> Reply:
    """The answer to a batch of ``items``; ``wanted`` is the client's status for a partial failure."""
    if is_plain(keyring) and not has_context:
        results = decrypt_plainly(uses, keyring, items)
        if results is not None:
            return Reply({"batch_results": results})
    return await _decrypt_each(call, uses, keyring, items, wanted, options)


def decrypt_plainly(
    uses: Uses, keyring: Keyring, items: Sequence[DecryptItem | RewrapItem]
) -> list[dict[str, Any]] | None:
    """The results for a batch without special cases and failures, nearly always; None falls back to the slow path."""
    openable = keyring.openable
    size = keyring.algorithm.sizes.nonce_bytes
    version, prefix, open_one = keyring.latest, _NO_PREFIX, keyring.latest.cipher.open
    runs: list[_Run] = []
    results: list[dict[str, Any]] = []
    before = input_bytes = output_bytes = 0
    try:
        for item in items:
            if item.associated_data:
                return None
            ciphertext = item.ciphertext
            other = not ciphertext.startswith(prefix)
            if other:
                found = openable.get(ciphertext[: ciphertext.find(":", 7) + 1])
                if found is None:
                    return None
                runs.append((version, len(results) - before, input_bytes, output_bytes))
                before, input_bytes, output_bytes = len(results), 0, 0
                version, prefix, open_one = found, found.prefix, found.cipher.open
            payload = decode_base64(ciphertext[len(prefix) :])
            if len(payload) < size:
                return None
            if other and not uses.settles(version.facts(uses.place), NO_REQUEST, len(payload)):
                return None
            plaintext = open_one(payload[:size], payload[size:], None)
            input_bytes += len(payload)
            output_bytes += len(plaintext)
            results.append({"plaintext": encode_base64(plaintext), "reference": item.reference})
    except InvalidRequest:
        return None
    runs.append((version, len(results) - before, input_bytes, output_bytes))
    _count(uses, runs)
    return results


_Run: TypeAlias = tuple[KeyVersion, int, int, int]
"""The number of ciphertexts of one version, their bytes, and their plaintexts' bytes."""


def _count(uses: Uses, runs: list[_Run]) -> None:
    for version, count, input_bytes, output_bytes in runs:
        if count:
            use = uses.allow(version.facts(uses.place))
            use.count += count
            use.input_bytes += input_bytes
            use.output_bytes += output_bytes
            uses.items += count


async def _decrypt_each(
    call: Call, uses: Uses, keyring: Keyring, items: list[DecryptItem], wanted: int | None, options: EncryptionOptions
) -> Reply:
    results: list[dict[str, Any]] = []
    succeeded = callers_faults = own_faults = False
    async for index, item in in_turns(enumerate(items)):
        try:
            if not item.ciphertext:
                raise InvalidRequest("missing ciphertext to decrypt")
            context = decode_base64(item.context) if item.context else b""
            label = f"[{index}].associated_data"
            plaintext = await unseal_at_pace(
                keyring, uses, item.ciphertext, context, item.associated_data, label, options
            )
        except NotAead as fault:
            # Vault reports this in the item without counting it as a failure.
            results.append({"plaintext": "", "error": fault.message, "reference": item.reference})
        except (InvalidRequest, PolicyRefused) as fault:
            callers_faults = True
            results.append({"plaintext": "", "error": fault.message, "reference": item.reference})
        except Failed as fault:
            own_faults = True
            results.append({"plaintext": "", "error": fault.message, "reference": item.reference})
        else:
            succeeded = True
            results.append({"plaintext": encode_base64(plaintext), "reference": item.reference})
    uses.complete(keyring.algorithm.name, len(items))
    return reply_with_status(call, results, succeeded, callers_faults, own_faults, wanted)
