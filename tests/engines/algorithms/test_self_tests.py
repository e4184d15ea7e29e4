"""The self-tests of the providers find what is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engines.algorithms import self_tests as module
from engines.algorithms.kem.providers import installed
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import LIBSODIUM, OPENSSL, PYCRYPTODOME
from engines.algorithms.self_tests import SelfTestFailed, self_tests


def test_every_provider_has_one_and_passes_it() -> None:
    tests = self_tests()
    assert set(tests) == {OPENSSL, LIBSODIUM, PYCRYPTODOME, *installed()}
    for run in tests.values():
        run()


class _Wrong:
    """A cipher that gives another plaintext, or takes everything."""

    def __init__(self, cipher: Any, plaintext: bytes | None) -> None:
        self.seal = cipher.seal
        self._cipher = cipher
        self._plaintext = plaintext

    def open(self, nonce: bytes, ciphertext: bytes, associated_data: bytes | None) -> bytes:
        return self._plaintext or self._cipher.open(nonce, ciphertext, associated_data)


@pytest.mark.parametrize(
    ("plaintext", "said"), [(b"another", "gave another plaintext"), (b"self-test", "a changed ciphertext was accepted")]
)
def test_a_cipher_that_is_wrong_is_found(monkeypatch: pytest.MonkeyPatch, plaintext: bytes, said: str) -> None:
    row = next(row for row in ALGORITHMS.values() if row.provider == LIBSODIUM)
    prepare = row.capabilities.aead
    assert prepare is not None
    wrong = replace(row.capabilities, aead=lambda key: _Wrong(prepare(key), plaintext))
    monkeypatch.setattr(module, "ALGORITHMS", {row.name: replace(row, capabilities=wrong)})
    with pytest.raises(SelfTestFailed, match=f"{row.name}: .*{said}"):
        self_tests()[LIBSODIUM]()


@pytest.mark.parametrize("name", sorted(installed()))
def test_a_kem_that_is_wrong_is_found(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    provider = installed()[name]
    decapsulator = type(provider).decapsulator

    def wrong(*given: Any) -> Any:
        right = decapsulator(*given)
        return lambda ciphertext: bytes(len(right(ciphertext)))

    monkeypatch.setattr(type(provider), "decapsulator", wrong)
    with pytest.raises(SelfTestFailed, match="decapsulation gave another secret"):
        self_tests()[name]()
