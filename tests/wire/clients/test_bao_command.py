"""The real ``bao`` command line against a server with a production configuration: durable, audited, sealed at first."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.products import Product, ServerFailed, require_bao
from tests.support.servers import Server

PLAINTEXT = "YXR0YWNrIGF0IGRhd24="


class Bao:
    """The command, pointed at one server, with a home of its own where ``login`` keeps the token."""

    def __init__(self, server: Server, home: Path) -> None:
        self._environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(home),
            "BAO_ADDR": server.address,
            "BAO_MAX_RETRIES": "0",
        }

    def run(
        self, *arguments: str, stdin: str = "", token: str = "", as_json: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run ``bao ARGUMENTS`` to its end, whatever its exit status."""
        environment = {**self._environment, "BAO_FORMAT": "json" if as_json else "table"}
        if token:
            environment["BAO_TOKEN"] = token
        return subprocess.run(
            [str(require_bao()), *arguments],
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def __call__(self, *arguments: str, stdin: str = "", token: str = "", as_json: bool = False) -> str:
        """The output of a run that must succeed."""
        done = self.run(*arguments, stdin=stdin, token=token, as_json=as_json)
        if done.returncode != 0:
            raise ServerFailed(f"bao {' '.join(arguments)} ended with {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """The output, as JSON, of a run that must succeed."""
        return json.loads(self(*arguments, as_json=True))

    def refused(self, *arguments: str, token: str = "") -> str:
        """The complaint of a run that must fail."""
        done = self.run(*arguments, token=token)
        assert done.returncode != 0, done.stdout
        return done.stderr


@pytest.fixture(scope="module")
def audited(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that was initialised and unsealed, which the tests of this module share."""
    with Server(product, tmp_path_factory.mktemp(product.value)) as server:
        server.initialize(shares=3, threshold=2)
        server.unseal()
        yield server


@pytest.fixture
def bao(audited: Server, tmp_path: Path) -> Bao:
    """The command, logged in with the root token of the shared server."""
    command = Bao(audited, tmp_path)
    command("login", "-no-print", audited.root_token)
    return command


def test_first_day(production: Server, tmp_path: Path) -> None:
    """operator init, unseal share by share, status, login, seal, and unseal again."""
    bao = Bao(production, tmp_path)
    assert bao.run("status").returncode == 2
    opened = bao.json("operator", "init", "-key-shares=5", "-key-threshold=3")
    keys = opened["unseal_keys_b64"]
    assert (len(keys), opened["unseal_threshold"]) == (5, 3)
    for count, key in enumerate(keys[:2], 1):
        assert f"{count}/3" in bao("operator", "unseal", key)
    assert bao.run("status").returncode == 2
    bao("operator", "unseal", keys[2])
    production.await_status(200)
    status = bao.json("status")
    assert (status["sealed"], status["t"], status["n"], status["initialized"]) == (False, 3, 5, True)

    assert opened["root_token"] in bao("login", opened["root_token"])
    assert bao("print", "token").strip() == opened["root_token"]
    assert bao("login", "-field=policies", "-", stdin=opened["root_token"] + "\n").strip() == "[root]"
    assert "already initialized" in bao.refused("operator", "init")
    bao("operator", "seal")
    assert bao.run("status").returncode == 2
    assert "sealed" in bao.refused("secrets", "list")
    for key in keys[2:]:
        bao("operator", "unseal", key)
    production.await_status(200)
    assert bao.run("status").returncode == 0


def test_unseal_with_a_wrong_key(production: Server, tmp_path: Path) -> None:
    production.initialize()
    bao = Bao(production, tmp_path)
    wrong = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    assert "message authentication failed" in bao.refused("operator", "unseal", wrong)
    bao("operator", "unseal", production.unseal_keys[0])
    production.await_status(200)


def test_login_with_a_bad_token(bao: Bao) -> None:
    assert "permission denied" in bao.refused("login", "s.nobody")


def test_operator(bao: Bao) -> None:
    term = bao.json("operator", "key-status")["term"]
    bao("operator", "rotate")
    assert bao.json("operator", "key-status")["term"] == term + 1


def test_policies(bao: Bao, tmp_path: Path) -> None:
    text = 'path "transit/encrypt/orders" {\n  capabilities = ["update"]\n}\n'
    (tmp_path / "orders.hcl").write_text(text, encoding="utf-8")
    bao("policy", "write", "orders", str(tmp_path / "orders.hcl"))
    assert bao("policy", "read", "orders").strip() == text.strip()
    assert set(bao("policy", "list").split()) >= {"default", "orders", "root"}
    bao("policy", "write", "piped", "-", stdin=text)
    bao("policy", "delete", "piped")
    assert "No policy named: piped" in bao.refused("policy", "read", "piped")


def test_tokens(bao: Bao) -> None:
    created = bao.json("token", "create", "-policy=default", "-ttl=1h", "-display-name=worker")["auth"]
    token, accessor = created["client_token"], created["accessor"]
    assert created["lease_duration"] == 3600
    assert bao.json("token", "lookup", token)["data"]["display_name"] == "token-worker"
    assert bao("token", "lookup", "-field=id", token=token).strip() == token
    assert bao.json("token", "lookup", "-accessor", accessor)["data"]["id"] == ""
    assert bao.json("token", "renew", "-increment=30m", token)["auth"]["lease_duration"] == 1800
    assert bao("token", "capabilities", token, "sys/mounts").strip() == "deny"
    assert bao("token", "capabilities", "sys/mounts").strip() == "root"
    assert "permission denied" in bao.refused("secrets", "list", token=token)
    assert accessor in bao.json("list", "auth/token/accessors")
    bao("token", "revoke", token)
    assert "bad token" in bao.refused("token", "lookup", token)
    orphan = bao.json("token", "create", "-policy=default", "-orphan")["auth"]
    bao("token", "revoke", "-accessor", orphan["accessor"])
    assert "bad token" in bao.refused("token", "lookup", orphan["client_token"])


def test_secrets_engines(bao: Bao) -> None:
    bao("secrets", "enable", "-path=orders", "-description=of orders", "transit")
    listed = bao.json("secrets", "list")
    assert (listed["orders/"]["type"], listed["orders/"]["description"]) == ("transit", "of orders")
    assert "orders/" in bao("secrets", "list", "-detailed")
    bao("secrets", "tune", "-default-lease-ttl=1h", "-description=tuned", "orders/")
    assert bao.json("read", "sys/mounts/orders/tune")["data"]["default_lease_ttl"] == 3600
    assert "path is already in use at orders/" in bao.refused("secrets", "enable", "-path=orders", "transit")
    assert "plugin not found in the catalog: nope" in bao.refused("secrets", "enable", "nope")
    bao("secrets", "disable", "orders/")
    assert "orders/" not in bao.json("secrets", "list")


def test_auth_methods(bao: Bao) -> None:
    assert bao.json("auth", "list")["token/"]["type"] == "token"
    assert "token/" in bao("auth", "list", "-detailed")


def test_audit_devices(bao: Bao, audited: Server) -> None:
    """The device is declared in the configuration, so that nobody who holds a token can turn it off."""
    assert bao.json("audit", "list", "-detailed")["file/"]["options"]["file_path"] == str(audited.audit_path)
    elsewhere = f"file_path={audited.directory}/other.log"
    assert "cannot enable audit device via API" in bao.refused("audit", "enable", "-path=other", "file", elsewhere)
    assert "cannot disable configuration-managed audit device" in bao.refused("audit", "disable", "file/")
    entries = [json.loads(line) for line in audited.audit_path.read_text(encoding="utf-8").splitlines()]
    assert {entry["request"]["path"] for entry in entries} >= {"sys/audit", "sys/audit/other", "sys/audit/file"}
    assert audited.root_token not in audited.audit_path.read_text(encoding="utf-8")


def test_audit_devices_by_request(product: Product, tmp_path: Path) -> None:
    """Where the configuration allows it, devices come and go through the API."""
    with Server(product, tmp_path, settings="unsafe_allow_api_audit_creation = true\n") as server:
        server.initialize()
        server.unseal()
        bao = Bao(server, tmp_path)
        bao("login", "-no-print", server.root_token)
        bao("audit", "enable", "-path=second", "-description=another", "file", f"file_path={tmp_path}/second.log")
        assert bao.json("audit", "list")["second/"]["description"] == "another"
        bao("secrets", "list")
        last = json.loads((tmp_path / "second.log").read_text(encoding="utf-8").splitlines()[-1])
        assert (last["type"], last["request"]["path"]) == ("response", "sys/mounts")
        bao("audit", "disable", "second/")
        assert "second/" not in bao.json("audit", "list")


def test_transit(bao: Bao) -> None:
    bao("secrets", "enable", "transit")
    bao("write", "-f", "transit/keys/orders")
    bao("write", "transit/keys/signer", "type=ecdsa-p256")
    assert bao("list", "transit/keys").split() == ["Keys", "----", "orders", "signer"]
    assert bao.json("read", "transit/keys/signer")["data"]["type"] == "ecdsa-p256"
    sealed = bao("write", "-field=ciphertext", "transit/encrypt/orders", f"plaintext={PLAINTEXT}").strip()
    assert sealed.startswith("vault:v1:")
    assert bao("write", "-field=plaintext", "transit/decrypt/orders", f"ciphertext={sealed}").strip() == PLAINTEXT
    bao("write", "-f", "transit/keys/orders/rotate")
    assert bao("write", "-field=key_version", "transit/rewrap/orders", f"ciphertext={sealed}").strip() == "2"
    body = json.dumps({"batch_input": [{"plaintext": PLAINTEXT}] * 3})
    results = json.loads(bao("write", "-format=json", "transit/encrypt/orders", "-", stdin=body))["data"]
    assert len(results["batch_results"]) == 3
    signature = bao("write", "-field=signature", "transit/sign/signer/sha2-512", f"input={PLAINTEXT}").strip()
    arguments = [f"input={PLAINTEXT}", f"signature={signature}"]
    assert bao("write", "-field=valid", "transit/verify/signer/sha2-512", *arguments).strip() == "true"
    mac = bao("write", "-field=hmac", "transit/hmac/orders", f"input={PLAINTEXT}").strip()
    assert bao("write", "-field=valid", "transit/verify/orders", f"input={PLAINTEXT}", f"hmac={mac}").strip() == "true"
    assert len(bytes.fromhex(bao("write", "-field=random_bytes", "transit/random/16", "format=hex"))) == 16
    assert "deletion is not allowed" in bao.refused("delete", "transit/keys/orders")
    bao("write", "transit/keys/orders/config", "deletion_allowed=true")
    bao("delete", "transit/keys/orders")
    assert "No value found at transit/keys/orders" in bao.refused("read", "transit/keys/orders")
    assert "unsupported operation" in bao.refused("patch", "transit/keys/signer", "a=b")


def test_wrapping(bao: Bao) -> None:
    arguments = ["-wrap-ttl=60s", "-field=wrapping_token", "sys/tools/random/16", "format=hex"]
    token = bao("write", *arguments).strip()
    assert len(bytes.fromhex(bao("unwrap", "-field=random_bytes", token))) == 16
    assert "wrapping token is not valid or does not exist" in bao.refused("unwrap", token)


def test_help(bao: Bao) -> None:
    bao("secrets", "enable", "-path=explained", "transit")
    assert "plaintext" in bao("path-help", "explained/encrypt/orders")


def test_restricted_token_works_where_its_policy_says(bao: Bao) -> None:
    bao("secrets", "enable", "-path=restricted", "transit")
    bao("write", "-f", "restricted/keys/orders")
    policy = 'path "restricted/encrypt/orders" { capabilities = ["update"] }'
    bao("policy", "write", "sealer", "-", stdin=policy)
    token = bao("token", "create", "-policy=sealer", "-field=token").strip()
    sealed = bao(
        "write", "-field=ciphertext", "restricted/encrypt/orders", f"plaintext={PLAINTEXT}", token=token
    ).strip()
    refusal = bao.refused("write", "restricted/decrypt/orders", f"ciphertext={sealed}", token=token)
    assert "permission denied" in refusal
