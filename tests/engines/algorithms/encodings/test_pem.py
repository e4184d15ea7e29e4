"""PEM (RFC 7468): one block or several, and what stands between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.algorithms.encodings.pem import blocks, first_block, pem, unarmored
from engines.algorithms.formats.certificate_requests import parse_template
from engines.algorithms.formats.certificates import parse_chain
from engines.faults import Fault
from engines.signing.formats.cms import _read as read_cms
from tests.support.costs import processor_seconds_below

A, B = pem("A", b"first"), pem("B 2", b"second")


@given(st.lists(st.tuples(st.from_regex(r"[A-Z0-9]( ?[A-Z0-9]){0,20}", fullmatch=True), st.binary(max_size=200))))
def test_what_is_written_is_read(written: list[tuple[str, bytes]]) -> None:
    text = "".join(pem(label, der) for label, der in written)
    assert list(blocks(text)) == written
    assert list(blocks(text.replace("\n", "\r\n"))) == written
    if written:
        assert first_block(text) == written[0][1]
    for label, der in written[:1]:
        assert unarmored(pem(label, der), label) == der


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" \n", []),
        (A, ["A"]),
        (f"before {A}between{B}\n\n", ["A", "B 2"]),
        (f"-----BEGIN A-----BEGIN B-----{A}", ["A"]),
        (f"-----BEGIN A-----\n-----BEGIN a-----\n{A}", ["A"]),
        (f"-----BEGIN B-----\nAA\n-----END A-----\n{A}", ["A"]),
    ],
)
def test_blocks_are_found(text: str, found: list[str]) -> None:
    assert [label for label, _ in blocks(text)] == found


@pytest.mark.parametrize(
    "text",
    [
        "no block",
        f"{A}behind",
        "-----BEGIN A-----\nA\n-----END A-----",
        "-----BEGIN A-----\nAA==",
        "-----BEGIN A-----\nName: value\n\nAA==\n-----END A-----",
        f"-----BEGIN {'A' * 65}-----\nAA==\n-----END {'A' * 65}-----",
    ],
)
def test_what_is_no_block_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        list(blocks(text))


SLOW = {
    "blanks": ("-----BEGIN {0}-----", " ", ""),
    "letters": ("-----BEGIN {0}-----", "A", "-----END X-----"),
    "beginnings": ("", "-----BEGIN {0}-----", ""),
    "half beginnings": ("", "-----BEGIN ", ""),
    "labels": ("-----BEGIN ", "A", "-----"),
    "dashes": ("", "-", ""),
    "blocks": ("", "-----BEGIN {0}-----\nAA==\n-----END {0}-----\n", "x"),
    "other blocks": ("", "-----BEGIN X-----\n-----END X-----\n", ""),
}


@pytest.mark.parametrize("name", SLOW)
def test_a_megabyte_of_nonsense_is_read_in_no_time(name: str) -> None:
    before, middle, after = SLOW[name]
    for label, read in (("CMS", read_cms), ("CERTIFICATE", parse_chain), ("CERTIFICATE REQUEST", parse_template)):
        text = before.format(label) + middle.format(label) * (1_000_000 // len(middle)) + after
        with processor_seconds_below(0.5):
            with pytest.raises(Fault):
                read(text)
