"""Passwords by a policy: they fit it, and one that hardly any password fits is given up soon."""

from __future__ import annotations

import string
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.faults import InvalidRequest, Unavailable
from engines.worker_pools import MAX_LONG
from server.tenants.policies import passwords
from server.tenants.policies.passwords import CharsetRule, PasswordPolicy, parse_password_policy
from tests.support.costs import processor_seconds_below
from tests.support.systems import Server

LOWER = string.ascii_lowercase
MANY = "".join(map(chr, range(0x4E00, 0x4E00 + 4_000)))


@given(st.integers(4, 100), st.lists(st.tuples(st.text(LOWER + "019", min_size=1), st.integers(-1, 3)), min_size=1))
def test_a_password_fits_all_rules(length: int, rules: list[tuple[str, int]]) -> None:
    policy = PasswordPolicy(length, tuple(CharsetRule(charset, least) for charset, least in rules))
    with processor_seconds_below(2.0):
        try:
            password = policy.generate()
        except Unavailable:
            return
    assert len(password) == length
    assert set(password) <= set("".join(charset for charset, _ in rules))
    for charset, least in rules:
        assert sum(password.count(character) for character in set(charset)) >= least


@pytest.mark.parametrize(
    "rules",
    [
        [(LOWER, 99), (LOWER.upper(), 1)],
        [(LOWER + "@", 1)] * 99 + [("@", 60)],
        [(chr(0x4E00 + index), 1) for index in range(100)],
        [(MANY, 1)] * 99 + [("a", 99)],
    ],
)
def test_narrow_rules_are_given_up_soon(rules: list[tuple[str, int]]) -> None:
    policy = PasswordPolicy(100, tuple(CharsetRule(charset, least) for charset, least in rules))
    with processor_seconds_below(1.0), pytest.raises(Unavailable):
        policy.generate()


def test_comparisons_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "MAX_COMPARED", 0)
    drawn = 0

    def zeros(count: int) -> bytes:
        nonlocal drawn
        drawn += 1
        return bytes(count)

    monkeypatch.setattr(passwords, "token_bytes", zeros)
    with pytest.raises(Unavailable):
        PasswordPolicy(100, (CharsetRule("ab", 0), CharsetRule("b", 1))).generate()
    assert drawn == 1


@pytest.mark.parametrize("size", [1, 3, 200, 256, 257, 300])
def test_all_characters_are_as_likely(size: int) -> None:
    """Each is drawn 400 times on average, give or take 20; six times that is exceeded once in 500 million."""
    policy = PasswordPolicy(100, (CharsetRule("".join(map(chr, range(0x100, 0x100 + size)))),))
    drawn = Counter("".join(policy.generate() for _ in range(4 * size)))
    assert len(drawn) == size
    assert all(abs(count - 400) < 120 for count in drawn.values())


def test_what_fits_hardly_any_password_costs_little() -> None:
    """All that run at a time may cost as much as one request (``tests/soak/hostile/cost.py``)."""
    policy = PasswordPolicy(100, (CharsetRule(LOWER), CharsetRule("0", 60)))
    with processor_seconds_below(0.3):
        for _ in range(MAX_LONG):
            with pytest.raises(Unavailable):
                policy.generate()


def test_a_long_policy_is_read_soon() -> None:
    text = "length = 20\n" * 500 + 'rule "charset" {\n' + "x = 1\n" * 2_000 + 'charset = "abc"\n}\n'
    assert len(text) > passwords.MAX_TEXT_BYTES
    with processor_seconds_below(0.5):
        assert parse_password_policy(text).length == 20


async def test_the_length_of_its_text_is_bounded(server: Server) -> None:
    fits = 'length = 20\nrule "charset" { charset = "abc" }\n#'
    for size, status in ((passwords.MAX_TEXT_BYTES, 204), (passwords.MAX_TEXT_BYTES + 1, 400)):
        text = fits + "x" * (size - len(fits))
        answer = await server.ask("POST", "sys/policies/password/p", {"policy": text})
        assert answer[0] == status
    assert answer[1] == {"errors": ["a password policy has at most 16384 bytes, its name 512"]}
    with pytest.raises(InvalidRequest):
        parse_password_policy("length = 20")
