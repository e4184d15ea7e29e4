"""The errors for refusals. Vault's HTTP API tells reasons by texts alone, so this table holds those that matter.

The texts are OpenBao's and CryptoServe's, and tests provoke each of them at both. They choose the kind of error and are
not repeated in it, since a server may say again what it was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum, auto

from cryptoserve.errors import (
    ContextNotFound,
    CryptoServeError,
    DecryptionFailed,
    LimitReached,
    PermissionDenied,
    PolicyRefused,
    UnsuitableKey,
)
from cryptoserve.http.exchange import Answer

LONGEST_SENTENCE = 500
MOST_SENTENCES = 20


class Reason(Enum):
    """A meaning of the server's texts."""

    NO_KEY = auto()
    NO_KEY_TO_MAKE = auto()
    """No key, of an engine that makes none on the way."""
    UNSUITABLE = auto()
    LIMIT = auto()


_TEXTS = (
    (Reason.NO_KEY_TO_MAKE, re.compile(r"key not found")),
    (Reason.NO_KEY, re.compile(r"(encryption|signing|signature verification) key not found|no existing key named .*")),
    (
        Reason.UNSUITABLE,
        re.compile(
            r".*provided for non-AEAD cipher suite.*"
            r"|message (en|de)cryption not supported for key type.*"
            r"|key type .* does not support (signing|verification|encryption|decryption).*"
            r"|(key type .* not supported for this operation|unknown key type .*)"
            r"|.*(missing 'context' for key derivation|context is required).*",
            re.DOTALL,
        ),
    ),
    (Reason.LIMIT, re.compile(r"version \d+ of key .* may not make \d+ more of its \d+ encryptions.*", re.DOTALL)),
)
_RETURNED = re.compile(r"1 error occurred:\n\t\* (.*)\n\n", re.DOTALL)
_POLICY = re.compile(r'crypto policy "')


def reason_of(texts: Iterable[str]) -> Reason | None:
    """The reason in the texts of a refusal; None if it isn't one of those that matter."""
    for text in texts:
        returned = _RETURNED.fullmatch(text)
        told = returned[1] if returned else text
        for reason, pattern in _TEXTS:
            if pattern.fullmatch(told):
                return reason
    return None


def refusal(answer: Answer, what: str, *, opening: bool = False) -> CryptoServeError:
    """The error for an answer that isn't a success.

    ``what`` is the operation and its context; ``opening`` says that it decrypts.
    """
    if answer.status == 403:
        if sentences := policy_sentences(answer.errors):
            return PolicyRefused(f"{what}: {sentences}", request_id=answer.request_id)
        return PermissionDenied(f"{what}: the token may not do this, or is not good", request_id=answer.request_id)
    return _by_texts(answer.errors, what, answer.status, answer.request_id, opening)


def item_refusal(text: str, what: str, request_id: str, *, opening: bool = False) -> CryptoServeError:
    """The error for an item of a batch that the server has refused with ``text``."""
    if sentences := policy_sentences([text]):
        return PolicyRefused(f"{what}: {sentences}", request_id=request_id)
    return _by_texts([text], what, 400, request_id, opening)


def _by_texts(texts: Iterable[str], what: str, status: int, request_id: str, opening: bool) -> CryptoServeError:
    reason = reason_of(texts)
    if reason is Reason.UNSUITABLE:
        return UnsuitableKey(f"{what}: the key is of a type that can't do this", request_id=request_id)
    if reason is Reason.LIMIT:
        return LimitReached(f"{what}: the key may make no more encryptions", request_id=request_id)
    if opening and status == 400:
        return DecryptionFailed(f"{what}: the text doesn't open here", request_id=request_id)
    if reason is not None:
        return ContextNotFound(f"{what}: there is no such key, and none was made", request_id=request_id)
    if status == 404:
        return ContextNotFound(f"{what}: there is nothing at that mount and key (status 404)", request_id=request_id)
    if status == 413:
        return CryptoServeError(f"{what}: more than the server takes in a request", request_id=request_id)
    return CryptoServeError(f"{what}: the server refused it (status {status})", request_id=request_id)


def policy_sentences(texts: Iterable[str]) -> str:
    """The sentences of crypto policies, which hold names and no data; ``""`` if it wasn't a policy that refused."""
    found = [text for text in texts if _POLICY.match(text)][:MOST_SENTENCES]
    return "; ".join("".join(filter(str.isprintable, text[:LONGEST_SENTENCE])) for text in found)
