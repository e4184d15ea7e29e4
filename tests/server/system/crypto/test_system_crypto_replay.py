"""Drafts of crypto policies held against the records of the audit, through the API."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from engines.durations import format_time
from server.core.settings import Settings
from server.system.audit import record
from tests.server.tenants.crypto_policies.policies import EVERYWHERE, STRENGTH
from tests.server.tenants.namespaced import ask_in, make, with_key
from tests.support.ledger_load import entries_of
from tests.support.systems import NewServer, Server

TEXT = base64.b64encode(b"text").decode()
REPLAY = "sys/crypto-policies/replay"
BOUND = {"name": "bound", "operations": ["encrypt"], "require": "request.has_associated_data"}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The file of the audit."""
    return tmp_path / "audit"


@pytest_asyncio.fixture
async def audited(new_server: NewServer, log: Path) -> Server:
    """A server with an audit file, transit and the key ``k``."""
    server = await (await new_server(Settings(audit_through_api=True))).unsealed()
    options = {"file_path": str(log)}
    assert (await server.ask("POST", "sys/audit/main", {"type": "file", "options": options}))[0] == 204
    await with_key(server, "")
    return server


async def _replay(server: Server, namespace: str = "", **question: Any) -> dict[str, Any]:
    status, answer = await ask_in(server, namespace, "POST", REPLAY, question)
    assert status == 200, answer
    data: dict[str, Any] = answer["data"]
    return data


def _draft(*rules: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"name": "p", "rules": list(rules), **fields}


async def test_uses_are_counted_by_rule_key_and_caller(audited: Server, log: Path) -> None:
    bound = {"plaintext": TEXT, "associated_data": TEXT}
    batch = {"batch_input": [{"plaintext": TEXT}] * 5}
    for body in ({"plaintext": TEXT}, bound, batch):
        assert (await audited.ask("POST", "transit/encrypt/k", body))[0] == 200
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    uses = [entry for entry in entries if entry["type"] == "response" and entry.get("crypto", {}).get("uses")]
    first, last = ([entry for entry in uses if entry["crypto"]["operation"] == "encrypt"][index] for index in (0, 2))
    data = await _replay(audited, policy=_draft(BOUND))
    rule = {"rule": "p/bound", "denied": 6, "first": first["time"], "last": last["time"]}
    assert data == {
        "operations": 8,
        "lacking": 0,
        "denied": 6,
        "rules": [{**rule, "request_ids": [first["request"]["id"], last["request"]["id"]]}],
        "keys": [{"namespace": "", "mount": "transit/", "key": "k", "denied": 6}],
        "callers": [{"entity_id": "", "display_name": "root", "denied": 6}],
    }


async def test_what_the_record_does_not_tell_is_never_counted_as_passed(audited: Server) -> None:
    await audited.ask("POST", "transit/encrypt/k", {"plaintext": TEXT})
    rule = {"name": "r", "operations": ["encrypt"], "require": "key.is_latest"}
    data = await _replay(audited, policy=_draft(rule))
    assert (data["denied"], data["lacking"]) == (0, 1)
    for require, denied, lacking in (
        ("key.is_latest || key.algorithm == 'aes256-gcm96'", 0, 0),
        ("key.is_latest && key.algorithm == 'rsa-2048'", 1, 0),
        ("key.labels.env == 'prod'", 0, 1),
        ("caller.groups.exists(g, g == 'ops')", 0, 1),
        ("request.input_bytes == 4", 0, 0),
    ):
        data = await _replay(audited, policy=_draft({**rule, "require": require}))
        assert (data["denied"], data["lacking"]) == (denied, lacking), require


async def test_profiles_scopes_and_several_drafts(audited: Server) -> None:
    await audited.ask("POST", "transit/keys/s", {"type": "ed25519"})
    assert (await audited.ask("POST", "transit/sign/s", {"input": TEXT}))[0] == 200
    drafts = [
        {"name": "a", "profile": "cnsa-2.0"},
        {"name": "b", "scope": {"keys": ["s*"]}, "rules": [{**STRENGTH, "require": "key.quantum_category > 0"}]},
        {"name": "c", "scope": {"keys": ["x*"]}, "rules": [{**STRENGTH, "require": "false"}]},
    ]
    rules = {rule["rule"]: rule["denied"] for rule in (await _replay(audited, policies=drafts))["rules"]}
    assert rules.pop("b/strength") == 1
    (other,) = rules
    assert other.startswith("a/cnsa-2.0/")


async def test_the_halves_of_rewrapping_are_told_apart(audited: Server) -> None:
    texts = []
    for _ in range(3):
        _, answer = await audited.ask("POST", "transit/encrypt/k", {"plaintext": TEXT})
        texts.append({"ciphertext": answer["data"]["ciphertext"]})
        await audited.ask("POST", "transit/keys/k/rotate")
    await audited.ask("POST", "transit/rewrap/k", {"batch_input": [*texts, texts[0], {"ciphertext": "vault:v1:AAAA"}]})
    rules = [
        {"name": "old", "operations": ["decrypt"], "require": "key.version > 2"},
        {"name": "new", "operations": ["encrypt"], "when": "key.version > 3", "require": "false"},
    ]
    data = await _replay(audited, policy=_draft(*rules))
    assert {rule["rule"]: rule["denied"] for rule in data["rules"]} == {"p/old": 4, "p/new": 4}


async def test_a_tenant_sees_its_own_records(audited: Server) -> None:
    await make(audited, "eu", "us")
    await with_key(audited, "eu")
    for namespace in ("", "eu"):
        await ask_in(audited, namespace, "POST", "transit/encrypt/k", {"plaintext": TEXT})
    draft = _draft(BOUND, scope=EVERYWHERE)
    assert (await _replay(audited, policy=draft))["denied"] == 2
    assert (await _replay(audited, "eu", policy=draft))["denied"] == 1
    assert (await _replay(audited, "us", policy=draft))["operations"] == 0
    assert (await _replay(audited, policy=_draft(BOUND)))["denied"] == 1


async def test_a_part_of_the_time_is_looked_at(audited: Server) -> None:
    await audited.ask("POST", "transit/encrypt/k", {"plaintext": TEXT})
    now = time.time()
    draft = _draft(BOUND)
    for fields, denied in (
        ({"from": format_time(now - 60), "until": format_time(now + 60)}, 1),
        ({"until": format_time(now - 60)}, 0),
        ({"from": format_time(now + 60)}, 0),
    ):
        assert (await _replay(audited, policy=draft, **fields))["denied"] == denied


async def test_records_without_facts_are_lacking_and_junk_is_passed_over(audited: Server, log: Path) -> None:
    await audited.ask("POST", "transit/encrypt/k", {"plaintext": TEXT})
    line = log.read_text().splitlines()[-1]
    entry = json.loads(line)
    del entry["crypto"]
    old = json.dumps(entry, separators=(",", ":"))
    broken = line.replace('"uses":[', '"uses":[1,')
    with log.open("a") as file:
        file.write(
            "\n".join(
                [old, broken, '{"type":"response","request":1}', '{"type":"response"', 'x"type":"response"[]', "", ""]
            )
        )
    data = await _replay(audited, policy=_draft(BOUND))
    assert (data["denied"], data["lacking"]) == (1, 2)


async def test_what_takes_too_long_says_how_far_it_came(audited: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(6):
        await audited.ask("POST", "transit/encrypt/k", {"plaintext": TEXT})
    times = count()
    monkeypatch.setattr(record, "monotonic", lambda: float(next(times)))
    data = await _replay(audited, policy=_draft(BOUND))
    assert 0 < data["denied"] < 6
    assert data["complete_to"] > "2020"


async def test_replays_at_once_are_few(audited: Server) -> None:
    body = {"policy": _draft(BOUND)}
    answers = await asyncio.gather(*(audited.ask("POST", REPLAY, body) for _ in range(3)))
    assert sorted(status for status, _ in answers) == [200, 429, 429]
    assert (await audited.ask("POST", REPLAY, body))[0] == 200


@pytest.mark.parametrize(
    ("question", "error"),
    [
        ({}, "policy: must be a document"),
        ({"policies": []}, "policies: must be a list of 1 to 16 documents"),
        ({"policy": {"rules": [BOUND]}, "from": "x"}, "from: 'x' is no time"),
        ({"policy": {"rules": [{**BOUND, "require": "x"}]}}, 'rule "bound", require 1:1: undeclared'),
    ],
)
async def test_a_question_that_is_not_taken(audited: Server, question: dict[str, Any], error: str) -> None:
    status, answer = await audited.ask("POST", REPLAY, question)
    assert status == 400
    assert answer["errors"][0].startswith(error)


async def test_without_a_file_there_is_nothing_to_read(server: Server) -> None:
    status, answer = await server.ask("POST", REPLAY, {"policy": _draft(BOUND)})
    assert (status, answer["errors"][0].startswith("there is no audit ledger, and no audit device")) == (400, True)


@pytest_asyncio.fixture
async def in_ledger(audited: Server, tmp_path: Path) -> AsyncIterator[Server]:
    """The same server with an audit ledger beside the file."""
    options = {"dir": str(tmp_path / "ledger"), "origin": "example.com/audit", "checkpoint_interval": "100ms"}
    made = await audited.ask("POST", "sys/audit/ledger", {"type": "ledger", "options": options})
    assert made[0] == 204, made
    yield audited
    assert (await audited.ask("DELETE", "sys/audit/ledger"))[0] == 204


async def _signed(log: Path, request_id: str) -> None:
    """Wait until the response of a request is under a checkpoint."""
    async with asyncio.timeout(60):
        while not any(
            entry.get("request", {}).get("id") == request_id and entry["type"] == "response"
            for entry in (entries_of(log) if (log / "checkpoint").exists() else [])
        ):
            await asyncio.sleep(0.05)


async def test_a_ledger_is_read_before_a_file(in_ledger: Server, log: Path, tmp_path: Path) -> None:
    await make(in_ledger, "eu")
    await with_key(in_ledger, "eu")
    for namespace in ("", "eu", ""):
        _, answer = await ask_in(in_ledger, namespace, "POST", "transit/encrypt/k", {"plaintext": TEXT})
    # A file has only what was written since it was moved away; the ledger has all.
    log.unlink()
    await _signed(tmp_path / "ledger", answer["request_id"])
    now = time.time()
    draft = _draft(BOUND, scope=EVERYWHERE)
    assert (await _replay(in_ledger, policy=draft))["denied"] == 3
    assert (await _replay(in_ledger, "eu", policy=draft))["denied"] == 1
    for fields, denied in (
        ({"from": format_time(now - 60), "until": format_time(now + 60)}, 3),
        ({"until": format_time(now - 60)}, 0),
        ({"from": format_time(now + 60)}, 0),
    ):
        assert (await _replay(in_ledger, policy=draft, **fields))["denied"] == denied
    entries = tmp_path / "ledger/tile/entries"
    for bundle in entries.rglob("*"):
        if bundle.is_file():
            bundle.write_bytes(bundle.read_bytes().replace(b"encrypt", b"decrypt"))
    status, answer = await in_ledger.ask("POST", REPLAY, {"policy": draft})
    assert (status, "can't be read" in answer["errors"][0]) == (500, True)
