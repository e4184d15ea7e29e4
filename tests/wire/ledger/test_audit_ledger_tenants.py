"""Audit logs of namespaces through the API: each reaches its own, and learns nothing of others."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server.audit.ledger.log.checkpoints import parse_checkpoint
from server.audit.ledger.log.hashes import leaf_hash
from server.audit.ledger.log.policy import check_signatures, parse_policy
from server.audit.ledger.log.proof_text import parse_proof
from server.audit.ledger.log.tiles import WIDTH
from server.audit.ledger.offline.findings import GOOD, WEAKER
from server.audit.ledger.offline.verify import Request, verify_directory
from tests.support.ledger_load import ORIGIN, declared, ready
from tests.support.products import Product
from tests.support.servers import Answer, Server
from tests.support.waiting import attempts, wait_until

TEAMS = ("team-a", "team-b", "team-a/inner")
GONE = "gone"


@dataclass(frozen=True)
class Made:
    """A server whose namespaces have had requests, all of which are in their logs by now."""

    server: Server
    log: Path
    asked: dict[str, str]
    """The last request to encrypt of each."""

    ids: dict[str, str]
    rotated: list[str]
    """The new keys of the log of ``team-b``."""

    def get(self, team: str, path: str) -> Answer:
        return self.server.request("GET", f"{team}/sys/audit-ledger/{path}")

    def query(self, team: str, **body: Any) -> list[dict[str, Any]]:
        found = self.server.request("POST", f"{team}/sys/audit-ledger/query", body).data()["entries"]
        assert isinstance(found, list)
        return found

    def folder(self, team: str) -> Path:
        return self.log / "ns" / self.ids[team]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    log = tmp_path_factory.mktemp("ledger") / "log"
    with Server(Product.CRYPTOSERVE, tmp_path_factory.mktemp("server"), settings=declared(log)) as server:
        ready(server)
        made = Made(server, log, {}, {}, [])
        for team, count in zip((*TEAMS, GONE), (150, 20, 3, 1), strict=True):
            parent, _, name = team.rpartition("/")
            answer = server.request("PUT", f"{parent}/sys/namespaces/{name}".lstrip("/"), {})
            made.ids[team] = answer.data()["id"]
            server.request("POST", f"{team}/sys/mounts/transit", {"type": "transit"})
            server.request("POST", f"{team}/transit/keys/k", {})
            for _ in range(count):
                made.asked[team] = encrypt(server, team).headers["x-vault-request-id"]
        server.request("DELETE", f"sys/namespaces/{GONE}")
        awaited(lambda: made.get("team-b", "checkpoint"))
        made.rotated.extend(made.server.request("POST", "team-b/sys/audit-ledger/rotate", {}).data()["verifier_keys"])
        # The next round is due ten seconds after the first one.
        wait_until(lambda: made.rotated[0] in (made.folder("team-b") / "policy").read_text(), pause=0.1)
        yield made
        server.stop()
        report = verify_directory(log, Request())
        assert (report.status(), report.all_findings()) == (WEAKER, [])


def encrypt(server: Server, team: str) -> Answer:
    return server.request("POST", f"{team}/transit/encrypt/k", {"plaintext": "eA=="})


def awaited(ask: Callable[[], Answer]) -> Answer:
    """The answer, once the log has what is asked for."""
    for _ in attempts(pause=0.1):
        if (answer := ask()).status == 200:
            return answer
        assert (answer.status, answer.headers["retry-after"]) == (404, "1")
    raise AssertionError("the log doesn't get it")


@pytest.mark.parametrize("team", TEAMS)
def test_a_namespace_reaches_its_own_log(made: Made, team: str) -> None:
    entries = awaited(lambda: made.get(team, f"proof?request_id={made.asked[team]}")).data()["entries"]
    assert [entry["type"] for entry in entries] == ["request", "response"]
    policy = parse_policy(made.get(team, "log/policy").body)
    origin = f"{ORIGIN}/ns/{made.ids[team]}"
    for entry in entries:
        proof = parse_proof(entry["proof"].encode())
        proof.check(leaf_hash(entry["entry"].encode()))
        assert proof.checkpoint.origin == origin
        assert {one.valid for one in check_signatures(proof.note, policy)} == {True}
    status = made.get(team, "status").data()
    assert status["origin"] == origin
    assert status["size"] > entries[-1]["index"]
    assert status["verifier_keys"] == [str(key.key) for key in policy.logs]
    assert (status["witnesses"], status["quorum_missing_seconds"]) == ([], 0)
    checkpoint = made.get(team, "checkpoint").data()["checkpoint"]
    assert parse_checkpoint(checkpoint.encode())[0].origin == origin
    assert [entry["entry"] for entry in made.query(team, request_id=made.asked[team])] == [
        entry["entry"] for entry in entries
    ]


def test_a_request_of_another_namespace_is_not_found(made: Made) -> None:
    for team in TEAMS[1:]:
        answer = made.get(team, f"proof?request_id={made.asked['team-a']}")
        assert answer.status == 404
        assert "retry-after" not in answer.headers
        assert made.query(team, request_id=made.asked["team-a"]) == []
    whole = made.server.request("GET", f"sys/audit-ledger/proof?request_id={made.asked['team-a']}").data()
    assert len(whole["entries"]) == 2, "the server's log has all"


def test_a_request_is_told_from_one_that_never_was_before_it_is_in_the_log(made: Made) -> None:
    asked = encrypt(made.server, "team-a").headers["x-vault-request-id"]
    assert made.get("team-a", f"proof?request_id={asked}").headers["retry-after"] == "1"
    assert "retry-after" not in made.get("team-b", f"proof?request_id={asked}").headers


def test_what_others_do_shows_nowhere(made: Made) -> None:
    """Sizes are those of the own requests, however much others do; no file tells of others."""

    def total() -> int:
        status = made.get("team-b", "status").data()
        return int(status["size"] + status["pending_entries"])

    before = total()
    for _ in range(60):
        encrypt(made.server, "team-a")
    assert total() - before == 2, "the entry of the first status's answer, and that of the second's request"
    other = made.ids["team-a"]
    for path in ("journal/0000000000000000", "head", "index/0000000000000000", f"ns/{other}/checkpoint"):
        assert made.get("team-b", f"log/{path}").status == 404
    files = [made.get("team-b", f"log/{path}").body for path in ("checkpoint", "policy")]
    assert not any(word in content for content in files for word in (b"team-a", other.encode()))


def test_it_takes_sudo_in_the_namespace(made: Made) -> None:
    server, tokens = made.server, []
    rules = 'path "sys/audit-ledger/*" { capabilities = ["read", "update"%s] }'
    for name, more in (("reader", ""), ("auditor", ', "sudo"')):
        server.request("PUT", f"team-b/sys/policies/acl/{name}", {"policy": rules % more})
        answer = server.request("POST", "team-b/auth/token/create", {"policies": [name]}).json()
        tokens.append(answer["auth"]["client_token"])
    for method, path in (("GET", "status"), ("GET", "log/checkpoint"), ("POST", "query"), ("POST", "rotate")):
        assert server.request(method, f"team-b/sys/audit-ledger/{path}", {}, token=tokens[0]).status == 403
    assert server.request("GET", "team-b/sys/audit-ledger/status", token=tokens[1]).status == 200
    assert server.request("GET", "team-a/sys/audit-ledger/status", token=tokens[1]).status == 403
    assert server.request("GET", "sys/audit-ledger/status", token=tokens[1]).status == 403
    for path in ("prune", "accept-loss"):
        body = {"below": 256, "archive": "/nowhere", "key": "00"}
        refused = server.request("POST", f"team-b/sys/audit-ledger/{path}", body, token=tokens[1])
        assert (refused.status, refused.json()["errors"]) == (400, ["operation only available in root namespace"])


def test_new_keys_sign_beside_the_old_ones(made: Made) -> None:
    policy = parse_policy((made.folder("team-b") / "policy").read_bytes())
    _, note = parse_checkpoint((made.folder("team-b") / "checkpoint").read_bytes())
    assert [one.valid for one in check_signatures(note, policy)] == [True] * 4
    assert [str(log.key) for log in policy.logs][:2] == made.rotated


def test_the_log_of_a_deleted_namespace_stays(made: Made) -> None:
    assert made.get(GONE, "status").status == 404
    policy = parse_policy((made.folder(GONE) / "policy").read_bytes())
    # Its own entry, which names its keys, comes in the second round, at any time after those of others.
    wait_until(lambda: parse_checkpoint((made.folder(GONE) / "checkpoint").read_bytes())[0].size >= 7)
    report = verify_directory(made.folder(GONE), Request(policy=policy))
    assert (report.status(), report.size) == (GOOD, 7)


def test_pruning_a_namespaces_log_is_the_servers(made: Made, tmp_path: Path) -> None:
    wanted = {"below": 300, "archive": str(tmp_path / "archive"), "namespace": made.ids["team-a"]}
    unknown = {**wanted, "namespace": "nobody"}
    assert made.server.request("POST", "sys/audit-ledger/prune", unknown).status == 404
    assert made.server.request("POST", "sys/audit-ledger/prune", wanted).data() == {"below": 256}
    assert not (made.folder("team-a") / "tile/entries/000").exists()
    assert (made.log / "tile/entries/000").exists()
    assert (tmp_path / "archive/tile/entries/000").exists()
    assert made.query("team-a", limit=1)[0]["index"] == 256
    policy = parse_policy((made.folder("team-a") / "policy").read_bytes())
    assert verify_directory(made.folder("team-a"), Request(policy=policy, first=256)).status() == GOOD


@pytest.mark.soak
def test_an_accepted_loss_of_one_log_outlives_restarts(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Server(Product.CRYPTOSERVE, tmp_path / "server", settings=declared(log)) as server:
        ready(server)
        made = Made(server, log, {}, {}, [])
        for team in TEAMS[:2]:
            made.ids[team] = server.request("PUT", f"sys/namespaces/{team}", {}).data()["id"]
            server.request("POST", f"{team}/sys/mounts/transit", {"type": "transit"})
            server.request("POST", f"{team}/transit/keys/k", {})
            for _ in range(80):
                made.asked[team] = encrypt(server, team).headers["x-vault-request-id"]
            awaited(lambda team=team: made.get(team, f"proof?request_id={made.asked[team]}"))  # type: ignore[misc]

        def again() -> None:
            server.stop()
            server.start()
            server.unseal()

        # The server's entries that the log could be made from again are pruned.
        pruned = {"below": WIDTH, "archive": str(tmp_path / "archive")}
        awaited(lambda: server.request("POST", "sys/audit-ledger/prune", pruned))
        server.stop()
        lost, kept = ((made.folder(team) / "policy").read_bytes() for team in TEAMS[:2])
        shutil.rmtree(made.folder("team-a") / "tile")
        (made.folder("team-a") / "checkpoint").unlink()
        server.start()
        server.unseal()
        wait_until(lambda: made.get("team-a", "status").status == 500, pause=0.1)
        again()
        assert made.get("team-a", "status").status == 500, "without an acceptance, a start changes nothing"
        server.request("POST", "sys/audit-ledger/accept-loss", {"key": server.unseal_keys[0], "reason": "disk 3"})
        policies = set()
        for _ in range(2):
            again()
            asked = encrypt(server, "team-a").headers["x-vault-request-id"]
            proof = awaited(lambda asked=asked: made.get("team-a", f"proof?request_id={asked}"))  # type: ignore[misc]
            assert len(proof.data()["entries"]) == 2
            policies.add((made.folder("team-a") / "policy").read_bytes())
        assert lost not in policies, "no key signs two histories"
        assert len(policies) == 1, "the new log goes on"
        assert (made.folder("team-b") / "policy").read_bytes() == kept
        assert awaited(lambda: made.get("team-b", f"proof?request_id={made.asked['team-b']}")).status == 200
        assert list((log / "lost").glob(f"*/ns/{made.ids['team-a']}/policy"))
