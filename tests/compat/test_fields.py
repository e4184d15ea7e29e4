"""Conversion of parameters: what OpenBao 2.7.2 was seen to accept and to refuse for each kind of field."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType, field

from compat.fields import convert, ineffective
from compat.json.text import parse_object
from engines.base import Body
from engines.faults import InvalidRequest
from engines.fields import CommaList, Duration, KeyValues, SignedDuration
from tests.support.costs import processor_seconds_below


class Sample(Body):
    text: str | UnsetType = UNSET
    number: int | UnsetType = UNSET
    flag: bool | UnsetType = UNSET
    real: float | UnsetType = UNSET
    ttl: Duration | UnsetType = UNSET
    leeway: SignedDuration | UnsetType = UNSET
    commas: CommaList | UnsetType = UNSET
    strings: list[str] | UnsetType = UNSET
    pairs: KeyValues | UnsetType = UNSET
    object_: dict[str, Any] | UnsetType = field(name="object", default=UNSET)
    array: list[Any] | UnsetType = UNSET
    anything: Any = UNSET


NO_INT = "'' cannot parse value as 'int': strconv.ParseInt: invalid syntax"
INT_RANGE = "'' cannot parse value as 'int': strconv.ParseInt: value out of range"
NO_BOOL = "'' cannot parse value as 'bool': strconv.ParseBool: invalid syntax"
NO_FLOAT = "'' cannot parse value as 'float64': strconv.ParseFloat: invalid syntax"
LISTED = "decoding failed due to the following error(s):\n\n'[0]' expected type 'string', got unconvertible type "
COMMA_LISTED = "1 error(s) decoding:\n\n* '[0]' expected type 'string', got unconvertible type "

ACCEPTED: tuple[tuple[str, str, object], ...] = (
    ("text", '"a"', "a"), ("text", "1.50", "1.50"), ("text", "1e3", "1e3"), ("text", "true", "1"),
    ("text", "false", "0"), ("text", "null", ""),
    ("text", "123456789012345678901234567890", "123456789012345678901234567890"),
    ("number", "1", 1), ("number", '"1"', 1), ("number", '""', 0), ("number", '"0x10"', 16), ("number", '"010"', 8),
    ("number", '"1_0"', 10), ("number", '"0b1"', 1), ("number", '"0o7"', 7), ("number", "true", 1),
    ("number", "null", 0), ("number", '"-5"', -5), ("number", '"0_7"', 7), ("number", "9223372036854775807", 2**63 - 1),
    ("number", "-9223372036854775808", -(2**63)),
    ("flag", "1", True), ("flag", "0", False), ("flag", '"T"', True), ("flag", '""', False), ("flag", "null", False),
    ("real", "1", 1.0), ("real", '"1.5"', 1.5), ("real", '""', 0.0), ("real", "true", 1.0), ("real", "1e3", 1000.0),
    ("real", '"0x1p2"', 4.0), ("real", '"1_0"', 10.0), ("real", "null", 0.0),
    ("ttl", "5", 5), ("ttl", '"90m"', 5400), ("ttl", '"30d"', 2592000), ("ttl", '""', 0), ("ttl", "null", UNSET),
    ("ttl", '"-0.5s"', 0),
    ("leeway", "-1", -1), ("leeway", '"-5s"', -5), ("leeway", "null", UNSET),
    ("commas", '"a, b ,,c"', ["a", "b", "", "c"]), ("commas", '["a","b,c"," d "]', ["a", "b,c", "d"]),
    ("commas", '["a",1,true,null,1.5]', ["a", "1", "1", "", "1.5"]), ("commas", '""', []), ("commas", "null", []),
    ("commas", "5", ["5"]), ("commas", "{}", []), ("commas", '","', ["", ""]), ("commas", "1.50", ["1.50"]),
    ("strings", '"a,b"', ["a,b"]), ("strings", '["a"," b "]', ["a", " b "]), ("strings", "5", ["5"]),
    ("strings", '""', []), ("strings", "{}", []), ("strings", "null", []), ("strings", "[1,true,null]", ["1", "1", ""]),
    ("pairs", '{"a":1.50,"b":true,"c":null}', {"a": "1.50", "b": "1", "c": ""}),
    ("pairs", '["a=b","c=d=e"]', {"a": "b", "c": "d=e"}), ("pairs", '"a=b,c=d"', {"a": "b,c=d"}),
    ("pairs", '[" a = b "]', {" a ": " b "}), ("pairs", '[{"a":"b"}]', {"a": "b"}), ("pairs", "null", {}),
    ("object", '{"a":1}', {"a": 1}), ("object", "null", {}), ("object", "[]", {}), ("object", '[{"a":1}]', {"a": 1}),
    ("array", "null", []), ("array", '["a",1]', ["a", 1]),
    ("anything", "null", None), ("anything", '{"a":[1]}', {"a": [1]}),
)  # fmt: skip

REFUSED: tuple[tuple[str, str, str], ...] = (
    ("text", "[]", "'' expected type 'string', got unconvertible type '[]interface {}'"),
    ("text", '{"a":1}', "'' expected type 'string', got unconvertible type 'map[string]interface {}'"),
    ("number", "1.0", NO_INT),
    ("number", "1e3", NO_INT),
    ("number", '" 1"', NO_INT),
    ("number", '"true"', NO_INT),
    ("number", '"08"', NO_INT),
    ("number", '"٣"', NO_INT),
    ("number", '"9223372036854775808"', INT_RANGE),
    ("number", "9223372036854775808", INT_RANGE),
    ("number", "-9223372036854775809", INT_RANGE),
    ("number", '"' + "9" * 5000 + '"', INT_RANGE),
    ("number", "[1]", "'' expected type 'int', got unconvertible type '[]interface {}'"),
    ("number", '"' + "9" * 5000 + 'x"', NO_INT),
    ("real", '"' + "9" * 5000 + '"', "'' cannot parse value as 'float64': strconv.ParseFloat: value out of range"),
    ("real", '"' + "9" * 5000 + 'x"', NO_FLOAT),
    ("flag", "2", NO_BOOL),
    ("flag", "1.0", NO_BOOL),
    ("flag", '"yes"', NO_BOOL),
    ("flag", "{}", "'' expected type 'bool', got unconvertible type 'map[string]interface {}'"),
    ("real", '"x"', NO_FLOAT),
    ("real", '" 1"', NO_FLOAT),
    ("real", '"1e400"', "'' cannot parse value as 'float64': strconv.ParseFloat: value out of range"),
    ("real", "[]", "'' expected type 'float64', got unconvertible type '[]interface {}'"),
    ("ttl", "-5", "cannot provide negative value '-5'"),
    ("ttl", '"-1d"', "cannot provide negative value '-86400'"),
    ("ttl", "86400.0", 'time: missing unit in duration "86400.0"'),
    ("ttl", "1e3", 'time: unknown unit "e" in duration "1e3"'),
    ("ttl", "true", "could not parse duration from input"),
    ("ttl", "9223372037", "multiplication of durations resulted in overflow, one operand may be too large"),
    ("leeway", '"x"', 'time: invalid duration "x"'),
    ("commas", '{"a":1}', COMMA_LISTED + "'map[string]interface {}', value: 'map[a:1]'"),
    ("commas", '[["a"]]', COMMA_LISTED + "'[]interface {}', value: '[a]'"),
    ("strings", '{"a":1}', LISTED + "'map[string]interface {}'"),
    ("strings", '[["a"]]', LISTED + "'[]interface {}'"),
    ("pairs", '["a"]', 'invalid key pair at index 0 in field "pairs"'),
    ("pairs", '["a=b",1]', 'invalid key pair at index 1 in field "pairs"'),
    ("pairs", '["=b"]', 'invalid key pair at index 0 in field "pairs"'),
    ("pairs", '""', 'invalid key pair at index 0 in field "pairs"'),
    ("pairs", "true", 'invalid key pair at index 0 in field "pairs"'),
    ("pairs", '{"a":[]}', LISTED + "'map[string]interface {}'"),
    ("pairs", '[["a=b"]]', LISTED + "'[]interface {}'"),
    ("object", '"x"', "'' expected type 'map[string]interface {}', got unconvertible type 'string'"),
    ("object", "5", "'' expected type 'map[string]interface {}', got unconvertible type 'json.Number'"),
    ("object", '["a=b"]', "'[0]' expected type 'map[string]interface {}', got unconvertible type 'string'"),
)


def _given(name: str, text: str) -> dict[str, Any]:
    return parse_object(f'{{"{name}":{text}}}'.encode())


@pytest.mark.parametrize(("name", "text", "value"), ACCEPTED)
def test_accepted(name: str, text: str, value: object) -> None:
    body = convert(Sample, _given(name, text))
    found = getattr(body, "object_" if name == "object" else name)
    assert found == value
    assert type(found) is type(value) or (type(found), type(value)) == (int, float)


@pytest.mark.parametrize(("name", "text", "detail"), REFUSED)
def test_refused(name: str, text: str, detail: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        convert(Sample, _given(name, text))
    whole = f'error converting input for field "{name}": {detail}'
    assert caught.value.message == f"Field validation failed: {whole}"
    with pytest.raises(InvalidRequest) as bare:
        convert(Sample, _given(name, text), bare_errors=True)
    assert bare.value.message == whole


@pytest.mark.parametrize("name", ["text", "number", "flag", "real", "ttl", "leeway", "commas", "strings", "pairs"])
@pytest.mark.parametrize("unit", ["9", "_9", "1h", "0x", ".", "+", "e1", "a,", "a=b,"])
def test_long_values_are_converted_or_refused_at_once(name: str, unit: str) -> None:
    with processor_seconds_below(0.3), suppress(InvalidRequest):
        convert(Sample, {name: unit * (3_000_000 // len(unit))})


def test_absent_fields_stay_unset() -> None:
    assert convert(Sample, {}).text is UNSET


def test_comma_lists_are_trimmed_even_if_nothing_else_needs_converting() -> None:
    assert convert(Sample, {"commas": [" a "], "text": "x"}).commas == ["a"]


def test_parameters_without_an_effect_are_warned_of() -> None:
    assert ineffective(Sample, {"text": 1, "object": {}}, {"name": "a"}) == []
    assert ineffective(Sample, {"foo": 1, "": 2, "Type": 3, "object_": 4, "text": 5}, {"text": "a"}) == [
        "Endpoint ignored these unrecognized parameters: [ Type foo object_]",
        "Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [text]",
    ]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["1h", "a=b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
NAMES = [name for name, _, _ in ACCEPTED]


@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4))
def test_any_json_is_converted_or_refused(given_: dict[str, Any]) -> None:
    try:
        body = convert(Sample, given_)
    except InvalidRequest:
        return
    assert isinstance(body, Sample)
