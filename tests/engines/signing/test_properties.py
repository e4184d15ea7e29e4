"""What holds whatever the numbers are: the overlap of versions, one spelling for each token, JSON with one meaning."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.algorithms.base import Material
from engines.algorithms.registry import SIGNING_ALGORITHMS
from engines.keys.keyring import Keyring
from engines.keys.records import KeyringRecord, new_version
from engines.signing.json_objects import MAX_DEPTH, BadJson, encode_object, parse_object
from engines.signing.publication import published_versions, signing_version
from tests.engines.driver import Driver, make_keys

NANOSECONDS = 1_000_000_000
EDWARDS = next(row for row in SIGNING_ALGORITHMS.values() if row.sizes.public_key_bytes == 32)


def keyring(gaps: list[int], publish_ahead: int, keep_published: int) -> Keyring:
    """A key whose versions were made so many seconds after one another."""
    versions, moment = {}, 0
    for number, gap in enumerate(gaps, 1):
        moment += gap
        versions[number] = new_version(Material(b"", b""), moment)
    return Keyring(
        KeyringRecord(
            name="k",
            type=EDWARDS.name,
            versions=versions,
            latest_version=len(gaps),
            publish_ahead_seconds=publish_ahead,
            keep_published_seconds=keep_published,
        )
    )


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=5), st.integers(0, 40), st.integers(1, 40))
def test_versions_overlap(gaps: list[int], publish_ahead: int, keep_published: int) -> None:
    key = keyring(gaps, publish_ahead, keep_published)
    made = [key.versions[number].record.created // NANOSECONDS for number in sorted(key.versions)]
    signed_last: dict[int, int] = {}
    before = 0
    for now in range(made[-1], made[-1] + publish_ahead + keep_published + 2):
        signs = signing_version(key, now).number
        published = {version.number for version in published_versions(key, now)}
        assert signs >= before, "an older version doesn't sign again"
        assert signs in published
        assert {number for number in key.versions if number > signs} <= published, "what comes next is known"
        if signs != 1:
            assert now >= made[signs - 1] + publish_ahead, "it has been published for long enough"
        for number, last in signed_last.items():
            assert number in published or now >= last + keep_published
        signed_last[signs] = now
        before = signs
    assert before == len(gaps), "in the end the newest signs"
    assert published == {len(gaps)}, "and is alone"


async def test_a_token_has_one_spelling(signing: Driver) -> None:
    """Signatures by Ed25519 can't be changed into others, so neither can tokens."""
    await make_keys(signing, {EDWARDS.name: {"type": EDWARDS.name}})
    await signing.write("roles/r", key=EDWARDS.name)
    token = (await signing.write("jwt/sign/r"))["token"]
    spellings = [token[:at] + other + token[at + 1 :] for at in range(len(token)) for other in ("A", "-", "_", "=", "")]
    spellings += [token[:at] + other + token[at:] for at in range(len(token) + 1) for other in (".", "\n", "A")]
    batch = [{"token": spelling} for spelling in spellings if spelling != token]
    results = (await signing.write("jwt/verify/r", batch_input=batch))["batch_results"]
    assert [item["token"] for item, result in zip(batch, results, strict=True) if result["valid"]] == []


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
    ),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text("ab", max_size=2), children, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), VALUES, max_size=4))
def test_objects_come_back_as_they_were(document: dict[str, Any]) -> None:
    assert parse_object(encode_object(document)) == document


@given(st.binary(max_size=40) | st.text(st.characters(codec="utf-8"), max_size=40).map(str.encode))
def test_what_is_no_object_is_refused(text: bytes) -> None:
    try:
        document = parse_object(text)
    except BadJson:
        return
    assert document == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1e400}',
        b'{"a":' + b"9" * 41 + b"}",
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'{"a":1} x',
        b"\xef\xbb\xbf{}",
        b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
        b'{"a":' * 100_000,
    ],
)
def test_what_could_be_understood_in_several_ways_is_refused(text: bytes) -> None:
    with pytest.raises(BadJson):
        parse_object(text)
