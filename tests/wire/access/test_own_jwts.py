"""JSON Web Tokens of a server with several workers: alike in all of them, over a restart, and to a real OpenBao."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.products import Product
from tests.support.servers import Server

WORKERS = 2
ASKED = 4 * WORKERS
"""How many connections of its own a question is asked on, so that every worker is likely to be among the asked."""

BAO_MISSING = Product.OPENBAO.missing()


def _prepare(server: Server) -> None:
    server.request("POST", "auth/token/roles/billing", {"jwt_audiences": "ledger"}).data()
    server.request("POST", "sys/auth/jwt", {"type": "jwt"}).data()
    server.request("POST", "auth/jwt/config", {"local_issuer": True}).data()
    _make_role(server)


def _make_role(server: Server) -> None:
    role = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": "ledger", "token_policies": "books"}
    server.request("POST", "auth/jwt/role/r", role).data()


def _issue(server: Server) -> dict[str, Any]:
    return server.request("POST", "auth/token/jwt/billing", {}).data()


def _logged_in(server: Server, token: str) -> set[int]:
    """The statuses of logins on several connections."""
    body = {"role": "r", "jwt": token}
    return {server.request("POST", "auth/jwt/login", body, token="").status for _ in range(ASKED)}


def test_all_workers_and_the_next_start_know_what_was_revoked(tmp_path: Path) -> None:
    settings = f"workers = {WORKERS}\nlogin_failures_per_minute = 1000\n"
    with Server(Product.CRYPTOSERVE, tmp_path, settings=settings) as server:
        server.initialize()
        server.unseal()
        _prepare(server)
        kept, revoked = _issue(server), _issue(server)
        assert _logged_in(server, kept["jwt"]) == _logged_in(server, revoked["jwt"]) == {200}
        assert server.request("POST", "auth/token/revoke-jwt", {"jti": revoked["jti"]}).status == 204
        assert _logged_in(server, revoked["jwt"]) == {400}
        server.request("POST", "auth/token/rotate/jwt", {}).data()
        later = [_issue(server) for _ in range(ASKED)]
        assert all(_logged_in(server, made["jwt"]) == {200} for made in (kept, *later))

        server.stop()
        server.start()
        server.unseal()
        assert _logged_in(server, revoked["jwt"]) == {400}
        assert _logged_in(server, kept["jwt"]) == _logged_in(server, later[0]["jwt"]) == {200}
        server.request("POST", "auth/token/rotate/jwt", {"withdraw": True}).data()
        assert _logged_in(server, kept["jwt"]) == {400}


@pytest.mark.skipif(bool(BAO_MISSING), reason=BAO_MISSING)
def test_openbao_takes_them(tmp_path: Path) -> None:
    """It finds the keys by discovery, knows each new one, and keeps to the audience."""
    with (
        Server(Product.CRYPTOSERVE, tmp_path / "ours", development=True) as ours,
        Server(Product.OPENBAO, tmp_path / "bao", development=True) as bao,
    ):
        issuer = f"{ours.address}/v1/auth/token"
        ours.request("POST", "auth/token/config/jwt", {"issuer": issuer}).data()
        ours.request("POST", "auth/token/roles/billing", {"jwt_audiences": "ledger,shop"}).data()
        bao.request("POST", "sys/auth/jwt", {"type": "jwt"}).data()
        bao.request("POST", "auth/jwt/config", {"oidc_discovery_url": issuer}).data()
        _make_role(bao)
        for _ in range(2):
            assert _logged_in(bao, _issue(ours)["jwt"]) == {200}
            ours.request("POST", "auth/token/rotate/jwt", {}).data()
        wrong = ours.request("POST", "auth/token/jwt/billing", {"audience": "shop"}).data()["jwt"]
        assert _logged_in(bao, wrong) == {400}
