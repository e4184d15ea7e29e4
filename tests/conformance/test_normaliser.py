"""The normaliser takes out what is random and keeps what means something."""

from __future__ import annotations

import base64
import json
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.conformance.normaliser import Leaf, normalise
from tests.conformance.play import compare
from tests.conformance.steps import Json, Step
from tests.conformance.wire import Answer


def _leaves(body: Json, step: Step | None = None, saved: dict[str, str] | None = None) -> dict[str, Leaf]:
    answer = Answer(200, {}, json.dumps(body).encode())
    return normalise(answer, step or Step("x", "GET x", 200), saved or {})


def _payload(length: int) -> str:
    return base64.b64encode(bytes([7] * length)).decode()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": "2f0ea9d3-6b4c-5d6e-8f90-a1b2c3d4e5f6"}, {"a": "00000000-0000-4000-8000-000000000000"}),
        ({"client_token": "s." + "A" * 24}, {"client_token": "s." + "b" * 24}),
        ({"accessor": "A" * 24}, {"accessor": "b" * 24}),
        ({"accessor": "transit_00000000"}, {"accessor": "transit_abcdef01"}),
        ({"t": "2026-01-01T00:00:00Z"}, {"t": "2027-01-01T00:00:00.123456789Z"}),
        ({"ttl": 3600}, {"ttl": 3599}),
        ({"c": "vault:v1:" + _payload(33)}, {"c": "vault:v1:" + base64.b64encode(bytes(33)).decode()}),
        ({"version": "2.7.2"}, {"version": "0.1.0"}),
    ],
)
def test_random_values_are_equal(one: Json, other: Json) -> None:
    """Two draws of the same random thing compare equal."""
    assert compare(_leaves(one), _leaves(other)) == {}


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ({"a": 3600}, {"a": 3591}, True),
        ({"a": 3600}, {"a": 3590}, False),
        ({"a": "at most 1h0m0s"}, {"a": "at most 0h59m58s"}, True),
        ({"a": "at most 1h"}, {"a": "at most 59m58s"}, False),
        ({"a": "at most 2h"}, {"a": "at most 1h59m58s"}, True),
        ({"a": "at most 1h0m0s"}, {"a": "at most 0h59m50s"}, False),
        ({"a": "at most 1h0m0s"}, {"a": "at least 1h0m0s"}, False),
        ({"b": 3600}, {"b": 3599}, False),
    ],
)
def test_time_left_is_equal_within_ten_seconds(one: Json, other: Json, equal: bool) -> None:
    """Where the step says that it is time left."""
    step = Step("x", "GET x", 200, countdowns=("a",))
    assert (compare(_leaves(one, step), _leaves(other, step)) == {}) is equal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": True}),
        ({"a": 1}, {"a": 1.0}),
        ({"a": 1}, {"a": "1"}),
        ({"a": None}, {}),
        ({"a": []}, {"a": None}),
        ({"a": {}}, {"a": []}),
        ({"a": ""}, {"a": None}),
        ({"request_id": ""}, {"request_id": "2f0ea9d3-6b4c-5d6e-8f90-a1b2c3d4e5f6"}),
        ({"ttl": 3600}, {"ttl": 3610}),
        ({"lease_duration": 3600}, {"lease_duration": 3599}),
        ({"c": "vault:v1:" + _payload(33)}, {"c": "vault:v2:" + _payload(33)}),
        ({"c": "vault:v1:" + _payload(33)}, {"c": "vault:v1:" + _payload(34)}),
        ({"c": "vault:v1:" + _payload(32)}, {"c": "vault:v1:" + _payload(32).rstrip("=")}),
        ({"accessor": "transit_00000000"}, {"accessor": "auth_transit_00000000"}),
        ({"client_token": "s." + "A" * 24}, {"client_token": "s." + "A" * 23}),
        ({"t": "0001-01-01T00:00:00Z"}, {"t": "2026-01-01T00:00:00Z"}),
        ({"t": "2026-01-01T00:00:00Z"}, {"t": "2026-01-01T00:00:00+01:00"}),
        ({"keys": ["a", "b"]}, {"keys": ["b", "a"]}),
        ({"plaintext": _payload(32)}, {"plaintext": base64.b64encode(bytes(32)).decode()}),
        ({"version": "2.7.2"}, {"version": ""}),
        ({"a": int(time.time())}, {"a": 0}),
    ],
)
def test_what_means_something_is_kept(one: Json, other: Json) -> None:
    """Types, lengths, versions, order and everything not known to be random still differ."""
    assert compare(_leaves(one), _leaves(other)) != {}


def test_saved_values_are_known_again() -> None:
    """A value that an earlier step saved must be that very value, wherever it turns up."""
    saved = {"accessor": "A" * 24}
    same = _leaves({"accessor": "A" * 24, "text": "of " + "A" * 24}, saved=saved)
    assert same == {
        "status": ("number", "200"),
        "body.accessor": ("string", "<saved accessor>"),
        "body.text": ("string", "of <saved accessor>"),
    }
    assert compare(same, _leaves({"accessor": "B" * 24, "text": "of " + "A" * 24}, saved=saved)) != {}


def test_ecdsa_signatures_keep_their_curve() -> None:
    """DER signatures vary in length; the size of their numbers is what matters."""

    def signature(bits: int) -> str:
        return "vault:v1:" + base64.b64encode(encode_dss_signature(1 << (bits - 1), 5)).decode()

    assert compare(_leaves({"s": signature(256)}), _leaves({"s": signature(250)})) == {}
    assert compare(_leaves({"s": signature(256)}), _leaves({"s": signature(384)})) != {}


def test_keys_keep_their_curve_and_newline() -> None:
    """PEM is compared by kind, size and final newline."""

    def pem(curve: ec.EllipticCurve) -> str:
        public = ec.generate_private_key(curve).public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    first = _leaves({"k": pem(ec.SECP256R1())})
    assert compare(first, _leaves({"k": pem(ec.SECP256R1())})) == {}
    assert compare(first, _leaves({"k": pem(ec.SECP256R1()).rstrip("\n")})) != {}
    assert compare(first, _leaves({"k": pem(ec.SECP384R1())})) != {}


def test_marks_of_a_step() -> None:
    """``random`` keeps lengths, ``ignores`` types, and ``exact`` everything."""
    step = Step("x", "GET x", 200, random=("r",), ignores=("i",), exact=("e",))
    first: Json = {"r": "abc", "i": 1, "e": "s." + "A" * 24}
    assert compare(_leaves(first, step), _leaves({"r": "xyz", "i": 2, "e": "s." + "A" * 24}, step)) == {}
    assert set(compare(_leaves(first, step), _leaves({"r": "ab", "i": "1", "e": "s." + "B" * 24}, step))) == {
        "body.r",
        "body.i",
        "body.e",
    }


def test_headers_and_text() -> None:
    """Headers count, but for how the body travels; the server's own address is taken out."""
    step = Step("x", "GET x", 307)
    first = Answer(307, {"location": "http://127.0.0.1:1/a", "date": "x", "content-length": "1"}, b"text")
    second = Answer(307, {"location": "http://127.0.0.1:2/a"}, b"text")
    third = Answer(307, {"location": "/b", "x-more": "1"}, b"text")
    assert compare(normalise(first, step, {}), normalise(second, step, {})) == {}
    assert set(compare(normalise(first, step, {}), normalise(third, step, {}))) == {
        "headers.location",
        "headers.x-more",
    }
