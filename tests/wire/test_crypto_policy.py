"""Crypto policies of a real server: on all its workers at once, and after kills in the middle of writes."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from pathlib import Path
from typing import Any

from tests.support.products import Product
from tests.support.servers import CHECKOUT, Server
from tests.support.waiting import wait_until
from tests.wire.operations.test_workers import CONNECTIONS, WORKERS, Kept

POLICY = "sys/crypto-policies/p"
NEVER = {"rules": [{"name": "never", "operations": ["encrypt"], "require": "request.has_associated_data"}]}
KILLS = 3


async def test_a_change_holds_on_all_workers_before_it_is_answered(tmp_path: Path) -> None:
    with Server(Product.CRYPTOSERVE, tmp_path, settings=f"workers = {WORKERS}\n") as server:
        server.initialize(shares=3, threshold=2)
        server.unseal()
        server.request("POST", "sys/mounts/transit", {"type": "transit"}).data()
        server.request("POST", "transit/keys/k", {}).data()
        connections = [Kept(server) for _ in range(CONNECTIONS)]
        chance = random.Random(13)

        async def statuses() -> set[int]:
            asked = [
                each.ask("POST", "transit/encrypt/k", {"plaintext": "AAAA"}, server.root_token) for each in connections
            ]
            return {status for status, _ in await asyncio.gather(*asked)}

        assert await statuses() == {200}
        for _ in range(10):
            status, answer = await chance.choice(connections).ask("POST", POLICY, NEVER, server.root_token)
            assert status == 200, answer
            assert await statuses() == {403}
            assert (await chance.choice(connections).ask("DELETE", POLICY, None, server.root_token))[0] == 204
            assert await statuses() == {200}
        writes = [each.ask("POST", f"{POLICY}{n}", NEVER, server.root_token) for n, each in enumerate(connections)]
        answers = await asyncio.gather(*writes)
        assert {status for status, _ in answers} == {200}
        assert len({answer["data"]["generation"] for _, answer in answers}) == CONNECTIONS
        lists = await asyncio.gather(
            *(each.ask("LIST", "sys/crypto-policies", None, server.root_token) for each in connections)
        )
        assert {len(answer["data"]["keys"]) for _, answer in lists} == {CONNECTIONS}
        cas = {**NEVER, "cas": 1}
        answers = await asyncio.gather(
            *(each.ask("POST", f"{POLICY}0", cas, server.root_token) for each in connections)
        )
        assert sorted(status for status, _ in answers) == [200, *[400] * (CONNECTIONS - 1)]
        for each in connections:
            await each.client.aclose()


def test_a_kill_in_the_middle_of_a_write_leaves_a_whole_version(tmp_path: Path) -> None:
    chance = random.Random(13)
    with Server(Product.CRYPTOSERVE, tmp_path, settings="workers = 2\n") as server:
        server.initialize(shares=3, threshold=2)
        server.unseal()
        written = 0
        for _ in range(KILLS):
            writer = _Writer(server)
            writer.start()
            wait_until(lambda writer=writer: writer.acknowledged)  # type: ignore[misc]
            time.sleep(chance.uniform(0.0, 0.2))
            server.kill()
            writer.join()
            server.start()
            server.unseal()
            written = max(written, writer.acknowledged)
            answer = server.request("GET", POLICY)
            present = 0 if answer.status == 404 else _check(server, answer.data())
            assert present >= written
            written = present
        assert written >= KILLS


def _check(server: Server, shown: dict[str, Any]) -> int:
    """The version of a policy, all of whose parts have to be of one write."""
    version: int = shown["version"]
    assert shown["description"] == shown["rules"][0]["message"]
    versions = server.request("GET", f"{POLICY}/versions").data()
    assert versions["current_version"] == version
    assert set(versions["versions"]) == {str(number) for number in range(max(1, version - 19), version + 1)}
    found = server.request("GET", f"{POLICY}?version={version}").data()
    assert found == shown
    return version


class _Writer(threading.Thread):
    """Writes one version after the other until the server has gone; ``acknowledged`` is the last one answered."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server
        self.acknowledged = 0

    def run(self) -> None:
        number = 0
        while True:
            number += 1
            text = f"write {number}"
            rule = {"name": "r", "operations": ["sign"], "require": "key.bits > 1", "message": text}
            try:
                answer = self._server.request("POST", POLICY, {"description": text, "rules": [rule]})
                self.acknowledged = answer.data()["version"]
            except Exception:  # noqa: BLE001 - however it ends, the server has been killed
                return


def test_that_policies_are_off_is_logged_at_every_start(tmp_path: Path) -> None:
    with Server(Product.CRYPTOSERVE, tmp_path, settings='crypto_policies = "off"\n') as server:
        server.initialize(shares=1, threshold=1)
        server.unseal()
        assert server.request("POST", POLICY, NEVER).status == 200
        server.request("POST", "sys/mounts/transit", {"type": "transit"}).data()
        assert server.request("POST", "transit/encrypt/k", {"plaintext": "AAAA"}).status == 200
        answer = server.request("LIST", "sys/crypto-policies").data()
        assert answer == {"keys": ["p"], "enforced": False}
        server.stop()
        server.start()
        said = [line for line in server.log_end(20_000).splitlines() if "crypto policies are not enforced" in line]
        assert len(said) == 2


def test_without_the_library_a_server_says_so_and_one_with_policies_stays_sealed(tmp_path: Path) -> None:
    """The module of the library is hidden by one that can't be imported."""
    (hidden := tmp_path / "hidden").mkdir()
    (library := hidden / "cel_expr_python.py").write_text("raise ImportError")
    path = {"PYTHONPATH": f"{hidden}:{CHECKOUT}"}
    with Server(Product.CRYPTOSERVE, tmp_path / "server", settings="workers = 2\n", environment=path) as server:
        assert "no crypto policy can be written" in server.log_end(20_000)
        server.initialize(shares=1, threshold=1)
        server.unseal()
        assert server.request("POST", POLICY, NEVER).status == 500
        server.stop()
        library.rename(tmp_path / "elsewhere")
        server.start()
        server.unseal()
        assert server.request("POST", POLICY, NEVER).status == 200
        server.stop()
        (tmp_path / "elsewhere").rename(library)
        server.start()
        answer = server.request("POST", "sys/unseal", {"key": server.unseal_keys[0]}, token="")
        assert (answer.status, "cel-expr-python" in answer.body.decode()) == (500, True)
        assert json.loads(server.request("GET", "sys/seal-status").body)["sealed"] is True
        server.stop()
        library.unlink()
        server.start()
        server.unseal()
        assert server.request("LIST", "sys/crypto-policies").data()["keys"] == ["p"]


def test_callers_are_known_by_the_method_of_their_login(tmp_path: Path) -> None:
    with Server(Product.CRYPTOSERVE, tmp_path, settings="workers = 2\n") as server:
        server.initialize(shares=1, threshold=1)
        server.unseal()
        server.request("POST", "sys/mounts/transit", {"type": "transit"}).data()
        server.request("POST", "sys/auth/people", {"type": "userpass"})
        policy = 'path "transit/*" { capabilities = ["create", "update"] }'
        server.request("POST", "sys/policies/acl/any", {"policy": policy})
        for kind in ("service", "batch"):
            user = {"password": "a password", "token_policies": "any", "token_type": kind}
            server.request("POST", f"auth/people/users/{kind}", user)
        rule = {"name": "r", "operations": ["encrypt"], "require": "caller.auth_type == 'userpass'"}
        assert server.request("POST", POLICY, {"rules": [rule]}).status == 200
        text = {"plaintext": "AAAA"}
        assert server.request("POST", "transit/encrypt/k", text).status == 403
        for kind in ("service", "batch"):
            answer = server.request("POST", f"auth/people/login/{kind}", {"password": "a password"})
            token = json.loads(answer.body)["auth"]["client_token"]
            assert server.request("POST", "transit/encrypt/k", text, token=token).status == 200


def test_a_stream_follows_a_policy_that_is_written_meanwhile(tmp_path: Path) -> None:
    with Server(Product.CRYPTOSERVE, tmp_path, settings="workers = 2\n") as server:
        server.initialize(shares=1, threshold=1)
        server.unseal()
        server.request("POST", "sys/mounts/transit", {"type": "transit"}).data()
        server.request("POST", "transit/keys/k", {}).data()
        connection = server.connect()
        connection.putrequest("POST", "/v1/transit/stream/encrypt/k")
        connection.putheader("X-Vault-Token", server.root_token)
        connection.putheader("Content-Type", "application/x-ndjson")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()

        def send(*items: dict[str, str]) -> None:
            lines = b"".join(json.dumps(item).encode() + b"\n" for item in items)
            connection.send(b"%x\r\n%s\r\n" % (len(lines), lines))

        send({"plaintext": "AAAA"})
        response = connection.getresponse()
        answers = [json.loads(response.readline())]
        assert server.request("POST", POLICY, NEVER).status == 200
        send({"plaintext": "AAAA"}, {"plaintext": "AAAA", "associated_data": "AAAA"})
        answers += [json.loads(response.readline()) for _ in range(2)]
        connection.send(b"0\r\n\r\n")
        assert response.read() == b""
        connection.close()
        refused = 'crypto policy "p" rule "never" refuses encrypt with aes256-gcm96 version 1'
        assert ["ciphertext" in answer for answer in answers] == [True, False, True]
        assert answers[1]["error"] == refused
        entries = [json.loads(line) for line in server.audit_path.read_text().splitlines()]
        (entry,) = (each for each in entries if each["type"] == "response" and "stream" in each["request"]["path"])
        assert entry["crypto_policy"]["verdict"] == "deny"
        assert (entry["crypto"]["operation"], entry["crypto"]["success"]) == ("encrypt", False)
        assert sum(use["count"] for use in entry["crypto"]["uses"]) == 3
