"""Self-tests of the providers: each does a round trip with a new key, and refuses what was changed.

They show that an installed library works in this process and on this machine. They don't replace the published vectors
of the test suite, nor the self-tests that FIPS 140-3 asks of a module.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from functools import partial

from engines.algorithms.base import BadSignature, SignatureOptions
from engines.algorithms.kem.mlkem_parameters import ML_KEM_768, PrivateKey
from engines.algorithms.kem.providers import MlKemProvider, installed
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import PYCRYPTODOME, Algorithm
from engines.algorithms.signatures.ed25519 import ED25519
from engines.faults import InvalidRequest

_MESSAGE = b"self-test"


class SelfTestFailed(Exception):
    """A provider gave a wrong result; the text says in what."""


def self_tests() -> dict[str, Callable[[], None]]:
    """The self-test of each installed provider, by its name; it takes some milliseconds, and raises what goes wrong."""
    tests: dict[str, list[Callable[[], None]]] = {}
    for row in ALGORITHMS.values():
        if row.takes_associated_data and row.provider not in tests:
            tests[row.provider] = [partial(_encrypt, row)]
    tests[PYCRYPTODOME] = [_sign]
    for provider in installed().values():
        tests.setdefault(provider.name, []).append(partial(_encapsulate, provider))
    return {name: partial(_run_all, parts) for name, parts in tests.items()}


def _run_all(parts: Iterable[Callable[[], None]]) -> None:
    for part in parts:
        part()


def _encrypt(row: Algorithm) -> None:
    prepare = row.capabilities.aead
    assert prepare is not None, "rows without it aren't tested so"
    cipher = prepare(row.generate(0).private)
    nonce = secrets.token_bytes(row.sizes.nonce_bytes)
    ciphertext = cipher.seal(nonce, _MESSAGE, None)
    if cipher.open(nonce, ciphertext, None) != _MESSAGE:
        raise SelfTestFailed(f"{row.name}: decryption gave another plaintext")
    try:
        cipher.open(nonce, _changed(ciphertext), None)
    except InvalidRequest:
        return
    raise SelfTestFailed(f"{row.name}: a changed ciphertext was accepted")


def _sign() -> None:
    """The variant with a context, which OpenSSL doesn't offer through ``cryptography``."""
    prepare = ED25519.capabilities.signature
    assert prepare is not None, "it signs"
    key = prepare(ED25519.generate(0))
    options = SignatureOptions(None, context=b"context")
    signature = key.sign(_MESSAGE, options)
    key.verify(_MESSAGE, signature, options)
    try:
        key.verify(_MESSAGE, _changed(signature), options)
    except (BadSignature, InvalidRequest):
        return
    raise SelfTestFailed(f"{ED25519.name}: a changed signature was accepted")


def _encapsulate(provider: MlKemProvider) -> None:
    key = provider.generate(ML_KEM_768)
    if provider.takes_seeds:
        key, public = PrivateKey(seed=key.seed), provider.public_of(ML_KEM_768, key.seed)
    else:
        public = ML_KEM_768.public_in(key.expanded)
    secret, ciphertext = provider.encapsulator(ML_KEM_768, public)()
    decapsulate = provider.decapsulator(ML_KEM_768, key)
    if decapsulate(ciphertext) != secret:
        raise SelfTestFailed(f"{ML_KEM_768.name}: decapsulation gave another secret")
    if decapsulate(_changed(ciphertext)) == secret:
        raise SelfTestFailed(f"{ML_KEM_768.name}: a changed ciphertext gave the same secret")


def _changed(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])
