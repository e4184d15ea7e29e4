"""JSON bodies: what OpenBao was seen to make of them, and properties of the reader and writer."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat.json.text import (
    MAX_CONTAINERS,
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_EXPLAINED_BYTES,
    MAX_STRINGS,
    Number,
    dumps,
    encode,
    number_text,
    parse_object,
)
from engines.faults import InvalidRequest
from tests.compat.observed_json import ACCEPTED, REFUSED

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(("body", "text"), REFUSED)
def test_refuses_with_the_words_of_openbao(body: bytes, text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_object(body)
    assert caught.value.message == f"failed to decode JSON input: {text}"


@pytest.mark.parametrize(("body", "data"), ACCEPTED)
def test_reads_and_writes_as_openbao(body: bytes, data: bytes) -> None:
    assert encode(parse_object(body)) == data


@given(st.dictionaries(st.text(), PLAIN, max_size=5))
def test_what_was_written_reads_the_same(document: dict[str, Any]) -> None:
    assert parse_object(dumps(document)) == document


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        document = parse_object(body)
    except InvalidRequest as fault:
        assert fault.message is not None
        assert fault.message.startswith("failed to decode JSON input: ")
    else:
        assert encode(parse_object(dumps(document))) == encode(document)


@given(st.dictionaries(st.text(max_size=3), PLAIN, max_size=4), st.data())
def test_damaged_documents_are_read_or_refused(document: dict[str, Any], data: st.DataObject) -> None:
    body = bytearray(orjson.dumps(document, default=str) if _fits(document) else json.dumps(document).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.sampled_from(b'{}[],:"\\u0e-.tn\xff\x00 '))
    try:
        parse_object(bytes(body))
    except InvalidRequest as fault:
        assert fault.message is not None
        assert fault.message.startswith("failed to decode JSON input: ")


def _fits(value: object) -> bool:
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return False
    return True


@pytest.mark.parametrize("text", ["1e3", "1.50", "1E-7", "0.10", "100000000000000000000.5"])
def test_the_text_of_numbers_is_kept(text: str) -> None:
    value = parse_object(b'{"a":%s}' % text.encode())["a"]
    assert isinstance(value, float)
    assert number_text(value) == text
    assert dumps({"n": [value]}) == b'{"n":[%s]}\n' % text.encode()


def test_numbers_that_a_double_gives_back_are_plain_floats() -> None:
    value = parse_object(b'{"a":{"b":[1.5]}}')["a"]["b"][0]
    assert type(value) is float
    assert number_text(value) == "1.5"


def test_big_integers_keep_their_digits() -> None:
    digits = "123456789012345678901234567890"
    document = parse_object(b'{"a":{"b":[%s]}}' % digits.encode())
    assert document["a"]["b"] == [int(digits)]
    assert dumps(document) == b'{"a":{"b":[%s]}}\n' % digits.encode()


@pytest.mark.parametrize("text", ["1" * 5000, "-" + "9" * 400, "1e400"])
def test_numbers_out_of_range_are_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match=r"json: cannot unmarshal number \S+ into Go value of type float64"):
        parse_object(b'{"a":%s}' % text.encode())


def test_a_number_is_a_float_with_a_text() -> None:
    number = Number("1e3")
    assert number == 1000.0
    assert math.isfinite(number)
    assert number_text(7) == "7"


def test_an_honest_batch_and_a_large_plaintext_pass() -> None:
    batch = {"batch_input": [{"plaintext": "aGVsbG8=", "context": "abcd", "reference": str(i)} for i in range(20_000)]}
    assert parse_object(orjson.dumps(batch)) == batch
    large = {"plaintext": "QUJD" * (1 << 20)}
    assert parse_object(orjson.dumps(large)) == large
    braces = {"policy": 'path {} [,] \\" ' * 60_000, "list": [1] * 200}
    assert parse_object(orjson.dumps(braces)) == braces


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b'{"a":[' + b",".join([b"{}"] * MAX_CONTAINERS) + b"]}", "containers"),
        (b'{"a":[' + b",".join([b'""'] * (MAX_STRINGS + 1)) + b"]}", "strings"),
        (b'{"a":[' + b",".join([b"1"] * (MAX_ELEMENTS + 2)) + b"]}", "elements"),
    ],
)
def test_bombs_are_refused(body: bytes, what: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_object(body)
    assert caught.value.message == f"refused JSON input due to high complexity: exceeded maximum number of {what}"


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 500, 2_000, 100_000])
@pytest.mark.parametrize("closed", [True, False])
def test_depth_is_bounded(depth: int, closed: bool) -> None:
    body = b'{"a":' + b"[" * depth + (b"]" * depth + b"}" if closed else b"")
    with pytest.raises(InvalidRequest) as caught:
        parse_object(body)
    assert caught.value.message == "failed to decode JSON input: exceeded max depth"


def test_what_is_deep_but_allowed_can_be_written() -> None:
    depth = MAX_DEPTH - 2
    body = b'{"a":' + b"[" * depth + b"]" * depth + b"}"
    assert encode(parse_object(body)) == body


def test_a_large_broken_body_is_not_explained() -> None:
    with pytest.raises(InvalidRequest, match="invalid JSON text"):
        parse_object(b'{"a":"' + b"x" * MAX_EXPLAINED_BYTES)


def test_strings_are_escaped_for_html() -> None:
    assert dumps({"a": "<>&\u2028\u2029\u2026"}) == '{"a":"\\u003c\\u003e\\u0026\\u2028\\u2029\u2026"}\n'.encode()


def test_what_is_no_json_value_is_our_bug() -> None:
    with pytest.raises(TypeError):
        dumps({"a": object()})
