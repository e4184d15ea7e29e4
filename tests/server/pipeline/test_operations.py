"""Smaller parts of ``sys``: loggers, password policies, cross-origin rules where OpenBao is laxer."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.faults import Unavailable
from server.runtime.logs import OWN_LOGGERS, choose_levels, set_level
from server.tenants.policies.passwords import CharsetRule, PasswordPolicy, parse_password_policy
from tests.server.processes.crews import crew_of
from tests.support.systems import Server


@pytest.fixture
def levels() -> object:
    """Puts the levels of the loggers back."""
    before = {name: logging.getLogger(name).level for name in OWN_LOGGERS}
    yield
    choose_levels({})
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.usefixtures("levels")
async def test_loggers_are_set_and_reset(server: Server) -> None:
    set_level("info")
    _, answer = await server.ask("GET", "sys/loggers")
    assert {name: answer["data"][name] for name in OWN_LOGGERS} == dict.fromkeys(OWN_LOGGERS, "info")
    assert "server.core.lifecycle" in answer["data"]
    assert await server.ask("POST", "sys/loggers/server.core.lifecycle", {"level": "trace"}) == (204, None)
    assert (await server.ask("GET", "sys/loggers/server.core.lifecycle"))[1]["data"] == {
        "server.core.lifecycle": "trace"
    }
    assert (await server.ask("GET", "sys/loggers/server"))[1]["data"] == {"server": "info"}
    assert await server.ask("POST", "sys/loggers", {"level": "WARNING"}) == (204, None)
    assert (await server.ask("GET", "sys/loggers/server.core.lifecycle"))[1]["data"] == {
        "server.core.lifecycle": "warn"
    }
    assert await server.ask("DELETE", "sys/loggers/server.core.lifecycle") == (204, None)
    assert await server.ask("DELETE", "sys/loggers") == (204, None)
    assert (await server.ask("GET", "sys/loggers/server.core.lifecycle"))[1]["data"] == {
        "server.core.lifecycle": "info"
    }


@pytest.mark.usefixtures("levels")
async def test_all_workers_learn_of_a_level(tmp_path: Path) -> None:
    async with crew_of(2, tmp_path) as crew:
        await crew.unsealed()
        first, second = crew.members
        assert (await first.ask("POST", "sys/loggers/storage", {"level": "debug"}, token=crew.root_token))[0] == 204
        assert second.core.shared_state.state.log_levels == {"storage": "debug"}


async def test_credentials_are_never_for_every_origin(server: Server) -> None:
    """To allow them for ``*`` would hand every page on the web what a browser has stored for this server."""
    body = {"allowed_origins": "*", "allow_credentials": True}
    assert await server.ask("POST", "sys/config/cors", body) == (204, None)
    answer = await server.send("GET", "sys/health", headers={"Origin": "http://anywhere.example"})
    names = [name for name, _ in answer.headers]
    assert b"access-control-allow-origin" in names
    assert b"access-control-allow-credentials" not in names


async def test_refusals_are_marked_for_allowed_origins(server: Server) -> None:
    """A page has to be able to read why it was refused."""
    assert (await server.ask("POST", "sys/config/cors", {"allowed_origins": "http://a.example"}))[0] == 204
    for path, status in (("nope/x", 404), ("sys/mounts/nope", 400)):
        answer = await server.send("GET", path, headers={"Origin": "http://a.example"})
        assert answer.status == status
        assert (b"access-control-allow-origin", b"http://a.example") in answer.headers


@pytest.mark.parametrize("text", ["a" * 513, "a\r\nx-vault-token: b", "a\x00", "a\u2028b"])
async def test_origins_and_headers_are_short_and_printable(server: Server, text: str) -> None:
    """Both are repeated in answers, where a line break would begin a header of its own."""
    for body in ({"allowed_origins": [text]}, {"allowed_origins": ["http://a.example"], "allowed_headers": [text]}):
        status, answer = await server.ask("POST", "sys/config/cors", body)
        assert status >= 400 and "printable texts of at most 512 characters" in answer["errors"][0]
    assert (await server.ask("GET", "sys/config/cors"))[1]["data"] == {"enabled": False}


_CHARSETS = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=20)


@given(st.integers(8, 100), st.lists(_CHARSETS, min_size=1, max_size=3))
def test_passwords_fit_their_policy(length: int, charsets: list[str]) -> None:
    policy = PasswordPolicy(
        length, tuple(CharsetRule(charset, 1 if index else 0) for index, charset in enumerate(charsets))
    )
    try:
        password = policy.generate()
    except Unavailable:
        return
    assert len(password) == length
    assert set(password) <= set("".join(charsets))
    for rule in policy.rules:
        assert sum(character in rule.charset for character in password) >= rule.min_chars


def test_every_character_is_as_likely_as_any_other() -> None:
    policy = parse_password_policy('length = 100\nrule "charset" { charset = "aab" }')
    drawn = "".join(policy.generate() for _ in range(100))
    assert 0.45 < drawn.count("a") / len(drawn) < 0.55


async def test_a_search_for_a_password_keeps_nobody_waiting(server: Server) -> None:
    """The last rule is hardly ever met, so that all rules are asked of every candidate."""
    rules = ['rule "charset" { charset = "ab" }'] * 99 + ['rule "charset" { charset = "b" min-chars = 99 }']
    text = "length = 100\n" + "\n".join(rules)
    writing = asyncio.create_task(server.ask("POST", "sys/policies/password/p", {"policy": text}))
    answered = 0
    while not writing.done():
        assert (await server.ask("GET", "sys/policies/acl/default"))[0] == 200
        await asyncio.sleep(0)
        answered += 1
    assert (await writing)[0] == 503
    assert answered > 2, "a search that kept the loop would let one answer through before it, and one after"
    status, answer = await server.ask("POST", "sys/policies/password/p", {"policy": "\n".join((text, rules[0]))})
    assert (status, answer["errors"]) == (400, ["a password policy has at most 100 rules"])


def test_a_policy_that_nothing_fits_is_told_so() -> None:
    rules = (CharsetRule("a", 50), CharsetRule("abcdefghijklmnopqrstuvwxyz", 50))
    with pytest.raises(Unavailable):
        PasswordPolicy(100, rules).generate()
