"""The policy store: what is written, what is refused in which words, and when compiled ACLs are dropped."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest

from compat.policies.parser import parse_policy
from compat.policies.rules import Policy
from engines.base import Operation
from engines.faults import InvalidRequest
from server.tenants.policies import store as policies
from server.tenants.policies import stored
from server.tenants.policies.acl import compile_acl
from server.tenants.policies.store import PolicyStore
from server.tenants.policies.stored import MUST_NOT_EXIST
from server.tenants.policies.weighted_cache import WeightedCache
from storage.base import Damaged, put
from storage.cache import ObjectCache
from storage.memory import MemoryStore
from storage.view import View

TEXT = 'path "a" { capabilities = ["read"] }'
PREFIX = "sys/policy/"


@dataclass
class Fixture:
    """A store of policies on memory, with a clock to move."""

    now: float = 1_000_000.0
    store: MemoryStore = field(default_factory=MemoryStore)

    def __post_init__(self) -> None:
        self.cache = ObjectCache(self.store)
        self.policies = PolicyStore(View(self.store, PREFIX, self.cache), lambda: self.now)

    async def write(self, name: str, text: str = TEXT, **options: Any) -> None:
        await self.policies.put(name, text, **options)
        await self.cache.catch_up()

    async def allows(self, *names: str, path: str = "a") -> bool:
        return (await self.policies.acl(names)).check(Operation.READ, path, {}, None).allowed


@pytest.fixture
def held() -> Fixture:
    return Fixture()


async def refused(held: Fixture, name: str, text: str = TEXT, **options: Any) -> str | None:
    with pytest.raises(InvalidRequest) as caught:
        await held.policies.put(name, text, **options)
    return caught.value.message


async def test_what_is_written_is_read_under_any_case(held: Fixture) -> None:
    await held.write("Team/Ops X", "# mine\n" + TEXT, allow_slashes_in_identity_templates=True)
    stored = await held.policies.get("TEAM/ops x")
    assert stored is not None
    assert (stored.name, stored.text, stored.version, stored.modified) == ("team/ops x", "# mine\n" + TEXT, 1, held.now)
    assert stored.allow_slashes_in_identity_templates
    assert not stored.allow_wildcards_in_identity_templates


async def test_base64_is_decoded_and_json_stays_json(held: Fixture) -> None:
    await held.write("b", base64.b64encode(TEXT.encode()).decode())
    await held.write("j", '{"path": {"a": {"capabilities": ["read"]}}}')
    stored = [await held.policies.get(name) for name in ("b", "j")]
    assert [policy and policy.text for policy in stored] == [TEXT, '{"path": {"a": {"capabilities": ["read"]}}}']


async def test_a_write_replaces_everything_and_counts(held: Fixture) -> None:
    await held.write("v", cas=0, cas_required=True, expiration=held.now + 5)
    held.now += 1
    await held.write("v", cas=1)
    stored = await held.policies.get("v")
    assert stored is not None
    assert (stored.version, stored.modified, stored.cas_required, stored.expiration) == (2, held.now, False, None)


async def test_check_and_set(held: Fixture) -> None:
    assert await refused(held, "v", cas=5) == "check-and-set parameter 5 did not match the current version 0"
    assert await refused(held, "v", cas_required=True) == "check-and-set parameter required for this call"
    await held.write("v", cas=MUST_NOT_EXIST, cas_required=True)
    assert await refused(held, "v") == "check-and-set parameter required for this call"
    assert await refused(held, "v", cas=-1) == "check-and-set parameter set to -1 on existing entry"
    assert await refused(held, "v", cas=0) == "check-and-set parameter 0 did not match the current version 1"
    await held.write("v", cas=1)
    await held.write("v")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x", "", "'policy' parameter not supplied or empty"),
        ("root", TEXT, 'cannot update "root" policy'),
        ("Response-Wrapping", TEXT, 'cannot update "response-wrapping" policy'),
    ],
)
async def test_what_cannot_be_written(held: Fixture, name: str, text: str, message: str) -> None:
    assert await refused(held, name, text) == message


async def test_bad_texts_and_names_are_refused(held: Fixture) -> None:
    assert (await refused(held, "x", 'path "a" { capabilities = ["fly"] }') or "").startswith(
        "failed to parse policy: "
    )
    assert (await refused(held, "x" * 600)) is not None
    assert (await refused(held, "x\n")) is not None
    assert (await refused(held, "")) is not None
    assert await held.policies.list() == ["root"]


async def test_deletion(held: Fixture) -> None:
    await held.policies.ensure_defaults()
    await held.write("x")
    await held.policies.delete("X")
    await held.policies.delete("nobody")
    await held.cache.catch_up()
    assert await held.policies.get("x") is None
    for name, message in {
        "default": "cannot delete default policy",
        "root": 'cannot delete "root" policy',
        "response-wrapping": 'cannot delete "response-wrapping" policy',
    }.items():
        with pytest.raises(InvalidRequest, match=message):
            await held.policies.delete(name)


async def test_lists_go_by_depth_with_root_last_and_hide_what_is_internal(held: Fixture) -> None:
    await held.policies.ensure_defaults()
    for name in ("zeta", "a/b", "alpha", "control-group", "team/dev", "team/ops"):
        await held.write(name)
    everything = ["alpha", "default", "zeta", "a/b", "team/dev", "team/ops", "root"]
    assert await held.policies.list() == everything
    assert await held.policies.list(prefix="team/") == ["team/dev", "team/ops"]
    assert await held.policies.list(after="default", limit=2) == ["zeta", "a/b"]
    assert await held.policies.list(after="team/ops") == ["root"]
    assert await held.policies.list(after="root") == []
    paged: list[str] = []
    while page := await held.policies.list(after=paged[-1] if paged else "", limit=2):
        paged += page
    assert paged == everything


async def test_the_default_policy_is_written_once_and_may_be_edited(held: Fixture) -> None:
    await held.policies.ensure_defaults()
    await held.write("default")
    await held.policies.ensure_defaults()
    await held.cache.catch_up()
    stored = await held.policies.get("default")
    assert stored is not None
    assert (stored.text, stored.version) == (TEXT, 2)


DEFAULT_GRANTS = {
    "auth/token/lookup-self": ["read"],
    "auth/token/renew-self": ["update"],
    "auth/token/revoke-self": ["update"],
    "sys/capabilities-self": ["update"],
    "sys/leases/renew": ["update"],
    "sys/leases/lookup": ["update"],
    "sys/wrapping/wrap": ["update"],
    "sys/wrapping/lookup": ["update"],
    "sys/wrapping/unwrap": ["update"],
    "sys/tools/hash": ["update"],
    "sys/tools/hash/sha2-256": ["update"],
    "sys/internal/ui/resultant-acl": ["read"],
    "cubbyhole/x": ["create", "delete", "list", "read", "update"],
    "sys/wrapping/rewrap": ["deny"],
    "sys/tools/random": ["deny"],
    "sys/leases/revoke": ["deny"],
    "auth/token/lookup": ["deny"],
    "auth/token/create": ["deny"],
}


async def test_what_the_default_policy_grants(held: Fixture) -> None:
    await held.policies.ensure_defaults()
    acl = await held.policies.acl(("default",))
    assert {path: acl.capabilities(path) for path in DEFAULT_GRANTS} == DEFAULT_GRANTS


async def test_a_wrapping_token_can_open_and_end_itself(held: Fixture) -> None:
    acl = await held.policies.acl(("response-wrapping",))
    assert acl.capabilities("sys/wrapping/unwrap") == ["update"]
    assert acl.capabilities("cubbyhole/response") == ["create", "read"]
    assert acl.capabilities("cubbyhole/other") == ["deny"]


async def test_root_belongs_to_the_root_namespace(held: Fixture) -> None:
    assert (await held.policies.acl(("root",))).root
    other = PolicyStore(View(held.store, "elsewhere/", held.cache), lambda: held.now, with_root=False)
    assert not (await other.acl(("root",))).root
    assert await other.get("root") is None
    assert await other.list() == []


async def test_unknown_policies_grant_nothing(held: Fixture) -> None:
    await held.write("x")
    assert await held.policies.missing(["x", "nobody", "root"]) == ["nobody"]
    assert not await held.allows("nobody")
    assert await held.allows("nobody", "x")


async def test_an_acl_is_compiled_once_until_a_policy_changes(held: Fixture) -> None:
    await held.write("x")
    acl = await held.policies.acl(("x",))
    assert await held.policies.acl(("x",)) is acl
    await held.write("x", 'path "b" { capabilities = ["read"] }')
    assert not await held.allows("x")
    assert await held.allows("x", path="b")
    await held.policies.delete("x")
    await held.cache.catch_up()
    assert not await held.allows("x", path="b")


async def test_long_policies_are_read_beside_the_event_loop(held: Fixture) -> None:
    text = "\n".join(f'path "p/{number}" {{ capabilities = ["read"] }}' for number in range(2000))

    async def turns_during(work: Coroutine[Any, Any, Any]) -> int:
        task, turns = asyncio.create_task(work), 0
        while not task.done():
            await asyncio.sleep(0)
            turns += 1
        await task
        return turns

    short = await turns_during(held.policies.put("short", text.partition("\n")[0]))
    assert await turns_during(held.policies.put("long", text)) > short + 10
    short = await turns_during(held.policies.acl(("short",)))
    assert await turns_during(held.policies.acl(("long",))) > short + 10
    assert (await held.policies.acl(("long",))).capabilities("p/1999") == ["read"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("#" * (policies.MAX_TEXT_BYTES + 1), "a policy is at most 131072 bytes long"),
        ("#" + "é" * (policies.MAX_TEXT_BYTES // 2), "a policy is at most 131072 bytes long"),
        ('path "a" {}\n' * (policies.MAX_RULES + 1), "a policy has at most 2000 rules"),
    ],
)
async def test_the_length_of_a_policy_is_bounded(held: Fixture, text: str, words: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await held.policies.put("x", text)
    assert caught.value.message == words
    assert await held.policies.get("x") is None


async def test_the_longest_policy(held: Fixture) -> None:
    rules = "".join(f'path "p/{number}" {{ capabilities = ["read"] }}\n' for number in range(policies.MAX_RULES))
    await held.policies.put("x", rules.ljust(policies.MAX_TEXT_BYTES, "#"))
    assert (await held.policies.acl(("x",))).capabilities("p/1999") == ["read"]


def _count_parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of all policies that are parsed from now on."""
    parsed: list[str] = []

    def counting(text: str, name: str = "") -> Policy:
        parsed.append(name)
        return parse_policy(text, name)

    monkeypatch.setattr(stored, "parse_policy", counting)
    return parsed


async def test_what_a_caller_has_of_policies_is_bounded(held: Fixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "MAX_TEXTS_TOGETHER", 1_000)
    monkeypatch.setattr(policies, "MAX_RULES_TOGETHER", 20)
    await held.policies.put("long", "#" * 600)
    await held.policies.put("longer", "#" * 600)
    await held.policies.put("many", 'path "a" {}' * 15)
    await held.policies.put("more", 'path "b" {}' * 15)
    await held.policies.acl(("long", "many"))
    parsed = _count_parses(monkeypatch)
    for _ in range(5):
        with pytest.raises(InvalidRequest, match="more than 1000 characters together"):
            await held.policies.acl(("long", "longer"))
        with pytest.raises(InvalidRequest, match="more than 20 rules together"):
            await held.policies.acl(("many", "more"))
    assert parsed == ["more"]  # What was refused isn't parsed again for the next refusal.


async def test_a_policy_is_parsed_once_until_it_changes(held: Fixture, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = _count_parses(monkeypatch)
    for name in ("a", "b", "c"):
        await held.write(name)
    parsed.clear()
    for names in (("a",), ("a", "b"), ("b",), ("a", "b", "c")):
        await held.policies.acl(names)
    assert parsed == ["a", "b", "c"]
    await held.write("b")
    parsed.clear()
    await held.policies.acl(("a", "b", "c"))
    assert parsed == ["b"]


async def test_of_many_who_come_at_once_one_compiles(held: Fixture, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'path "kv/{{identity.entity.name}}" { capabilities = ["read"] }\n' + "#" * 20_000
    await held.policies.put("x", text)
    compiled = 0

    def counting(*arguments: Any) -> Any:
        nonlocal compiled
        compiled += 1
        return compile_acl(*arguments)

    monkeypatch.setattr(policies, "compile_acl", counting)
    acls = await asyncio.gather(*(held.policies.acl(("x",)) for _ in range(20)))
    assert len(set(map(id, acls))) == compiled == 1
    bob = _Person("bob", "x")
    acls = await asyncio.gather(*(held.policies.personal_acl((), bob) for _ in range(20)))
    assert len(set(map(id, acls))) == 1
    assert compiled == 2
    assert held.policies._compiling == {}


async def test_what_is_kept_is_bounded_by_the_length_of_its_texts(held: Fixture) -> None:
    for cache in ("_compiled", "_parsed"):
        setattr(held.policies, cache, WeightedCache(1_000, 1_000))
    for number in range(10):
        await held.policies.put(f"p{number}", "#" * 300)
        await held.policies.acl((f"p{number}",))
    for number in range(10):
        await held.policies.acl((f"p{number}",))
    assert len(held.policies._compiled) == len(held.policies._parsed) == 3


async def test_changes_elsewhere_leave_acls_alone(held: Fixture) -> None:
    await held.write("x")
    acl = await held.policies.acl(("x",))
    await put(held.store, "other/entry", b"")
    await held.cache.catch_up()
    assert await held.policies.acl(("x",)) is acl


async def test_an_acl_compiled_while_a_policy_changes_is_not_kept(held: Fixture, monkeypatch: Any) -> None:
    await held.write("x")
    get = held.policies.get

    async def slow(name: str) -> Any:
        found = await get(name)
        await held.write("x", 'path "b" { capabilities = ["read"] }')
        return found

    monkeypatch.setattr(held.policies, "get", slow)
    await held.policies.acl(("x",))
    monkeypatch.undo()
    assert await held.allows("x", path="b")


async def test_an_expired_policy_is_as_good_as_absent(held: Fixture) -> None:
    assert await refused(held, "x", expiration=held.now) == (
        "refusing to update policy as expiration time has already elapsed"
    )
    await held.write("x", expiration=held.now + 10)
    assert await held.allows("x")
    held.now += 10
    assert not await held.allows("x")
    assert await held.policies.get("x") is None
    assert await held.policies.list() == ["root"]
    await held.write("x", cas=MUST_NOT_EXIST)
    assert await held.allows("x")


async def test_a_templated_acl_is_made_for_each_caller(held: Fixture) -> None:
    await held.write("t", 'path "kv/{{identity.entity.name}}" { capabilities = ["read"] }')

    def filler(name: str) -> Any:
        return {"identity.entity.name": name}.get

    bob = await held.policies.acl(("t",), filler("bob"))
    eve = await held.policies.acl(("t",), filler("eve"))
    assert (bob.capabilities("kv/bob"), eve.capabilities("kv/bob")) == (["read"], ["deny"])
    assert (await held.policies.acl(("t",))).capabilities("kv/bob") == ["deny"]
    assert (await held.policies.acl(("t",), filler("bob"))).capabilities("kv/bob") == ["read"]


class _Person:
    """Somebody with a name."""

    def __init__(self, name: str, *policies: str) -> None:
        self.name = name
        self.policies = policies

    def value(self, name: str) -> str | None:
        return self.name if name == "identity.entity.name" else None


async def test_personal_acls_are_kept_for_as_many_as_there_is_room(held: Fixture) -> None:
    held.policies._personal = WeightedCache(2, 1_000)
    await held.write("t", 'path "kv/{{identity.entity.name}}" { capabilities = ["read"] }')
    bob, eve, ann = _Person("bob", "t"), _Person("eve", "t"), _Person("ann", "t")
    first = await held.policies.personal_acl((), bob)
    assert first.capabilities("kv/bob") == ["read"]
    await held.policies.personal_acl((), eve)
    assert await held.policies.personal_acl((), bob) is first
    await held.policies.personal_acl((), ann)
    assert await held.policies.personal_acl((), bob) is first
    assert len(held.policies._personal) == 2
    again = await held.policies.personal_acl((), eve)
    assert (again.capabilities("kv/eve"), again.capabilities("kv/bob")) == (["read"], ["deny"])
    await held.write("t", 'path "x/{{identity.entity.name}}" { capabilities = ["read"] }')
    assert (await held.policies.personal_acl((), bob)).capabilities("kv/bob") == ["deny"]


async def test_a_damaged_policy_is_never_skipped(held: Fixture) -> None:
    await put(held.store, PREFIX + "broken", b"\xc1")
    with pytest.raises(Damaged, match="broken"):
        await held.policies.acl(("broken",))
