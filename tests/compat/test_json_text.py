"""JSON bodies: what OpenBao was seen to make of them, and properties of the reader and writer."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat.json.text import (
    MAX_CONTAINERS,
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_EXPLAINED_CHARACTERS,
    MAX_PLAIN_ELEMENTS,
    MAX_STRINGS,
    Number,
    dumps,
    encode,
    number_text,
    parse_object,
    parse_plain,
)
from engines.faults import InvalidRequest
from tests.compat.observed_json import ACCEPTED, REFUSED
from tests.support.costs import processor_seconds_below

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
        parse_object(b'{"a":"' + b"x" * MAX_EXPLAINED_CHARACTERS)


SMALL = 64 * 1024
LARGE = 5 * 1024 * 1024
SLOW: tuple[tuple[bytes, bytes, bytes], ...] = (
    (b'{"a":[', b"1.50,", b"1]}"),
    (b'{"a":[', b"1e5,", b"1]}"),
    (b'{"a":[', b"[1.50],", b"1]}"),
    (b'{"a":[', b'{"b":1.50},', b"1]}"),
    (b'{"a":[', b"1,", b"}"),
    (b'{"a":[', b"[],", b"}"),
    (b'{"a":[', b'{"":1},', b"}"),
    (b'{"a":"', b"\\u0041", b'\\ud800"}'),
    (b'{"a":"', b"\\ud800\\u0041", b'"}'),
    (b'{"a":"', b"\\\\", b'\\ud800"}'),
    (b'{"a":"', b"\xff?", b'"}'),
    (b'{"a":"', b"\\n", b"}"),
    (b'{"a":"', b"\\n", b'\xff"}'),
    (b'{"a":', b" ", b"1.50}"),
    (b'{"a":', b"[", b""),
    (b"", b'{"a":', b""),
    (b'{"a":1.', b"1", b"}"),
    (b'{"a":', b"1", b"}"),
    (b'{"a":"', b'",\\"[', b'"}'),
)
"""A beginning, what is repeated, and an end of bodies that don't go the fast way."""


@pytest.mark.parametrize(("size", "seconds"), [(SMALL, 0.4), (LARGE, 4.0)])
@pytest.mark.parametrize(("start", "unit", "end"), SLOW)
def test_what_is_slow_is_cut_off(start: bytes, unit: bytes, end: bytes, size: int, seconds: float) -> None:
    body = start + unit * (size // len(unit)) + end
    with processor_seconds_below(seconds), suppress(InvalidRequest):
        parse_object(body)


@pytest.mark.parametrize(("start", "unit", "end"), SLOW)
def test_a_plain_body_is_read_in_a_millisecond_for_each_megabyte(start: bytes, unit: bytes, end: bytes) -> None:
    body = start + unit * (LARGE // len(unit)) + end
    with processor_seconds_below(0.4):
        parse_plain(body)


def test_a_large_broken_body_says_where() -> None:
    body = '{"a":"é'.encode() + b"x" * MAX_EXPLAINED_CHARACTERS + b'" "b":1}'
    with pytest.raises(InvalidRequest, match=f"invalid JSON text at byte {body.index(b' ') + 1}"):
        parse_object(body)


_PIECES = ("\\ud83d", "\\uDE00", "\\uD800", "\\udc00", "\\\\", "\\n", "\\u0041", "a", "?", "\\u0000", "ud800", "é")


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
def test_halves_of_surrogate_pairs_become_replacement_characters(inside: str) -> None:
    # Python's own reader keeps them, and its decoder replaces them one by one.
    kept = json.loads(f'"{inside}"').encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert parse_object(f'{{"a":"{inside}"}}'.encode()) == {"a": kept}


@given(st.lists(st.sampled_from([b"?", b"\xff", b"\xc3", b"\xe2\x82\xac", b"a", b"\\ud800", b"\\u003f"]), max_size=12))
def test_bytes_that_are_not_unicode_become_replacement_characters(pieces: list[bytes]) -> None:
    texts = {b"\xff": "\ufffd", b"\xc3": "\ufffd", b"\\ud800": "\ufffd", b"\\u003f": "?"}
    expected = "".join(texts.get(piece) or piece.decode() for piece in pieces)
    assert parse_object(b'{"a":"%s"}' % b"".join(pieces)) == {"a": expected}


@pytest.mark.parametrize("behind", [b"\0", b" \0", b"1 \0", b"1 2 \0", b"{} \0", b"1 2 \0\xff"])
def test_a_lone_surrogate_before_a_nul_stays_none(behind: bytes) -> None:
    try:
        document = parse_object(b'{"a":"\\ud800?"} ' + behind)
    except InvalidRequest:
        return
    assert document == {"a": "\ufffd?"}


def test_a_plain_body_reads_as_any_other() -> None:
    for body in (b'{"a":"b"}', b' {"a":[1,true,null,{"b":"c"}]}', b'{"a":"' + b"x," * MAX_PLAIN_ELEMENTS + b'"}'):
        assert parse_plain(body) == parse_object(body)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'{"a":1.5}', b'{"a":"\\ud800"}', b'{"a":"\xff"}', b'{"a":1}{}',
        b'{"a":' + b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1) + b"}",
        b'{"a":[' + b"1," * MAX_PLAIN_ELEMENTS + b"1,1]}",
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_the_other_reader(body: bytes) -> None:
    assert parse_plain(body) is None


def test_strings_are_escaped_for_html() -> None:
    assert dumps({"a": "<>&\u2028\u2029\u2026"}) == '{"a":"\\u003c\\u003e\\u0026\\u2028\\u2029\u2026"}\n'.encode()


def test_what_is_no_json_value_is_our_bug() -> None:
    with pytest.raises(TypeError):
        dumps({"a": object()})
