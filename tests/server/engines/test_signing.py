"""The engine ``signing`` behind the server: who may read its public keys, and what is public of it."""

from __future__ import annotations

import pytest

from engines.base import Access
from engines.signing.routes import ROUTES
from tests.support.systems import Server

SETS = ("jwks", "keys/signer/jwks", "roles/issuer/jwks")


async def mounted(server: Server, options: dict[str, str]) -> Server:
    """``server`` with the engine at ``signing/``, a key and a role."""
    mount = {"type": "signing", "options": options}
    for path, body in (
        ("sys/mounts/signing", mount),
        ("signing/keys/signer", {"publish_ahead": "1h"}),
        ("signing/roles/issuer", {"key": "signer", "claims": {"who": "{{caller.display_name}}"}, "audiences": "a, b"}),
    ):
        status, answer = await server.ask("POST", path, body)
        assert status in (200, 204), answer
    return server


@pytest.mark.parametrize("path", SETS)
async def test_sets_are_public_only_where_the_mount_says_so(server: Server, path: str) -> None:
    await mounted(server, {})
    assert (await server.ask("GET", f"signing/{path}", token=""))[0] == 403
    await server.ask("POST", "sys/mounts/signing/tune", {"options": {"jwks": "public"}})
    status, jwks = await server.ask("GET", f"signing/{path}", token="")
    assert (status, set(jwks), len(jwks["keys"])) == (200, {"keys"}, 1)
    answer = await server.send("GET", f"signing/{path}", token="")
    assert (b"cache-control", b"private, max-age=1800") in answer.headers
    await server.ask("POST", "signing/keys/signer/config", {"publish_ahead": 0})
    answer = await server.send("GET", f"signing/{path}", token="")
    assert b"cache-control" not in dict(answer.headers)


def test_nothing_else_can_be_public() -> None:
    assert {route.access for route in ROUTES} == {Access.TOKEN}
    assert [route.path for route in ROUTES if route.public_where is not None] == [
        "jwks",
        "keys/{name}/jwks",
        "roles/{name}/jwks",
    ]


async def test_whoever_may_sign_by_a_role_may_not_change_it(server: Server) -> None:
    await mounted(server, {})
    token, _ = await server.token_for('path "signing/jwt/sign/issuer" { capabilities = ["update"] }')
    status, answer = await server.ask("POST", "signing/jwt/sign/issuer", {"claims": {"aud": ["b"]}, "ttl": "5m"}, token)
    assert status == 200
    for method, path in (("POST", "roles/issuer"), ("POST", "keys/signer/rotate"), ("POST", "jws/sign/issuer")):
        assert (await server.ask(method, f"signing/{path}", {"key": "signer"}, token))[0] == 403
    _, verified = await server.ask("POST", "signing/jwt/verify/issuer", {"token": answer["data"]["token"]})
    claims = verified["data"]["claims"]
    assert (claims["who"], claims["aud"], claims["exp"] - claims["iat"]) == ("token", ["b"], 300)
