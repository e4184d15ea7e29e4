"""Whatever a route takes for a denied value is denied, for every field of every route, and on whole servers."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from msgspec import Struct

from auth_methods.approle.routes import APPROLE
from auth_methods.cert.routes import CERT
from auth_methods.jwt.routes import JWT
from auth_methods.token.routes import TOKEN
from auth_methods.userpass.routes import USERPASS
from auth_methods.userpass.users import UserBody
from compat.fields import convert
from compat.parameters import parameters_of
from compat.requests import Request, parse_lines_request, parse_request, read_headers
from engines.base import Body
from engines.faults import Denied, Fault
from engines.pqc.routes import PQC
from engines.signing.routes import SIGNING
from engines.transit.routes import TRANSIT
from server.pipeline.stream import Stream
from server.system.routes import ROUTES as SYSTEM_ROUTES
from server.tenants.cubbyhole.routes import CUBBYHOLE
from server.tenants.identity.routes import ROUTES as IDENTITY_ROUTES
from server.tenants.policies.parameters import ParameterRules, Taken
from tests.support.systems import Server

BODIES: list[type[Body]] = sorted(
    {
        route.body
        for routes in (
            *(kind.routes for kind in (APPROLE, CERT, JWT, TOKEN, USERPASS, CUBBYHOLE, PQC, SIGNING, TRANSIT)),
            SYSTEM_ROUTES,
            IDENTITY_ROUTES,
        )
        for route in routes
    },
    key=lambda body: (body.__module__, body.__name__),
)
_names = itertools.count()
SAID: tuple[Any, ...] = (
    *(
        True,
        False,
        0,
        1,
        -1,
        60,
        3600,
        86400,
        1.5,
        1e3,
        None,
        "",
        " ",
        "x",
        "X",
        " x ",
        "x,y",
        "y, x",
        "x,",
        ",",
        "x=y",
    ),
    *("true", "TRUE", "t", "1", "0", "0x1", "01", "1_0", "10", "60", "1m", "60s", "1h", "60m", "3600s", "24h", "1d"),
    *("86400", "1e3", "1000", "+1", "-1", "1.50", "a b", "/x/", "eA==", "eB==", "eA==\n", '{"x":"y"}', "eD15", "auto"),
    *(
        [],
        ["x"],
        ["X"],
        [" x"],
        ["x", "y"],
        ["y", "x"],
        ["x=y"],
        [1],
        [True],
        [""],
        {},
        {"x": "y"},
        {"x": 1},
        [{"x": "y"}],
    ),
)
"""Ways in which clients say things; many come to the same for some type of field."""


def asked(value: Any) -> Any:
    """A value as a policy has it."""
    if isinstance(value, list):
        return tuple(map(asked, value))
    return {name: asked(member) for name, member in value.items()} if isinstance(value, dict) else value


def same(body: type[Body], name: str) -> Iterator[list[Any]]:
    """The ways to say something in one field, those together that the route takes for the same."""
    found: dict[bytes, list[Any]] = {}
    nothing = msgspec.json.encode(convert(body, {}))
    for value in SAID:
        try:
            converted = msgspec.json.encode(convert(body, {name: value}))
        except Fault:
            continue
        if converted != nothing:
            found.setdefault(converted, []).append(value)
    return iter(found.values())


def taken(body: type[Body], name: str, value: Any) -> bool:
    """Whether the route takes this value under this name."""
    try:
        return bool(convert(body, {name: value}))
    except Fault:
        return False


def test_a_policy_and_the_route_agree_on_what_is_the_same() -> None:
    """For each field: what conversion takes for the same value as the denied one is denied, by all of its names."""
    compared = 0
    seen = set[tuple[object, ...]]()
    for body in BODIES:
        parameters = parameters_of(body)
        names = {name: [name] for name in parameters.fields}
        for other, name in parameters.other_names.items():
            names.setdefault(name, [name]).append(other)
        for name in parameters.fields.keys() - body.path_only:
            alike = parameters.fields[name], *(parameters.fields.get(alias) for alias in names.get(name, ()))
            if alike in seen:
                continue  # A field of another body that is converted alike, by as many names, is judged alike.
            seen.add(alike)
            for values in same(body, name):
                for listed in values:
                    rules = ParameterRules(frozenset(), {}, {name: (asked(listed),)})
                    for alias, sent in itertools.product(names.get(name, [name]), values):
                        if alias == name or taken(body, alias, sent):
                            assert not rules.met({alias: sent}, Taken(body)), (body, name, listed, alias, sent)
                            compared += 1
    assert len(seen) > 30 and compared > 4_000


def test_a_policy_and_the_items_of_batches_agree_too() -> None:
    for body in BODIES:
        for holder, kind in body.holds.items():
            for info in msgspec.structs.fields(kind):
                listed, sent = _two_ways(kind, info.encode_name)
                rules = ParameterRules(frozenset(), {}, {info.encode_name: (listed,)})
                for within in (
                    [{info.encode_name: sent}],
                    [{}, {info.encode_name.upper(): sent}],
                    {info.encode_name: sent},
                ):
                    assert not rules.met({holder: within}, Taken(body))


def _two_ways(kind: type[Struct], name: str) -> tuple[Any, Any]:
    numeric = parameters_of(kind).fields[name].numeric
    return ("7", 7) if numeric else ("x", " X")


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    """A server with transit, userpass and a key."""
    made = await Server().unsealed()
    for path, body in (("sys/mounts/transit", {"type": "transit"}), ("sys/auth/userpass", {"type": "userpass"})):
        assert (await made.ask("POST", path, body))[0] == 204
    assert (await made.ask("POST", "transit/keys/k", {"derived": True}))[0] == 200
    yield made
    await made.core.stop()


async def token_with(server: Server, path: str, **conditions: Any) -> str:
    """A token that may do anything on ``path``, under ``conditions``."""
    rule = {"capabilities": ["create", "read", "update", "patch", "delete", "list", "sudo"], **conditions}
    name = f"p{next(_names)}"
    text = json.dumps({"path": {path: rule}})
    assert (await server.ask("PUT", f"sys/policies/acl/{name}", {"policy": text}))[0] == 204
    _, answered = await server.ask("POST", "auth/token/create", {"policies": [name]})
    token: str = answered["auth"]["client_token"]
    return token


ADMIN = (
    {"token_policies": "admin"},
    {"token_policies": ["admin"]},
    {"token_policies": "x, ADMIN "},
    {"policies": ["x", "Admin"]},
    {"Policies": "x", "policies": "admin"},
)


@pytest.mark.parametrize("parameters", ADMIN)
async def test_no_user_gets_a_denied_policy(server: Server, parameters: dict[str, Any]) -> None:
    token = await token_with(server, "auth/userpass/users/*", denied_parameters={"token_policies": ["admin"]})
    for path in ("auth/userpass/users/u", "auth/userpass/users/u/policies", "auth/userpass/users/U"):
        assert (await server.ask("POST", path, {"password": "p", **parameters}, token))[0] == 403
    assert (await server.ask("GET", "auth/userpass/users/u"))[0] == 404
    assert (await server.ask("POST", "auth/userpass/users/u", {"password": "p", "policies": "x"}, token))[0] == 204


async def test_a_form_and_a_query_are_judged_as_a_body_is(server: Server) -> None:
    token = await token_with(server, "auth/userpass/users/*", denied_parameters={"token_policies": ["admin"]})
    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    for form in (b"password=p&policies=x&policies=admin", b"password=p&token_policies=x%2c+Admin"):
        request = parse_request(
            "POST", b"/v1/auth/userpass/users/u", b"", read_headers(headers), form, ("127.0.0.1", 1)
        )
        assert isinstance(request, Request)
        request.token = token
        assert (await server.dispatcher.answer(request)).status == 403
    token = await token_with(server, "transit/keys/*", denied_parameters={"context": ["dGVhbTE="]})
    assert (await server.ask("GET", "transit/keys/k?context=dGVhbTE%3d", token=token))[0] == 403
    assert (await server.ask("GET", "transit/keys/k?context=dGVhbTF%3d%0a", token=token))[0] == 403
    assert (await server.ask("GET", "transit/keys/k?context=dGVhbTI%3d", token=token))[0] == 200


async def test_a_batch_is_no_way_around_a_condition(server: Server) -> None:
    item = {"plaintext": "eA==", "context": "dGVhbTE="}
    conditions: tuple[tuple[dict[str, Any], int], ...] = (
        ({"denied_parameters": {"context": ["dGVhbTE="]}}, 403),
        ({"denied_parameters": {"context": ["dGVhbTI="]}}, 200),
        ({"allowed_parameters": {"batch_input": [], "context": ["dGVhbTI="]}}, 403),
        ({"allowed_parameters": {"batch_input": [], "context": ["dGVhbTE="]}}, 200),
        ({"required_parameters": ["context"]}, 200),
        ({"required_parameters": ["key_version"]}, 403),
    )
    for condition, status in conditions:
        token = await token_with(server, "transit/encrypt/*", **condition)
        assert (await server.ask("POST", "transit/encrypt/k", {"batch_input": [item]}, token))[0] == status, condition


async def test_the_lines_of_a_stream_are_no_way_around_it_either(server: Server) -> None:
    denied = await token_with(server, "transit/stream/*", denied_parameters={"context": ["dGVhbTE="]})
    required = await token_with(server, "transit/stream/*", required_parameters=["context"])
    good = b'{"plaintext":"eA==","context":"dGVhbTI="}\n'
    for token, lines, answered in (
        (denied, good, 1),
        (denied, good + b'{"plaintext":"eA==","context":"dGVhbTE="}\n', 0),
        (required, good, 1),
        (required, good + b'{"plaintext":"eA=="}\n', 0),
    ):
        headers = read_headers([(b"x-vault-token", token.encode())])
        request = parse_lines_request("POST", b"/v1/transit/stream/encrypt/k", b"", headers, ("127.0.0.1", 1))
        assert request is not None
        stream = await server.dispatcher.open_stream(request)
        assert isinstance(stream, Stream)
        found = []
        try:
            found = [written async for written in stream.answers(lines)]
        except Denied:
            pass
        await stream.close()
        assert len(found) == answered


@pytest.mark.parametrize(
    "digits",
    ["1" * 10**6 + "x", "0." + "1" * 10**6, "0x" + "1" * 10**6 + ".p", " " * 10**6],
    ids=["x", "0.", "0x", "blanks"],
)
@pytest.mark.parametrize(
    "name", ["token_policies", "token_ttl", "token_num_uses", "token_no_default_policy", "unknown"]
)
def test_a_long_text_costs_little(digits: str, name: str) -> None:
    """Far below a second of processor time for a megabyte; each of these once took minutes, at a hundredth of it."""
    rules = ParameterRules(frozenset(), {}, {name: (True, "24h", 1, "x*", *(f"v{number}" for number in range(100)))})
    began = time.process_time()
    rules.met({name: digits}, Taken(UserBody))
    rules.met({name: [digits, digits]}, Taken(UserBody))
    assert time.process_time() - began < 1


def test_long_lists_are_refused_where_a_value_is_listed() -> None:
    many = ["x"] * 200_000
    for rules in (
        ParameterRules(frozenset(), {}, {"policies": ("admin",)}),
        ParameterRules(frozenset(), {"policies": ("x",)}, {}),
    ):
        began = time.process_time()
        assert not rules.met({"policies": many}, Taken(UserBody))
        assert time.process_time() - began < 1
    assert ParameterRules(frozenset(), {"policies": ()}, {}).met({"policies": many}, Taken(UserBody))
