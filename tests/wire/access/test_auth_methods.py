"""hvac's and bao's own calls for the auth methods, against a real server process."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hvac.exceptions import InvalidRequest

from tests.auth_methods.fake_web import web_serving
from tests.auth_methods.github.fake_github import FakeGitHub
from tests.support.products import Product
from tests.support.servers import Server
from tests.wire.clients.test_bao_command import Bao


def test_approle(client: Any, stranger: Any) -> None:
    client.sys.enable_auth_method("approle", path="machines")
    approle = client.auth.approle
    approle.create_or_update_approle("web", token_policies=["web"], token_ttl="10m", mount_point="machines")
    assert approle.read_role("web", mount_point="machines")["data"]["token_ttl"] == 600
    assert approle.list_roles(mount_point="machines")["data"]["keys"] == ["web"]
    role_id = approle.read_role_id("web", mount_point="machines")["data"]["role_id"]
    made = approle.generate_secret_id("web", metadata={"host": "a"}, mount_point="machines")["data"]
    shown = approle.read_secret_id("web", made["secret_id"], mount_point="machines")["data"]
    assert shown["metadata"] == {"host": "a"}
    login = stranger.auth.approle.login(role_id, made["secret_id"], mount_point="machines")
    assert login["auth"]["policies"] == ["default", "web"]
    assert stranger.auth.token.lookup_self()["data"]["meta"] == {"host": "a", "role_name": "web"}
    approle.destroy_secret_id_accessor("web", made["secret_id_accessor"], mount_point="machines")
    with pytest.raises(InvalidRequest, match="invalid role or secret ID"):
        stranger.auth.approle.login(role_id, made["secret_id"], mount_point="machines")
    client.sys.disable_auth_method("machines")
    assert not stranger.is_authenticated()


def test_userpass(client: Any, stranger: Any) -> None:
    client.sys.enable_auth_method("userpass", path="people")
    users = client.auth.userpass
    users.create_or_update_user("alice", password="correct horse", policies="staff", mount_point="people")
    assert users.list_user(mount_point="people")["data"]["keys"] == ["alice"]
    stranger.auth.userpass.login("alice", "correct horse", mount_point="people")
    assert stranger.auth.token.lookup_self()["data"]["policies"] == ["default", "staff"]
    stranger.auth.token.renew_self()
    users.update_password_on_user("alice", "battery staple", mount_point="people")
    with pytest.raises(InvalidRequest, match="invalid username or password"):
        stranger.auth.userpass.login("alice", "correct horse", mount_point="people")
    client.sys.disable_auth_method("people")


def test_jwt(client: Any, stranger: Any) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    client.sys.enable_auth_method("jwt", path="pipelines")
    client.auth.jwt.configure(jwt_validation_pubkeys=[pem], bound_issuer="forge", path="pipelines")
    assert client.auth.jwt.read_config(path="pipelines")["data"]["bound_issuer"] == "forge"
    client.auth.jwt.create_role(
        "deploy",
        user_claim="sub",
        allowed_redirect_uris=[],
        role_type="jwt",
        bound_audiences=["crypto"],
        bound_claims={"branch": "main"},
        token_policies=["deploy"],
        path="pipelines",
    )
    assert client.auth.jwt.list_roles(path="pipelines")["data"]["keys"] == ["deploy"]
    claims = {"sub": "job 5", "iss": "forge", "aud": "crypto", "exp": int(time.time()) + 60, "branch": "main"}
    stranger.auth.jwt.jwt_login("deploy", jwt.encode(claims, key, "ES256"), path="pipelines")
    with pytest.raises(InvalidRequest, match="claim"):
        stranger.auth.jwt.jwt_login("deploy", jwt.encode(claims | {"branch": "x"}, key, "ES256"), path="pipelines")
    client.sys.disable_auth_method("pipelines")


def test_bao(development: Server, tmp_path: Path) -> None:
    bao, root = Bao(development, tmp_path), development.root_token
    bao("auth", "enable", "-path=staff", "userpass", token=root)
    bao("write", "auth/staff/users/bob", "password=secret", "token_policies=staff", token=root)
    bao("login", "-method=userpass", "-path=staff", "username=bob", "password=secret")
    assert "staff" in bao("token", "lookup")
    bao("auth", "tune", "-user-lockout-threshold=2", "-user-lockout-duration=10m", "staff/", token=root)
    for _ in range(2):
        complaint = bao.refused("login", "-method=userpass", "-path=staff", "username=bob", "password=wrong")
        assert "invalid username or password" in complaint
    complaint = bao.refused("login", "-method=userpass", "-path=staff", "username=bob", "password=secret")
    assert "permission denied" in complaint
    accessor = bao("auth", "list", "-format=json", token=root)
    assert '"type": "userpass"' in accessor
    assert "bob" in bao("read", "sys/locked-users", token=root)
    bao("auth", "disable", "staff", token=root)
    assert "permission denied" in bao.refused("token", "lookup")


def test_github(client: Any, stranger: Any, product: Product) -> None:
    _need_github(product)
    github = FakeGitHub()
    github.token = "ghp_personal"
    with web_serving(github):
        client.sys.enable_auth_method("github")
        method = client.auth.github
        assert method.configure("acme", base_url=f"{github.url}/api/v3", max_ttl="1h").status_code == 204
        assert method.read_configuration()["data"]["organization_id"] == 7
        assert method.map_team("the-admins", ["admins", "more"]).status_code == 204
        assert method.read_team_mapping("the-admins")["data"] == {"key": "the-admins", "value": "admins,more"}
        assert method.map_user("octo", ["octo"]).status_code == 204
        assert method.read_user_mapping("octo")["data"] == {"key": "octo", "value": "octo", "id": 583231}
        login = stranger.auth.github.login("ghp_personal")
        assert login["auth"]["policies"] == ["admins", "default", "more", "octo"]
        assert "read:org" in login["warnings"][0]
        assert stranger.auth.token.lookup_self()["data"]["meta"] == {"org": "acme", "username": "octo"}
        with pytest.raises(InvalidRequest, match="not one of GitHub's"):
            stranger.auth.github.login("ghp_another")
        client.sys.disable_auth_method("github")


def _need_github(product: Product) -> None:
    if product is not Product.CRYPTOSERVE:
        pytest.skip("OpenBao has no method github")


def test_bao_logs_in_at_github(development: Server, product: Product, tmp_path: Path) -> None:
    _need_github(product)
    github = FakeGitHub()
    github.token = "ghp_personal"
    with web_serving(github):
        bao, root = Bao(development, tmp_path), development.root_token
        bao("auth", "enable", "github", token=root)
        bao("write", "auth/github/config", "organization=acme", f"base_url={github.url}/api/v3", token=root)
        bao("write", "auth/github/map/teams/the-admins", "value=admins", token=root)
        answer = json.loads(bao("write", "-format=json", "auth/github/login", "token=ghp_personal"))
        assert answer["auth"]["policies"] == ["admins", "default"]
        bao("auth", "disable", "github", token=root)
