"""Secrets don't leak by accident, and don't outlive their use."""

from __future__ import annotations

import copy
import pickle

import pytest

from storage.secret import Secret


def test_reveals_what_it_holds_until_closed() -> None:
    with Secret(b"k" * 32) as secret:
        assert secret.reveal() == b"k" * 32
        assert len(secret) == 32
        assert repr(secret) == str(secret) == f"{secret}" == "Secret(32 bytes)"
        held = secret._bytes
    assert bytes(held) == bytes(32)
    assert repr(secret) == "Secret(closed)"
    with pytest.raises(ValueError, match="closed"):
        secret.reveal()
    secret.close()


def test_copies_what_it_is_given() -> None:
    given = bytearray(b"abc")
    secret = Secret(given)
    given[:] = b"xyz"
    assert secret.reveal() == b"abc"


def test_zeroes_when_it_is_dropped() -> None:
    secret = Secret(b"abc")
    held = secret._bytes
    del secret
    assert bytes(held) == bytes(3)


def test_cannot_be_pickled_or_copied() -> None:
    secret = Secret(b"abc")
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="pickled or copied"):
            attempt(secret)


def test_equality() -> None:
    assert Secret(b"abc") == Secret(b"abc")
    assert Secret(b"abc") != Secret(b"abd")
    assert Secret(b"abc") != Secret(b"ab")
    assert Secret(b"abc") != b"abc"
    with pytest.raises(TypeError):
        hash(Secret(b"abc"))


def test_random() -> None:
    assert len(Secret.random(32)) == 32
    assert Secret.random(32) != Secret.random(32)
