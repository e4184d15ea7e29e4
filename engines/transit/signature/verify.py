"""Verification of signatures, HMACs and CMACs, one or a batch of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec import UNSET, UnsetType

from engines.algorithms.base import BadSignature, Marshaling, SignatureOptions
from engines.algorithms.hashes import NO_HASH
from engines.algorithms.row import Pace
from engines.algorithms.signatures.options import parse_hash, parse_marshaling, parse_salt_length, unapproved_signature
from engines.base import Call, Reply
from engines.batches.items import InputItem
from engines.batches.reading import read_strings
from engines.crypto_policy.facts import RequestFacts
from engines.crypto_policy.fips import unapproved_hash
from engines.crypto_policy.gate import KeyUse, PolicyRefused
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.requests import signature_facts
from engines.crypto_policy.uses import Uses, begin
from engines.encoding import NotBase64, decode_base64, decode_base64_url
from engines.faults import Failed, Fault, InvalidRequest
from engines.keys.keyring import Keyring, KeyVersion, MissingContext
from engines.keys.states import Use
from engines.keys.store import SoftDeleted
from engines.transit.keys import decode_context
from engines.transit.signature import cmac, hmac
from engines.transit.signature.hash import decode_input
from engines.transit.signature.sign import Signing, hash_name, signature_options
from engines.transit.state import Transit
from engines.worker_pools import at_pace, check_long_items, in_turns


class Verification(Signing):
    """As for signing, with the code or signature to verify."""

    signature: str | UnsetType = UNSET
    hmac: str | UnsetType = UNSET
    cmac: str | UnsetType = UNSET
    mac_length: int = 0

    tells = {
        "signature": "The `signature` of a signing. Takes precedence over `hmac`.",
        "hmac": "The `hmac` of an authentication.",
        "cmac": "The `cmac` of an authentication. `signature` and `hmac` take precedence over it.",
        "mac_length": "The length of the CMAC in bytes, 4 to 16; 0 for 16.",
        "algorithm": ("The old name of `hash_algorithm`, which takes precedence; and the hash of an HMAC."),
        "key_version": "Ignored: signatures and HMACs name their version.",
    }


async def verify(engine: Transit, call: Call, body: Verification) -> Reply:
    """Verify ``signature``, ``hmac`` or ``cmac``, or those of every item of ``batch_input``."""
    uses = begin(engine.keys, call, CryptoOperation.VERIFY, body.name)
    items = None
    if body.batch_input is not UNSET and body.batch_input is not None:
        items = read_strings(body.batch_input, "transit.batchRequestVerifyItem", engine.max_batch_items)
        uses.batch = True
        if any(item.cmac is not UNSET for item in items):
            return await _verify_cmacs(engine, call, body, uses, items)
        by_signature = _all_have_signatures(items)
    elif body.signature is not UNSET:
        by_signature = True
    elif body.hmac is not UNSET:
        by_signature = False
    elif body.cmac is not UNSET:
        return await _verify_cmacs(engine, call, body, uses, None)
    else:
        raise InvalidRequest("neither a 'signature' nor an 'hmac' were given to verify")
    if by_signature:
        return await _verify_signatures(engine, call, body, uses, items)
    return await _verify_hmacs(engine, call, body, uses, items)


def _all_have_signatures(items: list[InputItem]) -> bool:
    """True if every item has a signature, False if every item has an HMAC. Raises ``InvalidRequest`` otherwise."""
    signatures = sum(item.signature is not UNSET for item in items)
    hmacs = sum(item.signature is UNSET and item.hmac is not UNSET for item in items)
    if signatures and hmacs:
        raise InvalidRequest("elements of batch_input must all provide 'signature' or all provide 'hmac'")
    if not signatures and not hmacs:
        raise InvalidRequest("no batch_input elements have 'signature' or 'hmac'")
    if signatures + hmacs < len(items):
        raise InvalidRequest(f"some elements of batch_input are missing '{'signature' if signatures else 'hmac'}'")
    return signatures > 0


async def _verify_signatures(
    engine: Transit, call: Call, body: Verification, uses: Uses, items: list[InputItem] | None
) -> Reply:
    marshaling = parse_marshaling(body.marshaling_algorithm)
    salt_length = parse_salt_length(body.salt_length)
    keyring = await engine.keys.use(body.name, Use.PROCESS, call)
    if keyring is None:
        raise InvalidRequest("signature verification key not found")
    if not keyring.algorithm.signs:
        raise InvalidRequest(f"key type {keyring.algorithm.key_type} does not support verification")
    options = signature_options(call, body, keyring, marshaling, salt_length)
    if engine.keys.fips.active:
        engine.keys.fips.processing(call, unapproved_signature(keyring.algorithm, options))
    pace = keyring.algorithm.pacing.verifying
    prepare = partial(_prepare, keyring, uses, options, signature_facts(keyring.algorithm, options))
    if items is not None:
        check_long_items(pace, len(items))
        results = [await _verify_signature_item(pace, prepare, item) async for item in in_turns(items)]
        uses.complete(keyring.algorithm.name, len(items))
        return Reply({"batch_results": results})
    signature = body.signature if body.signature is not UNSET else ""
    return Reply({"valid": await at_pace(pace, prepare(body.input, body.context, signature))})


def _prepare(
    keyring: Keyring,
    uses: Uses,
    options: SignatureOptions,
    request: RequestFacts,
    text: str,
    context_text: str,
    signature: str,
) -> Callable[[], bool]:
    """The function that checks a signature, once allowed. Raises a fault."""
    data = decode_input(text)
    context = decode_context(context_text)
    if keyring.record.soft_deleted:
        raise SoftDeleted
    version, encoded = keyring.open_header(signature, "signature")
    try:
        raw = decode_base64(encoded) if options.marshaling is Marshaling.ASN1 else decode_base64_url(encoded)
    except NotBase64:
        raise InvalidRequest("invalid base64 signature value") from None
    use = uses.allow(version.facts(uses.place), request, len(data))
    return partial(_is_signature, use, version, options, data, context, raw)


def _is_signature(
    use: KeyUse, version: KeyVersion, options: SignatureOptions, data: bytes, context: bytes, signature: bytes
) -> bool:
    use.begin()
    try:
        verifier = version.signature(context)
    except MissingContext as fault:
        raise Failed(f"error deriving key: {fault.message}") from None
    try:
        verifier.verify(data, signature, options)
        valid = True
    except BadSignature:
        valid = False
    use.made(len(data))
    return valid


async def _verify_signature_item(
    pace: Pace, prepare: Callable[[str, str, str], Callable[[], bool]], item: InputItem
) -> dict[str, Any]:
    try:
        if item.input is UNSET:
            raise InvalidRequest("missing input")
        signature = item.signature if item.signature is not UNSET else ""
        valid = await at_pace(pace, prepare(item.input, item.context, signature))
    except Fault as fault:
        return {"valid": False, "error": fault.message, "reference": item.reference}
    return {"valid": valid, "reference": item.reference}


async def _verify_cmacs(
    engine: Transit, call: Call, body: Verification, uses: Uses, items: list[InputItem] | None
) -> Reply:
    length = cmac.url_length(body.urlalgorithm)
    keyring = await cmac.load(engine, body.name, Use.PROCESS, call)
    if items is None:
        item = InputItem(input=body.input, cmac=body.cmac)
        return Reply({"valid": cmac.is_code(keyring, uses, item, body.mac_length if length is None else length)})
    if any(item.cmac is UNSET or item.signature is not UNSET or item.hmac is not UNSET for item in items):
        raise InvalidRequest("elements of batch_input must all provide 'cmac', and neither 'signature' nor 'hmac'")
    cmac.warn_of_lengths(call, items, length)
    results = [_verify_cmac_item(keyring, uses, item, length, at) async for at, item in in_turns(enumerate(items))]
    uses.complete(keyring.algorithm.name, len(items))
    return Reply({"batch_results": results})


def _verify_cmac_item(keyring: Keyring, uses: Uses, item: InputItem, length: int | None, index: int) -> dict[str, Any]:
    try:
        valid = cmac.is_code(keyring, uses, item, cmac.item_length(item, length), index)
    except (InvalidRequest, PolicyRefused) as fault:
        return {"error": fault.message, "reference": item.reference}
    # As for HMACs, Vault omits false.
    return {"valid": True, "reference": item.reference} if valid else {"reference": item.reference}


async def _verify_hmacs(
    engine: Transit, call: Call, body: Verification, uses: Uses, items: list[InputItem] | None
) -> Reply:
    hash_ = parse_hash(hash_name(call, body))
    keyring = await hmac.load(engine, body.name, Use.PROCESS, call)
    if hash_ is None:
        raise InvalidRequest(f"algorithm cannot be {NO_HASH}")
    if engine.keys.fips.active:
        engine.keys.fips.processing(call, unapproved_hash(hmac.PURPOSE, hash_))
    check = partial(hmac.check, keyring, uses, hash_, RequestFacts(hash=hash_.name))
    if items is not None:
        results = [_verify_hmac_item(check, item) async for item in in_turns(items)]
        uses.complete(keyring.algorithm.name, len(items))
        return Reply({"batch_results": results})
    code = body.hmac if body.hmac is not UNSET else ""
    return Reply({"valid": check(body.input, code)})


def _verify_hmac_item(check: Callable[[str, str], bool], item: InputItem) -> dict[str, Any]:
    try:
        if item.input is UNSET:
            raise InvalidRequest("missing input")
        code = item.hmac if item.hmac is not UNSET else ""
        valid = check(item.input, code)
    except (InvalidRequest, PolicyRefused) as fault:
        return {"error": fault.message, "reference": item.reference}
    # Vault omits false here, and only here.
    return {"valid": True, "reference": item.reference} if valid else {"reference": item.reference}
