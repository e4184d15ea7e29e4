"""Response wrapping: the answer comes out once, whole, in time and to nobody without the token."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from engines.faults import RateLimited
from server.core.settings import Settings
from server.tenants.tokens import wrapping_usage
from server.tenants.tokens.store import Tokens
from server.tenants.tokens.wrapping_usage import WrappingUsage
from tests.support.systems import Answer, NewServer, Server

INVALID = (400, {"errors": ["wrapping token is not valid or does not exist"]})
SECRET = "a secret that nobody may see"


async def _wrap(server: Server, data: dict[str, Any] | None = None, ttl: str = "60") -> dict[str, Any]:
    """The ``wrap_info`` of something wrapped."""
    status, answer = await server.ask("POST", "sys/wrapping/wrap", data or {"a": SECRET}, wrap=ttl)
    assert status == 200
    assert answer["request_id"] == ""
    assert answer["data"] is None
    info: dict[str, Any] = answer["wrap_info"]
    return info


def _tokens(server: Server) -> Tokens:
    assert server.core.unsealed is not None
    return server.core.unsealed.root.tokens


async def _keys(server: Server) -> int:
    """How many entries the token store has."""
    found, folders = 0, ["ns/root/sys/token/"]
    while folders:
        folder = folders.pop()
        for name in await server.core.runtime.store.list(folder):
            if name.endswith("/"):
                folders.append(folder + name)
            else:
                found += 1
    return found


async def test_an_answer_is_unwrapped_once_and_leaves_nothing(server: Server) -> None:
    before = await _keys(server)
    data = {"a": SECRET, "n": 1, "f": 1.50, "big": 2**80, "l": [None, True, {"é<": "ü"}]}
    token = (await _wrap(server, data))["token"]
    status, answer = await server.ask("POST", "sys/wrapping/unwrap", {"token": token})
    assert status == 200
    assert answer["data"] == data
    assert answer["request_id"]
    assert answer["wrap_info"] is None
    assert await _keys(server) == before


async def test_a_wrapped_token_is_not_unwrapped_twice(server: Server) -> None:
    """A regression test, one after the other and all at once, by body and by header."""
    token = (await _wrap(server))["token"]
    assert (await server.ask("POST", "sys/wrapping/unwrap", {"token": token}))[0] == 200
    assert await server.ask("POST", "sys/wrapping/unwrap", {"token": token}) == INVALID
    assert await server.ask("POST", "sys/wrapping/unwrap", {}, token=token) == INVALID
    for _ in range(10):
        token = (await _wrap(server))["token"]
        by_body = [server.ask("POST", "sys/wrapping/unwrap", {"token": token}) for _ in range(10)]
        by_header = [server.ask("POST", "sys/wrapping/unwrap", {}, token=token) for _ in range(10)]
        answers: list[Answer] = await asyncio.gather(*by_body, *by_header)
        assert sorted(status for status, _ in answers).count(200) == 1
        assert sum(SECRET in json.dumps(body) for _, body in answers) == 1


async def test_it_ends_in_time(server: Server) -> None:
    token = (await _wrap(server, ttl="1.5s"))["token"]
    status, answer = await server.ask("POST", "sys/wrapping/lookup", {"token": token}, token="")
    assert (status, answer["data"]["creation_ttl"]) == (200, 1.5)
    server.clock.advance(1.5)
    assert await server.ask("POST", "sys/wrapping/unwrap", {"token": token}) == INVALID
    server.clock.advance(1)
    while await _tokens(server).sweep(server.clock()):
        await server.core.runtime.cache.catch_up()
    assert len(await _tokens(server).accessors(0)) == 1, "the root token's"


@pytest.mark.parametrize("ttl", ["5h", "9223372036", "100000h"])
async def test_nothing_is_wrapped_for_longer_than_the_system_allows(new_server: NewServer, ttl: str) -> None:
    server = await (await new_server(Settings(default_lease_ttl_seconds=60, max_lease_ttl_seconds=4 * 3600))).unsealed()
    before = await _keys(server)
    status, answer = await server.ask("POST", "sys/wrapping/wrap", {"a": SECRET}, wrap=ttl)
    assert status == 200
    assert answer["wrap_info"]["ttl"] == 4 * 3600
    assert answer["warnings"][0].endswith('exceeded the effective max_ttl of "4h"; TTL value is capped accordingly')
    token = answer["wrap_info"]["token"]
    looked_up = await server.ask("POST", "auth/token/lookup", {"token": token})
    assert looked_up[1]["data"]["explicit_max_ttl"] == looked_up[1]["data"]["ttl"] == 4 * 3600
    status, answer = await server.ask("POST", "sys/wrapping/rewrap", {"token": token})
    assert (status, answer["wrap_info"]["ttl"], answer["warnings"]) == (200, 4 * 3600, None)
    server.clock.advance(4 * 3600 + 1)
    token = answer["wrap_info"]["token"]
    assert await server.ask("POST", "sys/wrapping/unwrap", {"token": token}) == INVALID
    while await _tokens(server).sweep(server.clock()):
        await server.core.runtime.cache.catch_up()
    assert await _keys(server) == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "sys/internal/ui/mounts", None),
        ("POST", "sys/wrapping/lookup", {"token": "{token}"}),
    ],
)
async def test_what_anybody_may_ask_for_is_not_stored_for_them(
    server: Server, method: str, path: str, body: dict[str, str] | None
) -> None:
    token = (await _wrap(server))["token"]
    before = await _keys(server)
    given = None if body is None else {name: text.replace("{token}", token) for name, text in body.items()}
    status, answer = await server.ask(method, path, given, token="", wrap="60")
    assert status == 400
    assert answer == {"errors": ["an answer is wrapped only for a request with a token, or for a login"]}
    assert await _keys(server) == before
    assert (await server.ask(method, path, given, wrap="60"))[1]["wrap_info"]["ttl"] == 60


async def test_how_much_waits_to_be_unwrapped_is_bounded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrapping_usage, "MAX_ANSWERS", 5)
    monkeypatch.setattr(wrapping_usage, "RECOUNT_SECONDS", 0.0)
    tokens = [(await _wrap(server))["token"] for _ in range(5)]
    before = await _keys(server)
    status, answer = await server.ask("POST", "sys/wrapping/wrap", {"a": SECRET}, wrap="60")
    assert status == 429
    assert answer["errors"][0].startswith("at most 5 wrapped answers")
    assert await _keys(server) == before
    assert (await server.ask("POST", "sys/wrapping/unwrap", {"token": tokens[0]}))[0] == 200
    await _wrap(server)
    status, _ = await server.ask("POST", "sys/wrapping/wrap", {"a": SECRET}, wrap="60")
    assert status == 429
    server.clock.advance(61)
    while await _tokens(server).sweep(server.clock()):
        await server.core.runtime.cache.catch_up()
    for _ in range(5):
        await _wrap(server)


async def test_their_size_is_bounded_too(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrapping_usage, "MAX_BYTES", 10_000)
    await _wrap(server, {"a": "x" * 9_000})
    assert (await server.ask("POST", "sys/wrapping/wrap", {"a": "x" * 2_000}, wrap="60"))[0] == 429
    await _wrap(server, {"a": "x"})


async def test_what_others_have_wrapped_is_counted_before_the_first(server: Server) -> None:
    usage = WrappingUsage(_tokens(server)._view)
    for size in (10, 2_000):
        await _wrap(server, {"a": "x" * size})
    await usage.reserve(1)
    assert usage._answers == 3
    assert 2_000 < usage._bytes < 3_000


async def test_a_count_that_found_too_much_is_believed_for_a_while(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wrapping_usage, "MAX_ANSWERS", 1)
    now, counted = 0.0, 0
    usage = WrappingUsage(_tokens(server)._view, lambda: now)
    count = usage._count

    async def counting() -> None:
        nonlocal counted
        counted += 1
        await count()

    monkeypatch.setattr(usage, "_count", counting)
    await _wrap(server)
    for _ in range(20):
        with pytest.raises(RateLimited):
            await usage.reserve(1)
    assert counted == 1
    now = wrapping_usage.RECOUNT_SECONDS
    with pytest.raises(RateLimited):
        await usage.reserve(1)
    assert counted == 2


async def test_looking_takes_nothing_and_needs_no_token(server: Server) -> None:
    info = await _wrap(server)
    for token in ("", "nope", info["token"], None):
        status, answer = await server.ask("POST", "sys/wrapping/lookup", {"token": info["token"]}, token=token)
        assert status == 200
        assert answer["data"] == {
            "creation_path": "sys/wrapping/wrap",
            "creation_time": info["creation_time"],
            "creation_ttl": 60,
        }
    assert (await server.ask("POST", "sys/wrapping/unwrap", {"token": info["token"]}))[0] == 200


async def test_rewrapping_ends_the_old_token_and_keeps_the_time(server: Server) -> None:
    old = (await _wrap(server))["token"]
    status, answer = await server.ask("POST", "sys/wrapping/rewrap", {"token": old}, wrap="600")
    assert status == 200
    new = answer["wrap_info"]
    assert (new["ttl"], new["creation_path"]) == (60, "sys/wrapping/wrap")
    assert await server.ask("POST", "sys/wrapping/unwrap", {"token": old}) == INVALID
    status, answer = await server.ask("POST", "sys/wrapping/unwrap", {"token": new["token"]})
    assert (status, answer["data"]) == (200, {"a": SECRET})


async def test_any_other_use_burns_it(server: Server) -> None:
    for method, path in (("GET", "sys/mounts"), ("GET", "cubbyhole/other"), ("POST", "sys/wrapping/rewrap")):
        before = await _keys(server)
        token = (await _wrap(server))["token"]
        status, answer = await server.ask(method, path, {} if method == "POST" else None, token=token)
        assert status == 403
        assert SECRET not in json.dumps(answer)
        assert await server.ask("POST", "sys/wrapping/unwrap", {"token": token}) == INVALID
        assert await _keys(server) == before


async def test_the_old_way_by_the_cubbyhole_works_once(server: Server) -> None:
    token = (await _wrap(server))["token"]
    status, answer = await server.ask("GET", "cubbyhole/response", token=token)
    assert status == 200
    assert json.loads(answer["data"]["response"])["data"] == {"a": SECRET}
    assert answer["warnings"][0].startswith("Reading from 'cubbyhole/response' is deprecated.")
    assert (await server.ask("GET", "cubbyhole/response", token=token))[0] == 403


async def test_a_wrapped_token_works_and_its_accessor_is_named(server: Server) -> None:
    status, answer = await server.ask("POST", "auth/token/create", {"policies": ["default"]}, wrap="60")
    assert (status, answer["auth"]) == (200, None)
    info = answer["wrap_info"]
    status, answer = await server.ask("POST", "sys/wrapping/unwrap", {"token": info["token"]})
    assert answer["auth"]["accessor"] == info["wrapped_accessor"]
    assert (await server.ask("GET", "auth/token/lookup-self", token=answer["auth"]["client_token"]))[0] == 200


async def test_what_is_no_answer_is_not_wrapped(server: Server) -> None:
    assert (await server.ask("GET", "sys/policies/acl/nope", wrap="60")) == (404, {"errors": []})
    assert (await server.ask("PUT", "sys/policies/acl/x", {"policy": "# x"}, wrap="60")) == (204, None)
    assert (await server.ask("GET", "sys/mounts", token="nope", wrap="60"))[0] == 403
    assert (await server.ask("GET", "sys/health", wrap="60"))[1]["sealed"] is False
    assert len(await _tokens(server).accessors(0)) == 1


async def test_as_a_json_web_token(server: Server) -> None:
    status, answer = await server.ask("POST", "sys/wrapping/wrap", {"a": 1}, wrap="60", wrap_format="jwt")
    token = answer["wrap_info"]["token"]
    assert (status, token.count(".")) == (200, 2)
    head, claims, signature = token.split(".")
    for wrong in (
        f"{head}.{claims}.{signature[:-4]}AAAA",
        f"{head}.{claims}.",
        f"eyJhbGciOiJub25lIn0.{claims}.",
        "ey..",
    ):
        assert await server.ask("POST", "sys/wrapping/unwrap", {"token": wrong}) == INVALID
    assert (await server.ask("POST", "sys/wrapping/lookup", {"token": token}))[0] == 200
    status, answer = await server.ask("POST", "sys/wrapping/unwrap", {}, token=token)
    assert (status, answer["data"]) == (200, {"a": 1})
    assert await server.ask("POST", "sys/wrapping/unwrap", {"token": token}) == INVALID


@pytest.mark.parametrize("given", [5, ["x"], {"a": "b"}, None, True])
async def test_a_token_is_text(server: Server, given: object) -> None:
    text = "error validating wrapping token: could not decode token in request body"
    assert await server.ask("POST", "sys/wrapping/unwrap", {"token": given}) == (403, {"errors": [text]})


async def test_another_kind_of_token_wraps_nothing(server: Server) -> None:
    token, _ = await server.token_for("# nothing")
    for path in ("lookup", "unwrap", "rewrap"):
        assert await server.ask("POST", f"sys/wrapping/{path}", {"token": token}) == INVALID
        assert await server.ask("POST", f"sys/wrapping/{path}", {"token": server.root_token}) == INVALID
    assert (await server.ask("GET", "auth/token/lookup-self", token=token))[0] == 200


async def test_nothing_secret_is_in_the_log_however_it_ends(new_server: NewServer, tmp_path: Path) -> None:
    """A regression test: an error must not show in the log what a good answer wouldn't."""
    server = await (await new_server(settings=Settings(audit_through_api=True))).unsealed()
    log = tmp_path / "log"
    body = {"type": "file", "options": {"file_path": str(log), "hmac_accessor": "true"}}
    assert (await server.ask("PUT", "sys/audit/f", body))[0] == 204
    info = await _wrap(server)
    burnt = (await _wrap(server))["token"]
    limited, _ = await server.token_for("# nothing")
    secrets = [SECRET, info["token"], info["accessor"], burnt, limited, server.root_token]
    for token in (burnt, "", "nope", limited):
        await server.ask("GET", "sys/mounts", token=token)
        await server.ask("POST", "sys/wrapping/unwrap", {"token": burnt}, token=token)
        await server.ask("POST", "sys/wrapping/wrap", {"a": SECRET}, token=token)
        await server.ask("POST", "auth/token/lookup", {"token": limited, SECRET: SECRET}, token=token)
        await server.ask("GET", f"auth/token/lookup?token={burnt}", token=token)
        await server.ask("POST", "auth/token/create", {"ttl": SECRET, "id": burnt}, token=token)
        await server.ask("POST", "auth/token/renew", {"token": burnt, "increment": SECRET}, token=token)
        await server.ask("POST", "sys/leases/lookup", {"lease_id": SECRET}, token=token)
        await server.ask("POST", "cubbyhole/x", {"a": SECRET}, token=token)
    await server.ask("POST", "sys/wrapping/unwrap", {"token": info["token"]}, token=info["token"])
    again = await _wrap(server)
    secrets.append(again["token"])
    status, answer = await server.ask("POST", "sys/wrapping/rewrap", {"token": again["token"]})
    assert status == 200
    secrets.append(answer["wrap_info"]["token"])
    assert (await server.ask("POST", "sys/wrapping/unwrap", {"token": secrets[-1]}))[1]["data"] == {"a": SECRET}
    text = log.read_text()
    assert len(text.splitlines()) > 60
    # A parameter's name is written as it is; here it is one that no client has.
    values = text.replace(f'"{SECRET}":', "")
    for secret in secrets:
        assert secret not in values
