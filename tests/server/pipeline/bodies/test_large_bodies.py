"""Costly bodies without and with a token: what is read, and what is parsed."""

from __future__ import annotations

from pathlib import Path

import pytest

from compat.requests import parse_request, read_headers
from server.listeners.asgi import WHOLE_BODY
from server.listeners.deadlines import SMALL_BODY_BYTES
from server.pipeline.large_bodies import PLAIN_BODY_BYTES, UNKNOWN_CALLER, is_modest
from tests.server.pipeline.bodies.sending import HUGE, KEY, LARGE, MANY, Client, application, ask, entries, scope_of
from tests.support.systems import NewServer, Server


@pytest.mark.parametrize("token", ["", "s.unknown"])
@pytest.mark.parametrize("path", [KEY, "sys/mounts/x", "sys/policies/acl/p", "cubbyhole/x", "nowhere"])
async def test_nothing_of_a_large_body_is_read_without_a_token(
    server: Server, log: Path, path: str, token: str
) -> None:
    client = await ask(server, path, LARGE, token)
    assert (client.status, client.heard) == (403, 0)
    assert client.answer == {"errors": ["permission denied"]}
    refused = entries(log)[-1]
    assert refused["type"] == "response"
    assert "data" not in refused["request"]


async def test_a_body_of_unknown_length_is_read_as_far_as_it_is_small(server: Server) -> None:
    client = Client(LARGE, piece=16 * 1024)
    scope = scope_of(KEY, b"", {"transfer-encoding": "chunked"})
    scope["headers"] = [header for header in scope["headers"] if header[0] != b"content-length"]
    await application(server)(scope, client.receive, client.send)
    assert (client.status, client.heard) == (403, SMALL_BODY_BYTES // (16 * 1024) + 1)


async def test_nothing_of_it_is_read_while_the_server_is_sealed(new_server: NewServer) -> None:
    client = await ask(await new_server(), KEY, LARGE, "s.x")
    assert (client.status, client.heard) == (503, 0)


@pytest.mark.parametrize("body", [MANY, MANY[:-1], b'{"a":[' + b"1.50," * 5_000 + b"1]}"])
async def test_many_elements_are_not_parsed_without_a_token(server: Server, log: Path, body: bytes) -> None:
    assert not is_modest(body)
    client = await ask(server, KEY, body, "")
    assert (client.status, client.heard) == (403, 0 if len(body) > SMALL_BODY_BYTES else 1)
    assert "data" not in entries(log)[-1]["request"]


@pytest.mark.parametrize("path", ["sys/unseal", "sys/init", "sys/wrapping/lookup", "sys/internal/specs/openapi"])
async def test_public_routes_take_what_is_cheap(server: Server, path: str) -> None:
    plain = await ask(server, path, LARGE, "")
    assert plain.status != 413
    for body in (MANY, HUGE, LARGE[:-1], b'{"a":"' + b"x" * PLAIN_BODY_BYTES + b'"}'):
        client = await ask(server, path, body, "")
        assert client.status == 413
        assert client.answer == {"errors": [f"http: request body too large: {UNKNOWN_CALLER}"]}
    assert client.heard == 0


async def test_a_token_lets_any_body_in(server: Server) -> None:
    for body in (LARGE, b'{"plaintext":"' + b"A" * 4 * PLAIN_BODY_BYTES + b'"}'):
        assert (await ask(server, KEY, body)).status == 200
    for body in (MANY, HUGE):
        client = await ask(server, KEY, body)
        assert (client.status, client.answer) == (400, {"errors": ["missing plaintext to encrypt"]})
    client = await ask(server, KEY, HUGE[:-1])
    assert client.status == 400
    assert client.answer["errors"][0].startswith("failed to decode JSON input: invalid JSON text at byte ")


async def test_a_large_form_is_read_by_its_type(server: Server) -> None:
    form = b"plaintext=" + b"QUJD" * SMALL_BODY_BYTES
    client = await ask(server, KEY, form, content_type="application/x-www-form-urlencoded")
    assert client.status == 200
    escaped = b"plaintext=" + b"QU%4aD" * (SMALL_BODY_BYTES // 4) + b"&nowhere=%25+%25"
    client = await ask(server, KEY, escaped, content_type="application/x-www-form-urlencoded")
    assert client.status == 200
    client = await ask(server, KEY, form * 5, content_type="application/x-www-form-urlencoded")
    assert client.status == 413


async def test_a_body_that_came_with_its_head_is_judged_alike(server: Server) -> None:
    for body, token, status in ((LARGE, "", 403), (MANY, "", 403), (HUGE, "", 403), (LARGE, server.root_token, 200)):
        client = Client(b"")
        scope = scope_of(KEY, body, {"x-vault-token": token}) | {WHOLE_BODY: body}
        await application(server)(scope, client.receive, client.send)
        assert (client.status, client.heard) == (status, 0)


async def test_a_token_of_a_namespace_counts(server: Server) -> None:
    assert (await server.ask("POST", "sys/namespaces/n", {}))[0] == 200
    made = await server.ask("POST", "n/auth/token/create", {"policies": ["default"]})
    token = made[1]["auth"]["client_token"]
    client = await ask(server, "n/cubbyhole/x", LARGE, token)
    assert client.status == 204
    client = await ask(server, "nowhere/cubbyhole/x", LARGE, "")
    assert (client.status, client.heard) == (403, 0)


async def test_a_token_is_good_from_its_addresses_alone(server: Server) -> None:
    for cidr, status in (("127.0.0.0/8", 204), ("10.0.0.0/8", 403)):
        assert (await server.ask("POST", "auth/token/roles/r", {"token_bound_cidrs": [cidr]}))[0] == 204
        made = await server.ask("POST", "auth/token/create/r", {"policies": ["default"]})
        client = await ask(server, "cubbyhole/x", LARGE, made[1]["auth"]["client_token"])
        assert (client.status, client.heard > 0) == (status, status == 204)


@pytest.mark.parametrize("path", ["sys/unseal", "sys/wrapping/lookup", KEY])
async def test_what_was_left_unread_is_never_handled(server: Server, path: str) -> None:
    """Though a token may have become good since it was looked at."""
    headers = read_headers([(b"x-vault-token", server.root_token.encode())])
    request = parse_request("POST", f"/v1/{path}".encode(), b"", headers, b"{}")
    request.unread = True  # type: ignore[union-attr]
    answer = await server.dispatcher.answer(request)  # type: ignore[arg-type]
    # The root token is no wrapping token, which is found out first.
    assert answer.status == (400 if "lookup" in path else 413)
