"""A path that can be spelt in several ways is judged by what it leads to, for every route of every mount."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
import pytest_asyncio

from engines.base import Access, Operation
from engines.base.routing import Endpoint, parameters, route_table
from server.tenants.mounts.table import Mounted
from tests.server.pipeline.test_nothing_leaks import prepared
from tests.support.systems import Server

ALL = ["create", "read", "update", "patch", "delete", "list", "scan", "sudo"]
METHODS = {Operation.READ: "GET", Operation.LIST: "LIST", Operation.SCAN: "SCAN"}
NAMED = {
    "sys/mounts/{path:path}": "transit",
    "sys/mounts/{path:path}/tune": "transit",
    "sys/auth/{path:path}": "userpass",
    "sys/auth/{path:path}/tune": "userpass",
    "sys/policies/detailed/acl/{name:path}": "team",
    "sys/policies/acl/{name:path}": "default",
    "sys/policy/{name:path}": "default",
    "sys/leases/lookup/{prefix:path}": "auth/token",
    "sys/config/auditing/request-headers/{header:path}": "x-k",
}
"""What the parameter of a pattern is to be, where it isn't ``k``."""

_names = itertools.count()
VALUES = {"type": "encryption-key", "version": "1", "destination": "r", "source": "k"}


def policy(*denied: str) -> str:
    rules = {"*": {"capabilities": ALL}} | {path: {"capabilities": ["deny"]} for path in denied}
    return json.dumps({"path": rules})


async def denied_token(server: Server, *paths: str) -> str:
    """A token that may do anything but on ``paths``, by a policy of its own."""
    name = f"p{next(_names)}"
    assert (await server.ask("PUT", f"sys/policies/acl/{name}", {"policy": policy(*paths)}))[0] == 204
    _, answered = await server.ask("POST", "auth/token/create", {"policies": [name]})
    token: str = answered["auth"]["client_token"]
    return token


def spellings(text: str) -> Iterator[str]:
    """Ways to write a segment, or several, that some handler may take for ``text``."""
    yield from (text.upper(), text.title(), text.swapcase(), f" {text}", f"{text} ", f"{text}.", f"./{text}")
    yield from (f"/{text}", f"{text}/", f"//{text}//", text.replace("/", "//"), f"{text}/.", f"v{text}", f"+{text}")
    yield from (f"0{text}", f"{text}.0", f"{text}\u0301", text.replace("k", "\u212a"), f"{text}%00", f"{text}/")


async def mounts(server: Server) -> list[Mounted]:
    await server.core.runtime.cache.catch_up()
    assert server.core.unsealed is not None
    return list((await server.core.unsealed.root.mounts.router()).mounts.values())


def path_of(mount: str, endpoint: Endpoint, **values: str) -> str:
    whole = mount + endpoint.pattern
    default = NAMED.get(whole, "k")
    for name in parameters(endpoint.pattern):
        whole = re.sub(rf"\{{{name}(:\w+)?\}}", values.get(name, VALUES.get(name, default)), whole)
    return whole


async def answer(server: Server, method: str, path: str, token: str | None = None) -> tuple[int, Any]:
    """The answer to a request without a body, but for what differs each time."""
    sent = await server.send(method, quote(path, safe=""), None, token)
    body = json.loads(sent.body) if sent.body else {}
    body.pop("request_id", None)
    return sent.status, body.get("data", body)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    """A server with everything that is installed."""
    made = await Server().unsealed()
    yield made
    await made.core.stop()


async def furnished(tmp_path: Path) -> Server:
    server = await prepared(tmp_path / "audit.log")
    for method, path, body in (
        ("POST", "transit/keys/r", {"type": "rsa-2048"}),
        ("POST", "transit/keys/k/config", {"exportable": True}),
        ("POST", "identity/entity", {"name": "k"}),
        ("POST", "identity/group", {"name": "k"}),
        ("POST", "sys/policies/acl/team/k", {"policy": "# none"}),
        ("POST", "sys/policies/password/k", {"policy": 'length = 20 rule "charset" { charset = "ab" }'}),
        ("POST", "sys/quotas/rate-limit/k", {"rate": 100000}),
        ("POST", "sys/config/auditing/request-headers/x-k", {"hmac": True}),
        ("POST", "sys/namespaces/k", {}),
        ("POST", "auth/token/roles/k", {}),
        ("POST", "cubbyhole/k", {"a": "b"}),
        ("POST", "cubbyhole/k/k", {"a": "b"}),
    ):
        status, told = await server.ask(method, path, body)
        assert status in (200, 204), (path, told)
    assert (await server.ask("POST", "auth/token/create", {}))[0] == 200
    return server


async def test_what_is_read_under_another_spelling_is_denied_under_it(tmp_path: Path) -> None:
    """The rule denies what the usual spelling names; whatever else shows root the same is denied too."""
    server = await furnished(tmp_path)
    read, respelt = set[str](), set[str]()
    for mounted in await mounts(server):
        for endpoint in route_table(mounted.type).endpoints:
            for operation in METHODS.keys() & endpoint.routes.keys():
                method, usual = METHODS[operation], path_of(mounted.entry.path, endpoint)
                status, shown = await answer(server, method, usual)
                public = endpoint.routes[operation].access is Access.PUBLIC
                if status != 200 or not shown or public or not parameters(endpoint.pattern) or "/generate" in usual:
                    continue
                read.add(usual)
                token = await denied_token(server, usual, f"{usual}/")
                assert (await answer(server, method, usual, token))[0] == 403, (method, usual)
                for name in parameters(endpoint.pattern):
                    value = NAMED.get(mounted.entry.path + endpoint.pattern, VALUES.get(name, "k"))
                    for other in spellings(value):
                        path = path_of(mounted.entry.path, endpoint, **{name: other})
                        if path != usual and await answer(server, method, path) == (200, shown):
                            respelt.add(f"{method} {mounted.entry.path}{endpoint.pattern}")
                            assert (await answer(server, method, path, token))[0] == 403, (method, path)
                await server.ask("POST", "auth/token/revoke", {"token": token})
    assert len(read) > 30
    assert {
        "GET sys/mounts/{path:path}",
        "GET sys/auth/{path:path}/tune",
        "GET sys/policies/acl/{name:path}",
        "GET sys/namespaces/{path:path}",
        "GET auth/userpass/users/{username}",
        "GET auth/approle/role/{role_name}",
        "GET identity/entity/name/{name:path}",
        "LIST sys/leases/lookup/{prefix:path}",
        "GET transit/export/{type:any}/{name}/{version:any}",
    } <= respelt


WRITES = (
    (
        "DELETE",
        "sys/mounts/pqc",
        ("sys/mounts/%2fpqc", "sys/mounts/pqc/", "sys/mounts/%2f%2fpqc%2f"),
    ),
    ("POST", "sys/mounts/transit/tune", ("sys/mounts/%2ftransit/tune", "sys/mounts/transit%2f%2ftune")),
    ("POST", "sys/mounts/new", ("sys/mounts/%2fnew",)),
    ("DELETE", "sys/auth/cert", ("sys/auth/%2fcert", "sys/auth/cert/")),
    ("DELETE", "sys/audit/file", ("sys/audit/%2ffile", "sys/audit/file/")),
    ("POST", "sys/audit-hash/file", ("sys/audit-hash/%2ffile",)),
    ("DELETE", "sys/namespaces/k", ("sys/namespaces/k/", "sys/namespaces/k%2f")),
    ("POST", "sys/namespaces/api-lock/lock/k/l", ("sys/namespaces/api-lock/lock/%2fk%2f%2fl",)),
    ("POST", "sys/policies/acl/k", ("sys/policies/acl/K",)),
    ("DELETE", "sys/policies/acl/k", ("sys/policies/acl/K", "sys/policies/acl/%4B")),
    ("POST", "sys/policy/k", ("sys/policy/K",)),
    ("POST", "sys/leases/revoke-prefix/auth/nope", ("sys/leases/revoke-prefix/%2fauth/%2fnope",)),
    ("DELETE", "sys/config/auditing/request-headers/x-k", ("sys/config/auditing/request-headers/X-K",)),
    ("POST", "auth/userpass/users/k", ("auth/userpass/users/K",)),
    ("POST", "auth/userpass/users/k/password", ("auth/userpass/users/K/password",)),
    ("POST", "auth/userpass/users/k/policies", ("auth/userpass/users/K/policies",)),
    ("DELETE", "auth/userpass/users/k", ("auth/userpass/users/K",)),
    ("POST", "auth/approle/role/k/secret-id", ("auth/approle/role/K/secret-id",)),
    ("POST", "auth/approle/role/k/policies", ("auth/approle/role/K/policies",)),
    ("POST", "auth/jwt/role/k", ("auth/jwt/role/K",)),
    ("POST", "auth/cert/certs/k", ("auth/cert/certs/K",)),
    ("DELETE", "auth/cert/crls/k", ("auth/cert/crls/K",)),
    ("DELETE", "identity/entity/name/k", ("identity/entity/name/K",)),
    ("POST", "identity/group/name/k", ("identity/group/name/K",)),
    ("DELETE", "cubbyhole/k", ("cubbyhole/%2fk",)),
    ("POST", "transit/random/16", ("transit/random/016", "transit/random/+16")),
)


@pytest.mark.parametrize(("method", "path", "others"), WRITES, ids=[f"{row[0]} {row[1]}" for row in WRITES])
async def test_a_denied_path_is_denied_in_all_its_spellings(
    server: Server, method: str, path: str, others: tuple[str, ...]
) -> None:
    for kind, names in (("auth", ("userpass", "approle", "jwt", "cert")), ("mounts", ("transit", "pqc"))):
        for name in names:
            assert (await server.ask("POST", f"sys/{kind}/{name}", {"type": name}))[0] == 204
    body: dict[str, Any] | None = {} if method == "POST" else None
    token = await denied_token(server, path)
    allowed = await denied_token(server)
    for other in (path, *others):
        assert (await server.ask(method, other, body, token))[0] == 403, other
    # Nor does the spelling of the rule matter.
    token = await denied_token(server, unquote(others[0]))
    for other in (path, *others):
        assert (await server.ask(method, other, body, token))[0] == 403, other
    for other in (path, *others):
        assert (await server.ask(method, other, body, allowed))[0] != 403, other


async def test_a_grant_holds_in_any_case_and_a_more_special_rule_too(server: Server) -> None:
    """Whichever of the two is written in capitals; what isn't compared without case goes on being told apart."""
    for name in ("Team", "team", "TEAM"):
        rules = {
            f"sys/policies/acl/{name}": {"capabilities": ["read"]},
            f"sys/policies/acl/{name}/*": {"capabilities": ["read", "update"]},
            f"sys/+/acl/{name}-x": {"capabilities": ["delete"]},
            f"SYS/policies/acl/{name}": {"capabilities": ["delete"]},
        }
        token, _ = await server.token_for(json.dumps({"path": rules}))
        for asked in ("team", "Team", "tEAM"):
            got = {
                path: (await server.ask("POST", "sys/capabilities-self", {"paths": [path]}, token))[1]["capabilities"]
                for path in (f"sys/policies/acl/{asked}", f"sys/policies/acl/{asked}/a", f"sys/policies/acl/{asked}-x")
            }
            assert list(got.values()) == [["read"], ["read", "update"], ["delete"]]
            assert (await server.ask("GET", f"sys/policies/acl/{asked}", token=token))[0] == 404
            assert (await server.ask("DELETE", f"sys/policies/acl/{asked}", token=token))[0] == 403
            assert (await server.ask("DELETE", f"sys/policies/acl/{asked}-X", token=token))[0] == 204


async def test_capabilities_are_told_as_requests_are_judged(server: Server) -> None:
    token = await denied_token(server, "sys/mounts/a", "sys/policies/acl/k")
    paths = [
        "sys/mounts/a",
        "sys/mounts//a/",
        "/sys/mounts/a",
        "sys/policies/acl/K",
        "sys/mounts/b",
        "sys/policies/acl/",
    ]
    _, answered = await server.ask("POST", "sys/capabilities-self", {"paths": paths}, token)
    assert [answered["data"][path] == ["deny"] for path in paths] == [True, True, True, True, False, False]


async def test_an_entity_reads_itself_whatever_its_name(server: Server) -> None:
    """By a rule of the policy ``default``, whose path has the name in it."""
    await server.ask("POST", "sys/auth/userpass", {"type": "userpass"})
    await server.ask("POST", "auth/userpass/users/ann", {"password": "p"})
    _, answered = await server.ask("POST", "auth/userpass/login/ann", {"password": "p"}, token="")
    token, entity = answered["auth"]["client_token"], answered["auth"]["entity_id"]
    assert (await server.ask("POST", f"identity/entity/id/{entity}", {"name": "Ann"}))[0] == 204
    for name, status in (("Ann", 200), ("ann", 200), ("ANN", 200), ("Anna", 403)):
        assert (await server.ask("GET", f"identity/entity/name/{name}", token=token))[0] == status


async def test_paths_below_are_judged_in_the_same_way(server: Server) -> None:
    """A policy of the namespace above speaks of them with the namespace in front."""
    assert (await server.ask("POST", "sys/namespaces/Ns", {}))[0] == 200
    token = await denied_token(server, "Ns/sys/policies/acl/k", "Ns/sys/mounts/m")
    for path in ("Ns/sys/policies/acl/K", "Ns/sys/mounts/%2fm", "Ns/sys/mounts/m/"):
        assert (await server.ask("DELETE", path, token=token))[0] == 403
    assert (await server.ask("DELETE", "Ns/sys/policies/acl/K1", token=token))[0] == 204


async def test_a_quota_counts_in_all_spellings(server: Server) -> None:
    await server.ask("POST", "sys/auth/userpass", {"type": "userpass"})
    body = {"rate": 1, "path": "auth/userpass/login/Bob", "interval": "1h"}
    assert (await server.ask("POST", "sys/quotas/rate-limit/q", body))[0] == 204
    statuses = [
        (await server.ask("POST", f"auth/userpass/login/{name}", {"password": "x"}, token=""))[0]
        for name in ("bob", "BOB", "Bob", "ann")
    ]
    assert statuses == [400, 429, 429, 400]


async def test_a_path_with_needless_slashes_can_be_wrapped_and_its_lease_be_found(server: Server) -> None:
    await server.ask("POST", "sys/mounts/transit", {"type": "transit"})
    status, answered = await server.ask("GET", "sys/mounts/%2f%2ftransit", wrap="60")
    assert status == 200
    _, listed = await server.ask("LIST", "sys/leases/lookup/sys/%2fmounts")
    assert listed["data"]["keys"] == ["transit/"]
    assert (await server.ask("POST", "sys/leases/revoke-prefix/sys/%2f%2fmounts"))[0] == 204
    assert (await server.ask("POST", "sys/wrapping/unwrap", {"token": answered["wrap_info"]["token"]}))[0] == 400


async def test_a_name_is_read_alike_in_all_paths_of_an_engine(tmp_path: Path) -> None:
    server = await furnished(tmp_path)
    for mounted in await mounts(server):
        stated: dict[str, set[str]] = {}
        for endpoint in route_table(mounted.type).endpoints:
            for name in parameters(endpoint.pattern):
                before = endpoint.pattern.partition(f"{{{name}")[0]
                reading = endpoint.readings.get(name)
                stated.setdefault(before, set()).add("none" if reading is None else reading.__name__)
        different = {before: readings for before, readings in stated.items() if len(readings) > 1}
        assert different.keys() <= {"random/", "tools/random/"}, (mounted.entry.path, different)
