"""Options of signatures as a client writes them, parsed, and their approval by FIPS 186-5."""

from __future__ import annotations

import re

from msgspec.structs import replace

from engines.algorithms.base import Marshaling, SignatureOptions
from engines.algorithms.hashes import DEFAULT_HASH, HASHES, NO_HASH, Hash
from engines.algorithms.row import Algorithm, Fips
from engines.algorithms.rsa.rsa import PKCS1V15, PSS, SALT_AUTO, SALT_HASH
from engines.faults import InvalidRequest

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)

DEFAULT_SALT_LENGTH = "auto"
DEFAULT_SCHEME = PSS
"""The default scheme of RSA signatures."""

DEFAULT_MARSHALING = Marshaling.ASN1.value


_MARSHALINGS = {marshaling.value: marshaling for marshaling in Marshaling}


def parse_marshaling(text: str) -> Marshaling:
    """The signature encoding called ``text``. Raises ``InvalidRequest``."""
    marshaling = _MARSHALINGS.get(text)
    if marshaling is None:
        raise InvalidRequest(f'invalid marshaling type "{text}"')
    return marshaling


def parse_salt_length(text: str) -> int:
    """Bytes of salt, or ``rsa.SALT_AUTO`` or ``rsa.SALT_HASH``, which also have numbers, as in OpenBao.

    Raises ``InvalidRequest``.
    """
    word = text.lower()
    if word == "auto":
        return SALT_AUTO
    if word == "hash":
        return SALT_HASH
    if not _INTEGER.fullmatch(text):
        raise InvalidRequest(f"salt length neither 'auto', 'hash', nor an int: {text}")
    length = int(text)
    if length < SALT_HASH:
        raise InvalidRequest(f"salt length is invalid: {length}")
    return length


def plain_salt_length(text: str) -> str:
    """The canonical text of a salt length."""
    try:
        return str(parse_salt_length(text))
    except InvalidRequest:
        return text


def parse_hash(name: str) -> Hash | None:
    """The hash function called ``name``, the default for ``""``, None for none. Raises ``InvalidRequest``."""
    if name == NO_HASH:
        return None
    hash_ = HASHES.get(name) if name else DEFAULT_HASH
    if hash_ is None:
        raise InvalidRequest(f'invalid hash algorithm "{name}"')
    return hash_


def check_unhashed(prehashed: bool, scheme: str) -> None:
    """Refuse to sign without a hash, except where the caller has done all hashing. Raises ``InvalidRequest``."""
    if not prehashed or scheme != PKCS1V15:
        raise InvalidRequest(
            f"hash_algorithm={NO_HASH} requires both prehashed=true and signature_algorithm={PKCS1V15}"
        )


def with_approved_salt(algorithm: Algorithm, options: SignatureOptions) -> SignatureOptions:
    """``options`` with a salt as long as the hash, if the maximum would exceed it (5.4)."""
    if algorithm.variants.signature_salted and options.salt_length == SALT_AUTO:
        return replace(options, salt_length=SALT_HASH)
    return options


def unapproved_signature(algorithm: Algorithm, options: SignatureOptions) -> str:
    """The unapproved part of a signature with ``options``, in words; "" if there is none (FIPS 186-5, SP 800-131A)."""
    if options.context and not options.prehashed and not algorithm.variants.context_approved:
        return f"a signature by {algorithm.name} bound to a context"
    if not algorithm.variants.hash_chosen:
        return ""
    hash_ = options.hash
    if hash_ is None:
        return f"a signature by {algorithm.name} without a hash function"
    if hash_.fips is not Fips.APPROVED:
        return f"a signature with {hash_.name}"
    if algorithm.variants.signature_salted and options.scheme in ("", PSS) and options.salt_length > hash_.digest_bytes:
        return f"a signature with more salt than the {hash_.digest_bytes} bytes of {hash_.name}"
    return ""
