"""Namespaces by the real ``bao`` command and by hvac, against ours and against OpenBao."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hvac
import pytest
from hvac.exceptions import Forbidden

from tests.support.servers import Server
from tests.wire.clients.test_bao_command import Bao

EVERYTHING = 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }'


@pytest.fixture
def bao(development: Server, tmp_path: Path) -> Bao:
    """The command, logged in with the root token."""
    command = Bao(development, tmp_path)
    command("login", "-no-print", development.root_token)
    return command


@pytest.fixture
def team(bao: Bao, request: pytest.FixtureRequest) -> str:
    """A namespace of the test's own."""
    name: str = request.node.name.partition("[")[0].removeprefix("test_").replace("_", "-")
    bao("namespace", "create", "-custom-metadata=owner=payments", name)
    return name


def test_looking_after_them(bao: Bao, team: str) -> None:
    made = bao.json("namespace", "create", f"-namespace={team}", "inner")
    assert made["path"] == f"{team}/inner/"
    assert bao.json("namespace", "list", f"-namespace={team}") == ["inner/"]
    assert f"{team}/inner/" in bao("namespace", "scan")
    shown = bao.json("namespace", "lookup", team)
    assert shown["custom_metadata"] == {"owner": "payments"}
    assert not shown["locked"]
    bao("namespace", "patch", "-custom-metadata=tier=1", "-remove-custom-metadata=owner", team)
    assert bao.json("namespace", "lookup", team)["custom_metadata"] == {"tier": "1"}
    assert "child namespaces" in bao.refused("namespace", "delete", team)
    bao("namespace", "delete", f"-namespace={team}", "inner")


def test_locking(bao: Bao, team: str) -> None:
    key = bao.json("namespace", "lock", team)["unlock_key"]
    assert "locked by an administrator" in bao.refused("secrets", "list", f"-namespace={team}")
    assert "incorrect unlock key" in bao.refused("namespace", "unlock", "-unlock-key=wrong", team)
    bao("namespace", "unlock", f"-unlock-key={key}", team)
    assert "sys/" in bao("secrets", "list", f"-namespace={team}")


def test_working_in_one(bao: Bao, team: str) -> None:
    inside = f"-namespace={team}"
    bao("policy", "write", inside, "admin", "-", stdin=EVERYTHING)
    token = bao("token", "create", inside, "-policy=admin", "-orphan", "-field=token").strip()
    bao("secrets", "enable", inside, "transit", token=token)
    bao("write", inside, "-f", "transit/keys/k", token=token)
    assert "k" in bao("list", f"{team}/transit/keys", token=token)
    assert "permission denied" in bao.refused("secrets", "list", token=token)
    assert json.loads(bao("token", "lookup", inside, as_json=True, token=token))["data"]["namespace_path"] == f"{team}/"
    bao("auth", "enable", inside, "userpass", token=token)
    bao("write", inside, "auth/userpass/users/alice", "password=secret", "policies=admin", token=token)
    logged_in = bao("login", inside, "-method=userpass", "-token-only", "username=alice", "password=secret").strip()
    assert logged_in.rpartition(".")[2] == token.rpartition(".")[2]
    assert "k" in bao("list", inside, "transit/keys", token=logged_in)


@pytest.fixture
def clients(development: Server, bao: Bao, team: str) -> Iterator[tuple[Any, Any]]:
    """hvac with the root token in the team's namespace, and with a token of the team's in the root namespace."""
    bao("policy", "write", f"-namespace={team}", "admin", "-", stdin=EVERYTHING)
    token = bao("token", "create", f"-namespace={team}", "-policy=admin", "-field=token").strip()
    inside = hvac.Client(url=development.address, token=development.root_token, namespace=team)
    outside = hvac.Client(url=development.address, token=token)
    yield inside, outside
    inside.adapter.close()
    outside.adapter.close()


def test_hvac(clients: tuple[Any, Any], team: str) -> None:
    inside, outside = clients
    inside.sys.enable_secrets_engine("transit", path="vault-of-the-team")
    inside.secrets.transit.create_key("k", mount_point="vault-of-the-team")
    assert inside.secrets.transit.list_keys(mount_point="vault-of-the-team")["data"]["keys"] == ["k"]
    assert outside.secrets.transit.list_keys(mount_point=f"{team}/vault-of-the-team")["data"]["keys"] == ["k"]
    assert outside.lookup_token()["data"]["namespace_path"] == f"{team}/"
    with pytest.raises(Forbidden):
        outside.sys.list_mounted_secrets_engines()
    inside.sys.create_namespace("inner")
    assert inside.sys.list_namespaces()["data"]["keys"] == ["inner/"]
    inside.sys.delete_namespace("inner")
