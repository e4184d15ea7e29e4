"""Gates: which rules apply to a use of a key, what they come to, and how that is told."""

from __future__ import annotations

from typing import Any

import pytest

from engines.crypto_policy.facts import RequestFacts
from engines.crypto_policy.gate import AppliedRule, AutomaticWork, Gate, PolicyRefused
from engines.crypto_policy.operations import CryptoOperation
from engines.durations import format_time
from tests.server.tenants.crypto_policies.policies import EVERYWHERE, STRENGTH, gate_of, key, refused, work, write
from tests.server.tenants.namespaced import ask_in, make
from tests.support.systems import Server

SIGN, VERIFY, CREATE, HASH = (
    CryptoOperation.SIGN,
    CryptoOperation.VERIFY,
    CryptoOperation.CREATE,
    CryptoOperation.HASH,
)


def _refusals(gate: Gate, call: AutomaticWork, *asked: Any) -> tuple[str, ...]:
    with pytest.raises(PolicyRefused) as caught:
        gate.check(call, *asked)
    return caught.value.refusals


async def test_without_a_policy_no_gate_is_active(server: Server) -> None:
    gate = await gate_of(server)
    assert not gate.active
    assert gate.default("phi") == {}


async def test_a_rule_refuses_what_does_not_meet_it(server: Server) -> None:
    gate = await gate_of(server)
    await write(server, "", "pci", rules=[STRENGTH])
    gate = await gate_of(server)
    assert gate.active
    call = work()
    assert _refusals(gate, call, SIGN, key()) == (
        'crypto policy "pci" rule "strength" refuses sign with rsa-2048 version 1: too weak',
    )
    assert call.crypto_policy is not None
    assert call.crypto_policy.verdict == "deny"
    assert call.crypto_policy.rules == [AppliedRule(policy="pci@1", namespace="", rule="strength", mode="enforce")]
    call = work()
    gate.check(call, SIGN, key("rsa-3072"))
    assert call.crypto_policy is not None
    assert (call.crypto_policy.verdict, call.crypto_policy.rules) == ("allow", [])


async def test_a_rule_on_protecting_never_locks_data_in(server: Server) -> None:
    await write(server, "", "pci", rules=[STRENGTH])
    gate, call = await gate_of(server), work()
    gate.check(call, VERIFY, key())
    assert call.crypto_policy is None


async def test_a_gate_that_is_there_follows_every_write(server: Server) -> None:
    gate = await gate_of(server)
    await write(server, "", "pci", rules=[STRENGTH])
    await gate_of(server)
    with pytest.raises(PolicyRefused):
        gate.check(work(), SIGN, key())
    await write(server, "", "pci", rules=[{**STRENGTH, "require": "key.classical_bits >= 100"}])
    await gate_of(server)
    facts = key()
    gate.check(work(), SIGN, facts)
    assert (await server.ask("DELETE", "sys/crypto-policies/pci"))[0] == 204
    await gate_of(server)
    assert not gate.active


async def test_no_version_is_named_of_a_key_that_is_to_be_made(server: Server) -> None:
    await write(server, "", "pci", rules=[{"name": "r", "operations": ["manage"], "require": "false"}])
    gate = await gate_of(server)
    assert _refusals(gate, work(), CREATE, key(operation=CREATE)) == (
        'crypto policy "pci" rule "r" refuses create with rsa-2048',
    )


async def test_refusals_come_by_namespace_policy_and_rule(server: Server) -> None:
    await make(server, "eu", "eu/team")
    never = {"operations": ["sign"], "require": "false"}
    await write(server, "eu", "b", scope=EVERYWHERE, rules=[{"name": "z", **never}, {"name": "a", **never}])
    await write(server, "", "z", scope=EVERYWHERE, rules=[{"name": "r", **never}])
    await write(server, "eu/team", "a", rules=[{"name": "own", **never}])
    gate = await gate_of(server, "eu/team/")
    assert _refusals(gate, work(), SIGN, key()) == (
        'crypto policy "z" rule "r" in "" refuses sign with rsa-2048 version 1',
        'crypto policy "b" rule "a" in "eu/" refuses sign with rsa-2048 version 1',
        'crypto policy "b" rule "z" in "eu/" refuses sign with rsa-2048 version 1',
        'crypto policy "a" rule "own" refuses sign with rsa-2048 version 1',
    )
    assert len(_refusals(await gate_of(server, "eu/"), work(), SIGN, key())) == 3
    assert len(_refusals(await gate_of(server), work(), SIGN, key())) == 1


async def test_a_policy_for_its_namespace_alone_stays_there(server: Server) -> None:
    await make(server, "eu")
    await write(server, "", "own", rules=[STRENGTH])
    assert (await gate_of(server)).active
    assert not (await gate_of(server, "eu/")).active


async def test_the_scope_names_mounts_and_keys(server: Server) -> None:
    await write(server, "", "pay", scope={"mounts": ["pay/"], "keys": ["card-*", "*-pin"]}, rules=[STRENGTH])
    assert not (await gate_of(server)).active
    gate = await gate_of(server, mount="pay/")
    for name in ("card-1", "card-", "my-pin"):
        with pytest.raises(PolicyRefused):
            gate.check(work(), SIGN, key(name=name))
    for name in ("card", "xcard-1", "pin"):
        gate.check(work(), SIGN, key(name=name))
    call = work()
    gate.check(call, HASH, None)
    assert call.crypto_policy is None


async def test_a_missing_label_is_no_way_round(server: Server) -> None:
    rule = {"name": "r", "operations": ["sign"], "when": "key.labels.env == 'prod'", "require": "key.exportable"}
    await write(server, "", "p", rules=[rule])
    gate = await gate_of(server)
    for labels in ({}, {"env": "prod"}):
        with pytest.raises(PolicyRefused):
            gate.check(work(), SIGN, key(labels=labels))
    call = work()
    gate.check(call, SIGN, key(labels={"env": "test"}))
    assert call.crypto_policy is None


async def test_warnings_come_once_for_a_rule_and_answer(server: Server) -> None:
    await write(server, "", "p", mode="warn", rules=[STRENGTH, {**STRENGTH, "name": "quiet", "mode": "audit"}])
    gate, call = await gate_of(server), work()
    for version in (1, 2):
        gate.check(call, SIGN, key(version=version))
    assert call.warnings == ['crypto policy "p" rule "strength" warns of sign with rsa-2048 version 1: too weak']
    assert call.crypto_policy is not None
    assert call.crypto_policy.verdict == "warn"
    assert [rule.mode for rule in call.crypto_policy.rules] == ["warn", "audit"]


async def test_a_failing_rule_of_mode_audit_leaves_the_verdict(server: Server) -> None:
    await write(server, "", "p", mode="audit", rules=[STRENGTH])
    call = work()
    (await gate_of(server)).check(call, SIGN, key())
    assert call.crypto_policy is not None
    assert (call.crypto_policy.verdict, call.warnings) == ("allow", [])
    assert [rule.rule for rule in call.crypto_policy.rules] == ["strength"]


async def test_rules_begin_and_end_to_the_second(server: Server) -> None:
    now = server.clock()
    await write(
        server,
        "",
        "p",
        rules=[{**STRENGTH, "from": format_time(now + 100), "until": format_time(now + 200)}],
    )
    gate, facts = await gate_of(server), key()
    for seconds, held in ((0, True), (99, True), (100, False), (199, False), (200, True), (300, True)):
        server.clock.now = now + seconds
        call = work()
        if held:
            gate.check(call, SIGN, facts)
            assert call.crypto_policy is None, seconds
        else:
            with pytest.raises(PolicyRefused):
                gate.check(call, SIGN, facts)


async def test_an_exception_ends_to_the_second_without_a_write(server: Server) -> None:
    now = server.clock()
    await write(server, "", "p", rules=[STRENGTH])
    body = {"policy": "p", "rule": "strength", "select": {"keys": ["old-*"]}, "expires_at": format_time(now + 100)}
    assert (await server.ask("POST", "sys/crypto-exceptions/e1", body))[0] == 200
    gate, facts = await gate_of(server), key(name="old-1")
    server.clock.now = now + 99
    call = work()
    gate.check(call, SIGN, facts)
    assert call.crypto_policy is not None
    assert (call.crypto_policy.verdict, call.crypto_policy.excepted_by) == ("allow", ["e1"])
    assert [rule.rule for rule in call.crypto_policy.rules] == ["strength"]
    with pytest.raises(PolicyRefused):
        gate.check(work(), SIGN, key(name="new"))
    server.clock.now = now + 101
    with pytest.raises(PolicyRefused):
        gate.check(work(), SIGN, facts)


async def test_an_exception_selects_namespaces_and_mounts(server: Server) -> None:
    await make(server, "eu", "us")
    await write(server, "", "p", scope=EVERYWHERE, rules=[STRENGTH])
    end = format_time(server.clock() + 100)
    body = {"policy": "p", "rule": "strength", "select": {"namespace": "eu", "mount": "transit/"}, "expires_at": end}
    assert (await server.ask("POST", "sys/crypto-exceptions/e1", body))[0] == 200
    (await gate_of(server, "eu/")).check(work(), SIGN, key())
    for namespace, mount in (("eu/", "other/"), ("us/", "transit/"), ("", "transit/")):
        with pytest.raises(PolicyRefused):
            (await gate_of(server, namespace, mount)).check(work(), SIGN, key())


async def test_the_age_of_a_key_changes_at_midnight(server: Server) -> None:
    midnight = server.clock.now = (server.clock() // 86_400) * 86_400 + 86_400
    rule = {"name": "fresh", "operations": ["sign"], "require": "key.age_days < 2"}
    await write(server, "", "p", rules=[rule])
    gate, facts = await gate_of(server), key(created=midnight - 10)
    for seconds, held in ((0, True), (86_399, True), (86_400, True), (2 * 86_400 - 1, True), (2 * 86_400, False)):
        server.clock.now = midnight + seconds
        if held:
            gate.check(work(), SIGN, facts)
        else:
            with pytest.raises(PolicyRefused):
                gate.check(work(), SIGN, facts)


async def test_rules_on_the_request_are_asked_each_time(server: Server) -> None:
    rule = {"name": "hash", "operations": ["sign"], "require": "request.hash != 'sha1'"}
    await write(server, "", "p", rules=[rule])
    gate, facts = await gate_of(server), key()
    assert gate.check(work(), SIGN, facts, RequestFacts(hash="sha2-256")) is False
    with pytest.raises(PolicyRefused):
        gate.check(work(), SIGN, facts, RequestFacts(hash="sha1"))
    assert gate.check(work(), VERIFY, facts, RequestFacts(hash="sha1")) is True


async def test_rules_on_keys_do_not_apply_without_one(server: Server) -> None:
    rules = [
        {"name": "hash", "operations": ["hash"], "require": "request.hash != 'sha1'"},
        {"name": "key", "operations": ["hash"], "require": "key.bits > 100000"},
    ]
    await write(server, "", "p", rules=rules)
    gate = await gate_of(server)
    gate.check(work(), HASH, None, RequestFacts(hash="sha2-256"))
    assert _refusals(gate, work(), HASH, None, RequestFacts(hash="sha1")) == (
        'crypto policy "p" rule "hash" refuses hash with sha1',
    )


async def test_a_profile_takes_the_mode_of_its_policy(server: Server) -> None:
    await write(server, "", "p", profile="cnsa-2.0", mode="enforce")
    stored = (await server.ask("GET", "sys/crypto-policies/p"))[1]["data"]
    assert stored["profile"].startswith("cnsa-2.0@")
    gate = await gate_of(server)
    (sentence,) = _refusals(gate, work(), SIGN, key("ed25519"))
    assert sentence.startswith('crypto policy "p" rule "cnsa-2.0/')
    await write(server, "", "p", profile="cnsa-2.0", mode="audit")
    gate, call = await gate_of(server), work()
    gate.check(call, SIGN, key("ed25519"))
    assert call.crypto_policy is not None
    assert (call.crypto_policy.verdict, len(call.crypto_policy.rules)) == ("allow", 1)


async def test_a_profile_and_rules_have_their_say_together(server: Server) -> None:
    caller = {"name": "caller", "operations": ["sign"], "require": "caller.auth_type != ''"}
    hashed = {"name": "hash", "operations": ["sign"], "require": "request.hash != 'sha1'"}
    await write(server, "", "p", profile="cnsa-2.0", rules=[STRENGTH])
    gate, facts = await gate_of(server), key()
    for _ in range(3):
        names = [text.split('"')[3] for text in _refusals(gate, work(), SIGN, facts, RequestFacts(hash="sha1"))]
        assert len(names) == 2
        assert names[0].startswith("cnsa-2.0/")
        assert names[1] == "strength"
    await write(server, "", "p", profile="cnsa-2.0", rules=[STRENGTH, caller, hashed])
    gate, facts = await gate_of(server), key()
    for _ in range(3):
        names = [text.split('"')[3] for text in _refusals(gate, work(), SIGN, facts, RequestFacts(hash="sha1"))]
        assert [name for name in names if "/" not in name] == ["caller", "hash", "strength"]
        assert len(names) == 4


async def test_the_nearest_to_the_root_chooses_the_default(server: Server) -> None:
    await make(server, "eu")
    await write(server, "eu", "a", defaults={"phi": {"transit": {"type": "aes128-gcm96"}}})
    assert (await gate_of(server, "eu/")).default("phi") == {"type": "aes128-gcm96"}
    await write(server, "", "z", scope=EVERYWHERE, defaults={"phi": {"transit": {"type": "aes256-gcm96"}}})
    gate = await gate_of(server, "eu/")
    assert gate.default("phi") == {"type": "aes256-gcm96"}
    assert gate.default("") == {}
    assert not gate.active
    fields = {"phi": {"transit": {"type": "aes256-ccm"}}}
    await write(server, "", "a", scope={**EVERYWHERE, "mounts": ["pay/"]}, defaults=fields)
    assert (await gate_of(server, "eu/", "pay/")).default("phi") == {"type": "aes256-ccm"}
    assert (await gate_of(server, "eu/")).default("phi") == {"type": "aes256-gcm96"}


async def test_too_many_rules_on_the_request_are_refused_with_the_namespace(server: Server) -> None:
    await make(server, "eu", "eu/team")

    def rules(number: int) -> list[dict[str, Any]]:
        return [{"name": f"r{n}", "operations": ["sign"], "require": "request.prehashed"} for n in range(number)]

    await write(server, "eu/team", "own", rules=rules(10))
    await write(server, "", "most", scope=EVERYWHERE, rules=rules(6))
    error = await refused(server, "most", scope=EVERYWHERE, rules=rules(7))
    assert '"eu/team/"' in error
    assert "17" in error
    await write(server, "", "most", rules=rules(16))
    status, answer = await ask_in(
        server, "eu", "POST", "sys/crypto-policies/x", {"scope": EVERYWHERE, "rules": rules(7)}
    )
    assert (status, '"eu/team/"' in answer["errors"][0]) == (400, True)


async def test_what_is_kept_of_a_deleted_namespace_is_erased(server: Server) -> None:
    await make(server, "eu")
    await write(server, "eu", "p", rules=[STRENGTH])
    assert (await server.ask("DELETE", "sys/namespaces/eu"))[0] in (200, 204)
    unsealed = server.core.unsealed
    assert unsealed is not None
    assert unsealed.maintenance is not None
    await unsealed.maintenance.sweep()
    view = unsealed.crypto_policies.view
    assert await view.list("policy/") == []
    assert await view.list("version/") == []
    await make(server, "eu")
    assert not (await gate_of(server, "eu/")).active
