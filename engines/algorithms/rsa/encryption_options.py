"""Options of public-key encryption as a client writes them, parsed."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from engines.algorithms.base import DEFAULT_ENCRYPTION, EncryptionOptions
from engines.algorithms.hashes import HASHES
from engines.algorithms.row import Algorithm, Fips
from engines.algorithms.rsa.rsa import OAEP, OAEP_HASHES, PKCS1V15
from engines.faults import InvalidRequest
from engines.fields import READING, same_words

PaddingScheme: TypeAlias = Annotated[str, Meta(extra={READING: same_words({"": OAEP})})]
"""The padding scheme of public-key encryption; empty for the default."""

EncryptionHash: TypeAlias = Annotated[str, Meta(extra={READING: same_words({"": DEFAULT_ENCRYPTION.hash.name})})]
"""The name of the hash function in the padding; empty for the default."""


def parse_encryption(algorithm: Algorithm, scheme: str, hash_name: str, *, name: str) -> EncryptionOptions:
    """The options of encryption with a key of ``algorithm``; ``scheme`` and ``hash_name`` are empty for defaults.

    ``name`` is the parameter of the scheme. Raises ``InvalidRequest``, also for PKCS #1 v1.5, which is for decryption
    alone: an attacker who sees its failures can decrypt (RFC 8017, 7.2).
    """
    if scheme == PKCS1V15:
        raise InvalidRequest(f'{name} "{scheme}" is for decrypting alone')
    return parse_decryption(algorithm, scheme, hash_name, name=name)


def parse_decryption(algorithm: Algorithm, scheme: str, hash_name: str, *, name: str) -> EncryptionOptions:
    """As ``parse_encryption``, for decryption."""
    if not scheme and not hash_name:
        return DEFAULT_ENCRYPTION
    if scheme and algorithm.encrypts and algorithm.capabilities.encryption is None:
        raise InvalidRequest(f"{name} is not supported for keys of type {algorithm.name}")
    if scheme not in ("", OAEP, PKCS1V15):
        raise InvalidRequest(f'unsupported {name} "{scheme}"; must be "oaep" or "pkcs1v15"')
    hash_ = HASHES.get(hash_name) if hash_name else DEFAULT_ENCRYPTION.hash
    if hash_ is None:
        raise InvalidRequest(f'invalid hash algorithm "{hash_name}"')
    if hash_ not in OAEP_HASHES:
        raise InvalidRequest(f'hash algorithm "{hash_name}" is not supported for encryption')
    return (
        EncryptionOptions(scheme or OAEP, hash_)
        if algorithm.capabilities.encryption is not None
        else DEFAULT_ENCRYPTION
    )


def unapproved_encryption(options: EncryptionOptions) -> str:
    """The unapproved part of an encryption with ``options``, in words; "" if none (SP 800-56B, SP 800-131A)."""
    if options.scheme == PKCS1V15:
        return "encryption by RSA without OAEP"
    return "" if options.hash.fips is Fips.APPROVED else f"RSA-OAEP with {options.hash.name}"
