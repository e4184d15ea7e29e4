"""The cubbyhole: each token's own, and gone with it."""

from __future__ import annotations

import asyncio

from server.tenants.tokens.store import Tokens
from tests.support.systems import Server


async def _token(server: Server) -> str:
    _, answer = await server.ask("POST", "auth/token/create", {"policies": ["default"]})
    token: str = answer["auth"]["client_token"]
    return token


def _tokens(server: Server) -> Tokens:
    assert server.core.unsealed is not None
    return server.core.unsealed.root.tokens


async def _cubbyholes(server: Server) -> list[str]:
    """The tokens that keep something."""
    folder = "ns/root/sys/token/own/"
    owners = await server.core.runtime.store.list(folder)
    return [owner for owner in owners if "drawer/" in await server.core.runtime.store.list(folder + owner)]


async def test_what_is_kept_is_read_again_as_it_was(server: Server) -> None:
    data = {"a": 1, "b": None, "path": "x", "n": {"big": 2**70, "f": 1.10}, "l": [1, "<é>"]}
    token = await _token(server)
    assert await server.ask("POST", "cubbyhole/a/b", data, token=token) == (204, None)
    status, answer = await server.ask("GET", "cubbyhole/a/b", token=token)
    assert (status, answer["data"]) == (200, data)
    assert (await server.ask("LIST", "cubbyhole", token=token))[1]["data"] == {"keys": ["a/"]}
    assert (await server.ask("LIST", "cubbyhole/a", token=token))[1]["data"] == {"keys": ["b"]}
    assert await server.ask("DELETE", "cubbyhole/a/b", token=token) == (204, None)
    assert await server.ask("GET", "cubbyhole/a/b", token=token) == (404, {"errors": []})
    assert await _cubbyholes(server) == []


async def test_a_place_is_written_again_and_again(server: Server) -> None:
    token = await _token(server)
    for count in range(5):
        assert await server.ask("POST", "cubbyhole/a", {"count": count}, token=token) == (204, None)
    assert (await server.ask("GET", "cubbyhole/a", token=token))[1]["data"] == {"count": 4}


async def test_nobody_else_sees_it(server: Server) -> None:
    first, second = await _token(server), await _token(server)
    await server.ask("POST", "cubbyhole/a", {"x": "y"}, token=first)
    for other in (second, None):
        assert (await server.ask("GET", "cubbyhole/a", token=other))[0] == 404
        assert (await server.ask("LIST", "cubbyhole", token=other))[0] == 404


async def test_it_goes_with_its_token_however_much_it_is(server: Server) -> None:
    for count in (1, 16, 17, 300):
        token = await _token(server)
        for index in range(count):
            await server.ask("POST", f"cubbyhole/{index % 5}/{index}", {"x": index}, token=token)
        assert len(await _cubbyholes(server)) == 1
        assert (await server.ask("POST", "auth/token/revoke", {"token": token}))[0] == 204
        assert await _cubbyholes(server) == []


async def test_nothing_is_left_by_a_write_in_a_race_with_the_end_of_its_token(server: Server) -> None:
    for _ in range(10):
        token = await _token(server)
        await asyncio.gather(
            *(server.ask("POST", f"cubbyhole/{index}", {"x": 1}, token=token) for index in range(5)),
            server.ask("POST", "auth/token/revoke", {"token": token}),
            *(server.ask("POST", f"cubbyhole/{index}", {"x": 1}, token=token) for index in range(5, 10)),
        )
        while await _tokens(server).sweep(server.clock()):
            await server.core.runtime.cache.catch_up()
        assert await _cubbyholes(server) == []


async def test_what_is_refused(server: Server) -> None:
    token = await _token(server)
    wrapped = "1 error occurred:\n\t* {}\n\n"
    missing = (500, {"errors": [wrapped.format("missing data fields")]})
    assert await server.ask("POST", "cubbyhole/a", {}, token=token) == missing
    assert await server.ask("GET", "cubbyhole") == (500, {"errors": [wrapped.format("missing path")]})
    long = "x" * 1025
    assert (await server.ask("POST", f"cubbyhole/{long}", {"a": 1}, token=token))[0] == 400
    assert (await server.ask("GET", f"cubbyhole/{long}", token=token))[0] == 400
    assert (await server.ask("LIST", f"cubbyhole/{long}", token=token))[0] == 400
    assert await server.ask("GET", "cubbyhole/a/", token=token) == (404, {"errors": []})
    _, answer = await server.ask("POST", "auth/token/create", {"policies": ["default"], "type": "batch"})
    text = "cubbyhole operations are only supported by 'service' type tokens"
    for method in ("GET", "LIST", "POST", "DELETE"):
        body = {"a": 1} if method == "POST" else None
        refused = await server.ask(method, "cubbyhole/a", body, token=answer["auth"]["client_token"])
        assert refused == (400, {"errors": [text]})


async def test_creating_and_changing_are_two_things_to_a_policy(server: Server) -> None:
    token, _ = await server.token_for('path "cubbyhole/*" { capabilities = ["create"] }')
    policy = 'path "cubbyhole/*" { capabilities = ["create"] }'
    assert (await server.ask("PUT", "sys/policies/acl/default", {"policy": policy}))[0] == 204
    assert (await server.ask("POST", "cubbyhole/a", {"a": 1}, token=token))[0] == 204
    assert (await server.ask("POST", "cubbyhole/a", {"a": 2}, token=token))[0] == 403
