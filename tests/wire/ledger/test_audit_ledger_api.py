"""The audit ledger through the API: its state, files, proofs and queries, on HTTP/1.1 and HTTP/2."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from server.audit.ledger.log.hashes import leaf_hash
from server.audit.ledger.log.policy import check_signatures, parse_policy
from server.audit.ledger.log.proof_text import parse_proof
from tests.support.ledger_load import ORIGIN, await_size, declared, ready, size_of, verified
from tests.support.products import HOST, Product
from tests.support.servers import Answer, Server
from tests.support.waiting import attempts


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ledger") / "log"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, log: Path) -> Iterator[Server]:
    with Server(Product.CRYPTOSERVE, tmp_path_factory.mktemp("server"), settings=declared(log)) as server:
        ready(server)
        yield server
        server.stop()
        verified(log)


def _encrypt(server: Server, key: str = "k") -> Answer:
    return server.request("POST", f"transit/encrypt/{key}", {"plaintext": "eA=="})


def _proof(server: Server, request_id: str) -> Answer:
    """The proof of a request, once it is in the tree."""
    for _ in attempts(pause=0.1):
        answer = server.request("GET", f"sys/audit-ledger/proof?request_id={request_id}")
        if answer.status == 200:
            return answer
        assert answer.status == 404
        assert answer.headers["retry-after"] == "1"
    raise AssertionError("the request doesn't get into the tree")


def test_a_request_is_proven_by_its_id(server: Server, log: Path) -> None:
    asked = _encrypt(server)
    ident = asked.headers["x-vault-request-id"]
    assert ident == asked.json()["request_id"]
    entries = _proof(server, ident).data()["entries"]
    assert [entry["type"] for entry in entries] == ["request", "response"]
    policy = parse_policy((log / "policy").read_bytes())
    for entry in entries:
        proof = parse_proof(entry["proof"].encode())
        assert proof.index == entry["index"]
        proof.check(leaf_hash(entry["entry"].encode()))
        assert [one.valid for one in check_signatures(proof.note, policy)] == [True, True]


def test_a_request_that_never_was_is_not_found(server: Server) -> None:
    answer = server.request("GET", "sys/audit-ledger/proof?request_id=never")
    assert answer.status == 404
    assert "retry-after" not in answer.headers
    assert server.request("GET", "sys/audit-ledger/proof").status == 400


@pytest.mark.parametrize("ident", ["%00", "%22", "%5c", "%C3%A9", "%ED%A0%80", "%FF", "..%2f..", "x" * 128, "*", "%25"])
def test_odd_ids_of_requests_are_not_found(server: Server, ident: str) -> None:
    answer = server.request("GET", f"sys/audit-ledger/proof?request_id={ident}")
    assert answer.status == 404
    assert "retry-after" not in answer.headers


def test_a_query_may_go_on_at_the_end(server: Server, log: Path) -> None:
    _proof(server, _encrypt(server).headers["x-vault-request-id"])
    size = server.request("GET", "sys/audit-ledger/status").data()["size"]
    await_size(log, size)
    answer = server.request("POST", "sys/audit-ledger/query", {"cursor": str(size), "key": "none"}).data()
    assert answer["entries"] == []
    assert answer["complete_to"]["index"] >= size - 1


def test_the_status_says_what_is_signed(server: Server, log: Path) -> None:
    _encrypt(server)
    status = server.request("GET", "sys/audit-ledger/status").data()
    assert status["origin"] == ORIGIN
    assert status["remembered"] is True
    assert (status["witnesses"], status["quorum_missing_seconds"]) == ([], 0)
    assert [f"log {key}" for key in status["verifier_keys"]] == (log / "policy").read_text().splitlines()[:2]
    assert status["size"] + status["pending_entries"] >= size_of(log)
    before = status["size"] + status["pending_entries"]
    await_size(log, before)
    again = server.request("GET", "sys/audit-ledger/status").data()
    assert again["size"] + again["pending_entries"] >= before + 2
    assert again["checkpoint_time"] > "2026"


@pytest.mark.parametrize("name", ["checkpoint", "policy"])
def test_files_are_served_as_they_are(server: Server, log: Path, name: str) -> None:
    await_size(log, 2)
    answer = server.request("GET", f"sys/audit-ledger/log/{name}")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.body.startswith(b"log " if name == "policy" else ORIGIN.encode())
    if name == "checkpoint":
        assert server.request("GET", "sys/audit-ledger/checkpoint").data()["checkpoint"].startswith(f"{ORIGIN}\n")


def test_kept_checkpoints_are_listed_and_served(server: Server, log: Path) -> None:
    await_size(log, 1)
    names = server.request("GET", "sys/audit-ledger/log/checkpoints").body.decode().splitlines()
    assert names == [file.name for file in (log / "checkpoints").iterdir()] != []
    for name in names:
        answer = server.request("GET", f"sys/audit-ledger/log/checkpoints/{name}")
        assert answer.body == (log / "checkpoints" / name).read_bytes()


def test_tiles_and_bundles_are_served(server: Server, log: Path) -> None:
    for _ in range(150):
        _encrypt(server)
    await_size(log, 300)
    for name in ("tile/0/000", "tile/entries/000"):
        answer = server.request("GET", f"sys/audit-ledger/log/{name}")
        assert (answer.status, answer.headers["content-type"]) == (200, "application/octet-stream")
        assert answer.body == (log / name).read_bytes()


@pytest.mark.parametrize(
    "name", ["tile/0/999", "tile/0/0", "lock", "journal/0000000000000000", "large/00", "tmp", "checkpoints/x"]
)
def test_nothing_else_is_served(server: Server, name: str) -> None:
    assert server.request("GET", f"sys/audit-ledger/log/{name}").status == 404


def test_queries_find_entries_and_say_how_far_they_looked(server: Server, log: Path) -> None:
    server.request("POST", "transit/keys/other", {}).data()
    asked = [_encrypt(server, "other").json()["request_id"] for _ in range(5)]
    _proof(server, asked[-1])

    def query(**body: Any) -> dict[str, Any]:
        return server.request("POST", "sys/audit-ledger/query", body).data()

    wanted = {"path_prefix": "transit/encrypt/other", "operation": "update", "success": True}
    first = query(**wanted, limit=3)
    second = query(**wanted, limit=10, cursor=first["cursor"])
    entries = first["entries"] + second["entries"]
    assert len(first["entries"]) == 3
    assert first["complete_to"]["index"] == first["entries"][-1]["index"]
    assert len(entries) == 5
    assert all(ident in entry["entry"] for ident, entry in zip(asked, entries, strict=True))
    assert second["cursor"] is None
    assert second["complete_to"]["index"] >= entries[-1]["index"]
    assert query(**wanted, before="2020-01-01T00:00:00Z")["entries"] == []
    assert query(**wanted, after="2020-01-01T00:00:00Z")["entries"] == entries
    accessor = server.request("GET", "auth/token/lookup-self").data()["accessor"]
    assert len(query(**wanted, accessor=accessor)["entries"]) == 5
    assert query(**wanted, accessor="unknown")["entries"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 0},
        {"limit": 1001},
        {"after": "soon"},
        {"cursor": "x"},
        {"cursor": "-1"},
        {"cursor": "1.0"},
        {"cursor": "\u0661"},
        {"cursor": "999999999"},
        {"cursor": str(2**63)},
        {"cursor": "9" * 5000},
    ],
)
def test_queries_that_are_refused(server: Server, body: dict[str, Any]) -> None:
    assert server.request("POST", "sys/audit-ledger/query", body).status == 400


def test_it_takes_sudo(server: Server) -> None:
    policy = 'path "sys/audit-ledger/*" { capabilities = ["read", "update"] }'
    server.request("PUT", "sys/policies/acl/reader", {"policy": policy})
    made = server.request("POST", "auth/token/create", {"policies": ["reader"]}).json()["auth"]["client_token"]
    for method, path in (("GET", "status"), ("GET", "proof"), ("POST", "query"), ("GET", "log/checkpoint")):
        assert server.request(method, f"sys/audit-ledger/{path}", {}, token=made).status == 403


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "sys/mounts", 200),
        ("GET", "sys/health", 200),
        ("DELETE", "sys/policies/acl/none", 204),
        ("GET", "transit/keys/none", 404),
        ("GET", "nowhere", 404),
        ("POST", "transit/encrypt/k", 400),
        ("HEAD", "sys/health", 200),
    ],
)
def test_every_answer_names_its_request(server: Server, method: str, path: str, status: int) -> None:
    answer = server.request(method, path)
    assert answer.status == status
    assert len(answer.headers["x-vault-request-id"]) == 36


def test_answers_outside_the_api_and_without_a_token_name_a_request_too(server: Server) -> None:
    for method, url, status in (
        ("GET", "/", 307),
        ("GET", "/nowhere", 404),
        ("GET", "/v1/sys/mounts", 403),
        ("GET", "/v1/sys//mounts", 307),
    ):
        answer = httpx2.request(method, f"{server.address}{url}", follow_redirects=False)
        assert (answer.status_code, len(answer.headers["x-vault-request-id"])) == (status, 36), url


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"no HTTP at all\r\n\r\n", b"400"),
        (b"GET / HTTP/2.0\r\n\r\n", b"505"),
        (b"GET / HTTP/1.1\r\nx: " + b"y" * 100_000 + b"\r\n\r\n", b"431"),
    ],
)
def test_answers_to_what_is_no_request_have_ids_too(server: Server, sent: bytes, status: bytes) -> None:
    found: set[bytes] = set()
    for _ in range(2):
        with socket.create_connection((HOST, server.port), 10) as connection:
            connection.sendall(sent)
            head = connection.makefile("rb").read().partition(b"\r\n\r\n")[0].lower()
        assert head.startswith(b"http/1.1 " + status)
        found.update(line for line in head.split(b"\r\n") if line.startswith(b"x-vault-request-id: "))
    assert len(found) == 2


def test_metrics_tell_the_pace(server: Server, log: Path) -> None:
    _proof(server, _encrypt(server).headers["x-vault-request-id"])
    text = server.request("GET", "sys/metrics?format=prometheus").body.decode()
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("cryptoserve_audit_ledger"))
    assert 0 < float(values["cryptoserve_audit_ledger_entries_total"]) <= size_of(log)
    assert 0 <= float(values["cryptoserve_audit_ledger_lag_seconds"]) < 5
    assert 0 <= float(values["cryptoserve_audit_ledger_checkpoint_age_seconds"]) < 5
    assert float(values["cryptoserve_audit_ledger_errors_total"]) == 0
