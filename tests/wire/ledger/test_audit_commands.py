"""The commands of ``cryptoserve audit`` against the ledger of a real server, while it works and through its API."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cryptoserve_cli.dispatch import run_command
from tests.support.ledger_load import Load, await_size, declared, ready, size_of
from tests.support.products import Product
from tests.support.servers import Server
from tests.support.waiting import wait_until


def test_a_ledger_at_work_and_its_requests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Verified while it grows, never shorter than a kept checkpoint; a request is proved by the id in its answer."""
    log, policy, kept, proofs = (tmp_path / name for name in ("log", "policy", "kept", "proofs"))

    def audit(*arguments: object, token: str = "") -> str:
        """The standard output of a command that ends well."""
        status = run_command(["audit", *map(str, arguments)], {"BAO_TOKEN": token})
        out, err = capsys.readouterr()
        assert (status, err) == (0, ""), out
        return out

    with Server(Product.CRYPTOSERVE, tmp_path / "server", settings=declared(log)) as server:
        ready(server)
        await_size(log, 1)
        shutil.copy(log / "policy", policy)
        load = Load(server)
        load.start()
        for _ in range(3):
            shutil.copy(log / "checkpoint", kept)
            audit("verify", log, "-policy", policy, "-kept", kept)
            await_size(log, size_of(log) + 1)
        acknowledged = load.stop()
        answer = server.request("POST", "transit/encrypt/k", {"plaintext": "aGVsbG8="})
        request = answer.headers["x-vault-request-id"]
        served = f"{server.address}/v1/sys/audit-ledger/log"

        def found() -> list[str]:
            shown = audit("query", log, "-request-id", request, "-format=json")
            return [json.loads(one["entry"])["type"] for one in json.loads(shown)["entries"]]

        wait_until(lambda: found() == ["request", "response"])
        audit("prove", log, "-request-id", request, "-out", proofs)
        for name in ("request", "response"):
            told = audit("verify-proof", proofs / f"{name}.tlog-proof", "-policy", policy)
            assert told.startswith("good: entry ")
        target = tmp_path / "entries.ndjson"
        audit("export", served, "-to", target, "-policy", policy, token=server.root_token)
        lines = [json.loads(line) for line in target.read_text().splitlines()]
        assert [line["index"] for line in lines] == list(range(len(lines)))
        responses = {line["entry"]["request"]["id"] for line in lines if line["entry"]["type"] == "response"}
        assert responses >= {*acknowledged, request}
        assert run_command(["audit", "export", served], {}) == 2
        capsys.readouterr()
    assert json.loads(audit("verify", log, "-policy", policy, "-format=json"))["size"] >= len(lines)
