"""OpenPGP keys that are given: looked at packet by packet before the library sees them."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator

import pysequoia
import pytest
from pysequoia import Tsk

from engines.faults import InvalidRequest
from server.seal import pgp
from server.seal.pgp import MAX_PACKETS, PgpKey
from tests.support.costs import processor_seconds_below


@pytest.fixture(scope="module")
def public() -> bytes:
    """A public key as OpenPGP software exports it."""
    return bytes(Tsk.generate("holder@example.com").extract_certificate())


def key(data: bytes) -> PgpKey:
    return PgpKey(base64.b64encode(data).decode())


def packet(tag: int, content: bytes) -> bytes:
    """A packet with a length of four octets (RFC 9580, 4.2.1.3)."""
    return bytes([0xC0 | tag, 0xFF]) + len(content).to_bytes(4, "big") + content


def packed(content: bytes) -> bytes:
    """A packet that holds others compressed."""
    made = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packet(8, b"\x01" + made.compress(content) + made.flush())


def split(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The types and contents of packets whose lengths are of one or two octets."""
    while data:
        assert data[0] & 0x40 and data[1] < 224
        size, head = (data[1], 2) if data[1] < 192 else (((data[1] - 192) << 8) + data[2] + 192, 3)
        yield data[0] & 0x3F, data[head : head + size]
        data = data[head + size :]


def old(tag: int, content: bytes) -> bytes:
    """A packet in the legacy format, with a length of two octets (RFC 9580, 4.2.2)."""
    return bytes([0x80 | tag << 2 | 1]) + len(content).to_bytes(2, "big") + content


def test_a_key_is_taken_in_every_form_of_its_packets(public: bytes) -> None:
    parts = list(split(public))
    fingerprint = key(public).fingerprint
    assert key(b"".join(packet(tag, content) for tag, content in parts)).fingerprint == fingerprint
    assert key(b"".join(old(tag, content) for tag, content in parts)).fingerprint == fingerprint
    assert key(public).encrypt(b"share")


def test_what_is_no_part_of_a_key_never_reaches_the_library(public: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = packed(public + packet(13, b"a" * 20_000_000))
    user_ids = b"".join(packet(13, b"%06d" % at) for at in range(MAX_PACKETS))
    refused = {
        "compressed": bomb,
        "compressed behind a key": public + bomb,
        "a message": packet(11, b"text"),
        "too many packets": public + user_ids,
        "a length in parts": b"\xc6" + b"\xe0a" * 1000,
        "no length": b"\x9b" + public,
    }
    reached: list[bytes] = []

    class Library:
        from_bytes = reached.append

    monkeypatch.setattr(pysequoia, "Cert", Library)
    for name, data in refused.items():
        with pytest.raises(InvalidRequest, match="error parsing given PGP key: "):
            key(data)
        assert not reached, name


@pytest.mark.parametrize("end", [1, 2, 3, 30, 200])
def test_a_key_that_ends_early_is_refused(public: bytes, end: int) -> None:
    with pytest.raises(InvalidRequest, match="error parsing given PGP key: "):
        key(public[:end])


def test_a_key_with_as_many_names_as_there_may_be_costs_little(public: bytes) -> None:
    names = b"".join(packet(13, b"%06d" % at) for at in range(MAX_PACKETS - len(list(split(public)))))
    with processor_seconds_below(0.5):
        key(public + names)
    assert pgp.MAX_KEY_CHARACTERS > len(base64.b64encode(public + names)) > 0
