"""Media types in Content-Type, with Go's words for what isn't one."""

from __future__ import annotations

from time import process_time

import pytest

from compat.media_types import media_type
from engines.faults import InvalidRequest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("application/json", "application/json"),
        (" Application/JSON ; charset=utf-8", "application/json"),
        ("application/json;", "application/json"),
        ("application/json ; ", "application/json"),
        ("application/json; a=b ; ", "application/json"),
        ('a/b; c="d;e"; f=g', "a/b"),
        ("form", "form"),
        ("a/b; c=d; c=d", "a/b"),
    ],
)
def test_types(text: str, expected: str) -> None:
    assert media_type(text) == expected


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "mime: no media type"),
        ("; a=b", "mime: no media type"),
        ("a b", "mime: expected slash after first token"),
        ("a/", "mime: expected token after slash"),
        ("a/b c", "mime: unexpected content after media subtype"),
        ("a/b; c", "mime: invalid media parameter"),
        ("a/b;;", "mime: invalid media parameter"),
        ("a/b; ; ", "mime: invalid media parameter"),
        ('a/b; c="d', "mime: invalid media parameter"),
        ("a/b; c=d; c=e", "mime: duplicate parameter name"),
        ("a/b" + "".join(f"; a{number}=b" for number in range(33)), "mime: invalid media parameter"),
    ],
)
def test_what_is_none(text: str, fault: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        media_type(text)
    assert raised.value.message == fault


@pytest.mark.parametrize("parameter", ["a*0=b;", " ;a=b", "; ", ' ; a="b\\c"', " "])
def test_it_takes_time_in_proportion_to_the_text(parameter: str) -> None:
    shorter, longer = (_seconds("application/form;" + parameter * count) for count in (5_000, 40_000))
    assert longer < 24 * max(shorter, 0.0005)  # Were each character read for each parameter, it would be 64.


def _seconds(text: str) -> float:
    """The least processor time of a few attempts."""
    taken = []
    for _ in range(3):
        began = process_time()
        try:
            media_type(text)
        except InvalidRequest:
            pass
        taken.append(process_time() - began)
    return min(taken)
