"""Signatures of data, or a batch of them, with a key pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, ClassVar, TypeAlias

from msgspec import UNSET, Meta, UnsetType

from engines.algorithms.base import MAX_SIGNATURE_CONTEXT_BYTES, Marshaling, SignatureOptions
from engines.algorithms.hashes import DEFAULT_HASH, Hash
from engines.algorithms.row import Pace
from engines.algorithms.signatures.options import (
    DEFAULT_MARSHALING,
    DEFAULT_SALT_LENGTH,
    DEFAULT_SCHEME,
    check_unhashed,
    parse_hash,
    parse_marshaling,
    parse_salt_length,
    plain_salt_length,
    unapproved_signature,
)
from engines.base import Body, Call, Holds, Reply
from engines.batches.items import InputItem
from engines.batches.reading import read_strings
from engines.crypto_policy.facts import RequestFacts
from engines.crypto_policy.gate import KeyUse
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.requests import signature_facts
from engines.crypto_policy.uses import Uses, begin
from engines.encoding import decode_base64, encode_base64, encode_base64_url
from engines.faults import Failed, Fault, InvalidRequest
from engines.fields import READING, Batch, same_words
from engines.keys.keyring import Compromised, Keyring, KeyVersion, MissingContext
from engines.keys.states import Use
from engines.transit.keys import decode_context
from engines.transit.signature.hash import decode_input
from engines.transit.state import Transit
from engines.worker_pools import at_pace, check_long_items, in_turns


class Signing(Body):
    """Data to sign, and the options. ``urlalgorithm`` in the path, ``algorithm`` the old name of ``hash_algorithm``."""

    holds: ClassVar[Holds] = {"batch_input": InputItem}

    other_names: ClassVar[Mapping[str, str]] = {"urlalgorithm": "hash_algorithm", "algorithm": "hash_algorithm"}

    path_only: ClassVar[frozenset[str]] = frozenset({"urlalgorithm"})

    name: str = ""
    urlalgorithm: str = ""
    hash_algorithm: Annotated[str, Meta(extra={READING: same_words({"": DEFAULT_HASH.name})})] = DEFAULT_HASH.name
    algorithm: str | UnsetType = UNSET
    signature_algorithm: Annotated[str, Meta(extra={READING: same_words({"": DEFAULT_SCHEME})})] = ""
    marshaling_algorithm: str = DEFAULT_MARSHALING
    salt_length: Annotated[str, Meta(extra={READING: plain_salt_length})] = DEFAULT_SALT_LENGTH
    prehashed: bool = False
    external_mu: bool = False
    hash_message: bool = False
    input: str = ""
    context: str = ""
    signature_context: str | UnsetType = UNSET
    key_version: int = 0
    batch_input: Batch = UNSET

    tells = {
        "name": "The name of the key: letters, digits and `_`, with `-` and `.` inside.",
        "urlalgorithm": "The hash, in the path; takes precedence over the parameters.",
        "hash_algorithm": "The hash, see [Hashes]. `none` only with `prehashed` and `pkcs1v15`. Ignored for Ed25519.",
        "algorithm": "The old name of `hash_algorithm`, which takes precedence.",
        "signature_algorithm": "For RSA: `pss` or `pkcs1v15`. Default: `pss`.",
        "marshaling_algorithm": (
            "`asn1`: base64, with ECDSA as DER. `jws`: base64url without padding, with ECDSA as r and s of fixed "
            "length."
        ),
        "salt_length": (
            "For PSS: `auto` or `0` (the longest when signing, any when verifying), `hash` or `-1` (the length of"
            " the hash), or a number of bytes from 1 on. As in OpenBao, a signature without salt can't be "
            "requested."
        ),
        "prehashed": (
            "`input` is the hash of the data. Selects HashML-DSA for `ml-dsa`; ignored for OpenBao's `mldsa-*` "
            "and Ed25519."
        ),
        "external_mu": "For ML-DSA: `input` is the 64-byte message representative mu of FIPS 204.",
        "hash_message": (
            "For `slh-dsa`: hash `input` with `hash_algorithm` and sign the hash (HashSLH-DSA of FIPS 205)."
        ),
        "input": "Base64 of the data.",
        "context": "The context of key derivation, in base64. Required for derived keys, ignored for others.",
        "signature_context": (
            "The context string of the signature in base64, up to 255 bytes, for post-quantum types and Ed25519; "
            "see below. It applies to all items of a batch."
        ),
        "key_version": "The version to use; 0 for the latest.",
        "batch_input": "A batch of items. See [Batches]. The parameters of a single item are then ignored.",
    }


def hash_name(call: Call, body: Signing) -> str:
    """The name of the hash function, by the first given of its three parameters."""
    if body.urlalgorithm:
        return body.urlalgorithm
    if body.algorithm is not UNSET and not ("hash_algorithm" in call.given and body.hash_algorithm):
        return body.algorithm
    return body.hash_algorithm


def signature_options(
    call: Call, body: Signing, keyring: Keyring, marshaling: Marshaling, salt_length: int
) -> SignatureOptions:
    """The signature options for ``keyring``, whose algorithm signs. Raises ``InvalidRequest``."""
    hash_ = parse_hash(hash_name(call, body))
    if hash_ is None and keyring.algorithm.variants.hash_chosen:
        check_unhashed(body.prehashed, body.signature_algorithm)
    if body.external_mu and not keyring.algorithm.variants.external_mu:
        raise InvalidRequest(f"external_mu is not supported for keys of type {keyring.algorithm.key_type}")
    if body.hash_message and not keyring.algorithm.variants.hash_message:
        raise InvalidRequest(f"hash_message is not supported for keys of type {keyring.algorithm.key_type}")
    bound_to, signs_hash = b"", False
    if body.signature_context is not UNSET:
        bound_to = _signature_context(keyring, body.signature_context)
        signs_hash = _signs_hash(keyring, body.prehashed, hash_)
    return SignatureOptions(
        hash_,
        body.prehashed,
        body.signature_algorithm,
        salt_length,
        marshaling,
        bound_to,
        signs_hash,
        body.external_mu,
        body.hash_message,
    )


def _signature_context(keyring: Keyring, text: str) -> bytes:
    """The context of signatures, b"" for none. Raises ``InvalidRequest`` if the key doesn't support one."""
    if not text:
        return b""
    if not keyring.algorithm.variants.signature_context:
        raise InvalidRequest(f"signature_context is not supported for keys of type {keyring.algorithm.key_type}")
    context = decode_base64(text)
    if len(context) > MAX_SIGNATURE_CONTEXT_BYTES:
        raise InvalidRequest(f"signature_context has more than {MAX_SIGNATURE_CONTEXT_BYTES} bytes")
    return context


def _signs_hash(keyring: Keyring, prehashed: bool, hash_: Hash | None) -> bool:
    """Whether a signature with a context is of a digest. Raises ``InvalidRequest`` for contradictory parameters.

    Without a context these algorithms ignore them, as in OpenBao.
    """
    expected = keyring.algorithm.variants.hash_signed
    if expected is None:
        return False
    if prehashed != (hash_ is expected):
        raise InvalidRequest(
            f"with signature_context, prehashed=true and hash_algorithm={expected.name} only go together"
        )
    return prehashed


async def sign(engine: Transit, call: Call, body: Signing) -> Reply:
    """Sign ``input``, or every item of ``batch_input``; a batch always succeeds as a whole."""
    uses = begin(engine.keys, call, CryptoOperation.SIGN, body.name)
    marshaling = parse_marshaling(body.marshaling_algorithm)
    salt_length = parse_salt_length(body.salt_length)
    keyring = await engine.keys.use(body.name, Use.PROTECT, call)
    if keyring is None:
        raise InvalidRequest("signing key not found")
    if not keyring.algorithm.signs:
        raise InvalidRequest(f"key type {keyring.algorithm.key_type} does not support signing")
    options = signature_options(call, body, keyring, marshaling, salt_length)
    if engine.keys.fips.active:
        engine.keys.fips.protecting(call, unapproved_signature(keyring.algorithm, options))
    request = signature_facts(keyring.algorithm, options)
    pace = keyring.algorithm.pacing.signing
    prepare = partial(_prepare, keyring, uses, body.key_version, options, request)
    if body.batch_input is not UNSET and body.batch_input is not None:
        items = read_strings(body.batch_input, "transit.batchRequestSignItem", engine.max_batch_items)
        check_long_items(pace, len(items))
        uses.batch = True
        results = [await _sign_item(pace, prepare, item) async for item in in_turns(items)]
        uses.complete(keyring.algorithm.name, len(items))
        return Reply({"batch_results": results})
    signature, version, public_key = await at_pace(pace, prepare(body.input, body.context))
    data: dict[str, Any] = {"signature": signature, "key_version": version}
    if public_key:
        data["public_key"] = public_key
    return Reply(data)


_Signed: TypeAlias = tuple[str, int, str]
"""A signature, the version that made it, and the public key where the context decides on it."""


def _prepare(
    keyring: Keyring,
    uses: Uses,
    requested_version: int,
    options: SignatureOptions,
    request: RequestFacts,
    text: str,
    context_text: str,
) -> Callable[[], _Signed]:
    """The function that signs the message in ``text``, once allowed. Raises a fault."""
    data = decode_input(text)
    context = decode_context(context_text)
    if keyring.record.soft_deleted:
        raise Failed("refusing to use soft-deleted key")
    try:
        version = keyring.version_to_encrypt(requested_version, "signing")
    except Compromised:
        raise
    except InvalidRequest as fault:
        raise Failed(fault.message) from None
    use = uses.allow(version.facts(uses.place), request, len(data))
    return partial(_sign, keyring, use, version, options, data, context)


def _sign(
    keyring: Keyring, use: KeyUse, version: KeyVersion, options: SignatureOptions, data: bytes, context: bytes
) -> _Signed:
    use.begin()
    try:
        signer = version.signature(context)
    except MissingContext as fault:
        raise Failed(f"error deriving key: {fault.message}") from None
    signature = signer.sign(data, options)
    use.made(len(data), len(signature))
    encode = encode_base64 if options.marshaling is Marshaling.ASN1 else encode_base64_url
    public_key = encode_base64(version.public_key(context)) if keyring.record.derived else ""
    return version.prefix + encode(signature), version.number, public_key


async def _sign_item(
    pace: Pace, prepare: Callable[[str, str], Callable[[], _Signed]], item: InputItem
) -> dict[str, Any]:
    try:
        if item.input is UNSET:
            raise InvalidRequest("missing input")
        signature, version, public_key = await at_pace(pace, prepare(item.input, item.context))
    except Fault as fault:
        return {"key_version": 0, "error": fault.message, "reference": item.reference}
    result: dict[str, Any] = {"signature": signature, "key_version": version, "reference": item.reference}
    if public_key:
        result["publickey"] = public_key
    return result
