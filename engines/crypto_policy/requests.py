"""Execution of requests as ``RequestFacts``: from the options that algorithms get, and their defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from engines.algorithms.base import DEFAULT_ENCRYPTION, EncryptionOptions, SignatureOptions
from engines.algorithms.formats.jws import jws_algorithms
from engines.algorithms.hashes import DEFAULT_HASH, HASHES, Hash
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Algorithm
from engines.algorithms.rsa.rsa import OAEP, PSS
from engines.crypto_policy.facts import NO_REQUEST, KeyFacts, RequestFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.faults import InvalidRequest

HPKE = "hpke"
"""The scheme of messages encrypted to KEM keys."""

HPKE_REQUEST = RequestFacts(scheme=HPKE)
WITH_ASSOCIATED_DATA = RequestFacts(has_associated_data=True)

_SIGNING = (CryptoOperation.SIGN, CryptoOperation.VERIFY, CryptoOperation.ISSUE_TOKEN)
_ENCRYPTING = (
    CryptoOperation.ENCRYPT,
    CryptoOperation.DECRYPT,
    CryptoOperation.DATAKEY,
    CryptoOperation.DERIVED_KEYS,
)
_HASHING = (CryptoOperation.HMAC, CryptoOperation.HASH)


def encryption_facts(algorithm: Algorithm, options: EncryptionOptions, *, associated: bool = False) -> RequestFacts:
    """The encryption or decryption of one message; ``associated``: with associated data."""
    if algorithm.capabilities.encryption is not None:
        return RequestFacts(
            scheme=options.scheme or OAEP, hash=options.hash.name if options.scheme in ("", OAEP) else ""
        )
    if algorithm.capabilities.hpke is not None:
        return replace(HPKE_REQUEST, has_associated_data=associated)
    return WITH_ASSOCIATED_DATA if associated else NO_REQUEST


def wrapping_facts(hash_: Hash) -> RequestFacts:
    """The wrapping of a key to another server's RSA key."""
    return RequestFacts(scheme=OAEP, hash=hash_.name)


def signature_facts(algorithm: Algorithm, options: SignatureOptions) -> RequestFacts:
    """A signature or verification by a key of ``algorithm`` with ``options``, some of which it may ignore.

    For a digest from the caller, the named hash function is recorded only if the signature contains its identifier: for
    ECDSA, ``hash`` is empty then. The message of ML-DSA's mu is unknown too, so it isn't ``pure``.
    """
    variants = algorithm.variants
    if variants.hash_chosen:
        return _of_chosen_hash(algorithm, options)
    if variants.hash_signed is not None:
        hashed = options.signs_hash
        return RequestFacts(hash=variants.hash_signed.name if hashed else "", prehashed=hashed)
    if variants.message_hash is not None:
        return RequestFacts(hash=variants.message_hash.name, prehashed=options.prehashed, pure=True)
    prehashed = options.prehashed and variants.digest_variant
    external_mu = options.external_mu and variants.external_mu
    hash_message = options.hash_message and variants.hash_message
    named = options.hash.name if options.hash is not None else ""
    return RequestFacts(
        hash=named if prehashed or hash_message else "",
        prehashed=prehashed,
        hash_message=hash_message,
        external_mu=external_mu,
        pure=not (prehashed or hash_message or external_mu),
    )


def _of_chosen_hash(algorithm: Algorithm, options: SignatureOptions) -> RequestFacts:
    prehashed = options.prehashed or options.hash is None
    named = options.hash.name if options.hash is not None else ""
    if not algorithm.variants.signature_salted:
        return RequestFacts(hash="" if prehashed else named, prehashed=prehashed)
    return RequestFacts(hash=named, scheme=options.scheme or PSS, prehashed=prehashed)


def default_request(key: KeyFacts | None, operation: CryptoOperation, given: Mapping[str, Any]) -> RequestFacts:
    """The facts ``given`` by name, and the defaults of ``operation`` with ``key`` for the others.

    Raises ``InvalidRequest`` for an unknown fact, or a value of another type.
    """
    try:
        facts = msgspec.convert(given, _Given)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"request: {error}") from None
    taken = _defaults(key, operation, facts)
    return replace(taken, **{name: value for name, value in asdict(facts).items() if name in given})


def token_request(key: KeyFacts, given: Mapping[str, Any]) -> RequestFacts:
    """As ``default_request`` for signatures and checks in the forms of JOSE and COSE, whatever the operation."""
    return default_request(key, CryptoOperation.ISSUE_TOKEN, given)


class _Given(RequestFacts, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The facts in a request."""


def _defaults(key: KeyFacts | None, operation: CryptoOperation, given: RequestFacts) -> RequestFacts:
    if operation in _HASHING:
        return RequestFacts(hash=DEFAULT_HASH.name)
    algorithm = None if key is None else ALGORITHMS.get(key.algorithm)
    if operation is CryptoOperation.BYOK_EXPORT:
        return wrapping_facts(DEFAULT_ENCRYPTION.hash)
    if algorithm is None:
        return NO_REQUEST
    if operation in _ENCRYPTING:
        return encryption_facts(algorithm, DEFAULT_ENCRYPTION)
    if operation in _SIGNING and algorithm.signs:
        usual = DEFAULT_SIGNATURE if operation is not CryptoOperation.ISSUE_TOKEN else token_options(algorithm)
        return signature_facts(algorithm, _with_given(usual, given))
    if operation is CryptoOperation.VERIFY and algorithm.usage.mac_key_is_key:
        return RequestFacts(hash=DEFAULT_HASH.name)
    return NO_REQUEST


DEFAULT_SIGNATURE = SignatureOptions(DEFAULT_HASH)
"""How transit signs unless the caller chooses."""


def token_options(algorithm: Algorithm) -> SignatureOptions:
    """How keys of ``algorithm`` sign tokens and messages in the forms of JOSE and COSE, unless a role chooses."""
    found = jws_algorithms(algorithm)
    return found[0].options if found else DEFAULT_SIGNATURE


def _with_given(options: SignatureOptions, given: RequestFacts) -> SignatureOptions:
    return replace(
        options,
        hash=HASHES.get(given.hash, options.hash),
        scheme=given.scheme or options.scheme,
        prehashed=given.prehashed,
        signs_hash=given.prehashed,
        external_mu=given.external_mu,
        hash_message=given.hash_message,
    )
