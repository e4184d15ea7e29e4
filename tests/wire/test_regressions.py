"""Holes that servers of this kind have had, each as a test named after what it is, against several workers at once.

What is tested closer to the code stands there, and isn't repeated here: rules of policies in
``tests/server/tenants/policies/test_acl.py``, unclean paths in ``test_http``, the name ``root`` in other spellings in
``tests/server/tenants/namespaces/test_namespaces.py``, the tokens of another tenant in
``tests/server/tenants/namespaces/test_namespace_isolation.py``, ``*``, ``+`` and ``/`` in the names of entities in
``tests/server/tenants/policies/test_templates.py``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import pytest

from tests.support.products import Product
from tests.support.servers import Answer, Server

T = TypeVar("T")

WORKERS = 2
RACERS = 12
NOTHING = "# nothing"
"""The policy of a token that may do nothing."""

SECRET = "MARKED-fcd1c7a2-SECRET"
"""Looks like nothing else, so wherever it turns up, a secret would have."""

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A durable server with two workers and an audit log, with every method and engine that takes secrets."""
    settings = f'workers = {WORKERS}\nlogin_failures_per_minute = 100000\nlog_level = "trace"\n'
    with Server(Product.CRYPTOSERVE, tmp_path_factory.mktemp("server"), settings=settings) as started:
        started.initialize()
        started.unseal()
        for kind in ("transit", "pqc"):
            started.request("POST", f"sys/mounts/{kind}", {"type": kind}).data()
        for kind in ("approle", "userpass", "jwt"):
            started.request("POST", f"sys/auth/{kind}", {"type": kind}).data()
        yield started


def _token(server: Server, policy: str, **settings: Any) -> dict[str, Any]:
    """The ``auth`` of a token that may do just what ``policy`` says."""
    name = f"policy-{next(_numbers)}"
    server.request("POST", f"sys/policies/acl/{name}", {"policy": policy}).data()
    body = {"policies": [name], "no_default_policy": True, **settings}
    made: dict[str, Any] = server.request("POST", "auth/token/create", body).json()["auth"]
    return made


def _at_once(ask: Callable[[], T], count: int = RACERS) -> list[T]:
    """What ``count`` callers get who ask at the same time, each on a connection of its own."""
    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(ask) for _ in range(count)]]


@pytest.mark.parametrize(
    "denied",
    ["transit/keys/", "transit/keys", "transit/keys/*", "transit/*", "+/keys/", "transit/+/", "transit/+/*"],
)
def test_a_list_does_not_slip_past_a_deny(server: Server, denied: str) -> None:
    """With or without the slash, by verb or by query: one denial of what is listed denies the list."""
    policy = 'path "*" { capabilities = ["read", "list"] }\npath "%s" { capabilities = ["deny"] }'
    token = _token(server, policy % denied)["client_token"]
    for method, path in (
        ("LIST", "transit/keys"),
        ("LIST", "transit/keys/"),
        ("GET", "transit/keys?list=true"),
        ("GET", "transit/keys/?list=true"),
        ("GET", "transit/keys?list=1"),
        ("GET", "transit/keys/?list=true&after=a&limit=1"),
    ):
        assert server.request(method, path, token=token).status == 403, (method, path)


@pytest.mark.parametrize(
    "path",
    [
        "transit/encrypt/../keys/k",
        "transit/encrypt/%2e%2e/keys/k",
        "transit/encrypt/..%2fkeys%2fk",
        "transit/encrypt/%2e%2e%2fkeys/k",
        "transit/encrypt/./../keys/k",
        "transit//keys/k",
        "transit/encrypt/..;/keys/k",
        "transit/encrypt/%252e%252e/keys/k",
        "../v1/transit/keys/k",
    ],
)
def test_dots_in_a_path_reach_nothing_that_the_policy_denies(server: Server, path: str) -> None:
    """What the policy is asked about is what is served, however it is spelt."""
    server.request("POST", "transit/keys/k", {}).data()
    policy = 'path "transit/encrypt/*" { capabilities = ["read", "create", "update"] }'
    token = _token(server, policy)["client_token"]
    for method in ("GET", "POST"):
        answer = server.request(method, path, {} if method == "POST" else None, token=token)
        assert answer.status in (301, 307, 400, 403, 404, 405), answer
        assert b"latest_version" not in answer.body


def test_an_accessor_out_of_reach_of_the_policy_revokes_nothing(server: Server) -> None:
    """To know an accessor is not the right to use it; and a policy for one accessor is none for another."""
    victim = _token(server, NOTHING)
    other = _token(server, NOTHING)
    body = {"accessor": victim["accessor"]}
    looking = 'path "auth/token/lookup-accessor" { capabilities = ["update"] }'
    one = (
        'path "auth/token/revoke-accessor" { capabilities = ["update"] allowed_parameters = { "accessor" = ["'
        + other["accessor"]
        + '"] } }'
    )
    for policy in (NOTHING, looking, one):
        for settings in ({}, {"no_default_policy": False}):
            token = _token(server, policy, **settings)["client_token"]
            assert server.request("POST", "auth/token/revoke-accessor", body, token=token).status == 403
            assert server.request("POST", "auth/token/renew-accessor", body, token=token).status == 403
    token = _token(server, one)["client_token"]
    assert (
        server.request("POST", "auth/token/revoke-accessor", {"ACCESSOR": victim["accessor"]}, token=token).status
        != 204
    )
    assert server.request("POST", "auth/token/lookup-accessor", body).status == 200
    assert (
        server.request("POST", "auth/token/revoke-accessor", {"accessor": other["accessor"]}, token=token).status == 204
    )
    assert server.request("POST", "auth/token/lookup-accessor", {"accessor": other["accessor"]}).status == 400


def test_a_wrapped_token_is_unwrapped_once_by_whoever_comes_first(server: Server) -> None:
    """Of many at once, through both workers and by body or header, exactly one gets the answer."""
    for number in range(6):
        wrapping = _wrapped(server)
        if number % 2:
            answers = _at_once(partial(server.request, "POST", "sys/wrapping/unwrap", {}, token=wrapping))
        else:
            answers = _at_once(partial(server.request, "POST", "sys/wrapping/unwrap", {"token": wrapping}))
        statuses = [answer.status for answer in answers]
        assert (statuses.count(200), set(statuses) - {200} <= {400, 403}) == (1, True)
        assert server.request("POST", "sys/wrapping/unwrap", {"token": wrapping}).status == 400
        assert server.request("POST", "sys/wrapping/lookup", {"token": wrapping}).status == 400


def _wrapped(server: Server) -> str:
    connection = server.connect()
    try:
        headers = {"X-Vault-Token": server.root_token, "X-Vault-Wrap-TTL": "60"}
        connection.request("POST", "/v1/sys/wrapping/wrap", b'{"a": "b"}', headers)
        response = connection.getresponse()
        token: str = Answer(response.status, {}, response.read()).json()["wrap_info"]["token"]
        return token
    finally:
        connection.close()


def test_the_uses_of_a_token_are_exact_under_concurrency(server: Server) -> None:
    """Neither one too many nor one too few, though both workers count."""
    policy = 'path "auth/token/lookup-self" { capabilities = ["read"] }'
    for uses in (1, 5):
        token = _token(server, policy, num_uses=uses)["client_token"]
        answers = _at_once(partial(server.request, "GET", "auth/token/lookup-self", token=token))
        assert sorted(answer.status for answer in answers) == [200] * uses + [403] * (RACERS - uses)
        assert server.request("POST", "auth/token/lookup", {"token": token}).status == 403


def test_the_uses_of_a_secret_id_are_exact_under_concurrency(server: Server) -> None:
    # Whoever comes after five failures would find the role locked, and be told that instead.
    server.request("POST", "sys/auth/approle/tune", {"user_lockout_config": {"lockout_disable": True}}).data()
    server.request("POST", "auth/approle/role/counted", {"role_id": "counted", "secret_id_num_uses": 5}).data()
    secret = server.request("POST", "auth/approle/role/counted/secret-id", {}).data()["secret_id"]
    body = {"role_id": "counted", "secret_id": secret}
    answers = _at_once(partial(server.request, "POST", "auth/approle/login", body, token=""))
    assert sorted(answer.status for answer in answers) == [200] * 5 + [400] * (RACERS - 5)


_LEFT_OUT = ("/sys/seal", "/sys/step-down", "/sys/init", "/sys/audit/{path}", "/sys/internal/specs/openapi")
"""What would end the test, or is no use to it."""

_PUBLIC = frozenset({"policies", "token_policies", "display_name", "meta", "metadata"})
"""What tokens show to everybody who audits them, as in OpenBao."""


def test_no_error_path_writes_a_secret_to_the_logs(server: Server) -> None:
    """Every parameter of every path is sent a secret, in three forms, by four callers, and nearly always refused."""
    document = server.request("GET", "sys/internal/specs/openapi").json()
    outsider = _token(server, NOTHING)["client_token"]
    asked = 0
    for path, method, fields in _routes(document):
        target = path.strip("/").replace("{", "").replace("}", "")
        texts = dict.fromkeys(fields - _PUBLIC, SECRET)
        bodies: list[dict[str, Any]] = [
            texts,
            {name: [SECRET] for name in texts},
            {name: {"a": SECRET} for name in texts},
        ]
        for token in (server.root_token, outsider, SECRET, ""):
            for body in bodies if method != "DELETE" else [{}]:
                if method == "GET":
                    query = "&".join(f"{name}={SECRET}" for name in texts)
                    answer = server.request(method, f"{target}?{query}" if query else target, token=token)
                else:
                    answer = server.request(method, target, body, token=token)
                assert answer.status != 500 or b"internal error" not in answer.body, (method, target, body)
                asked += 1
    for text in ("{" + SECRET, f'"{SECRET}', f'{{"{SECRET}": ', f'{{"a": "{SECRET}"}} {SECRET}'):
        assert _sent_raw(server, text.encode()) == 400
    assert asked > 1000
    audited = server.audit_path.read_text(encoding="utf-8")
    assert len(audited.splitlines()) > asked
    for line in audited.splitlines():
        assert SECRET not in line, line
    assert SECRET not in server.log_end(10_000_000)


def _routes(document: dict[str, Any]) -> Iterator[tuple[str, str, set[str]]]:
    """Path, verb and the names of the parameters, of all that is safe to ask."""
    for path, item in document["paths"].items():
        if path.startswith(_LEFT_OUT):
            continue
        for method in ("get", "post", "delete"):
            operation = item.get(method)
            if operation is None or (method == "delete" and path.startswith(("/sys/mounts", "/sys/auth/"))):
                continue
            fields = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"}
            for content in operation.get("requestBody", {}).get("content", {}).values():
                schema = content["schema"]
                if "$ref" in schema:
                    schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
                fields |= set(schema.get("properties", ()))
            yield path, method.upper(), fields


def _sent_raw(server: Server, body: bytes) -> int:
    connection = server.connect()
    try:
        headers = {"X-Vault-Token": server.root_token}
        connection.request("POST", "/v1/transit/encrypt/k", body, headers)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()
