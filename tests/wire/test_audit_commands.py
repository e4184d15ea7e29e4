"""The commands of ``cryptoserve audit`` against the ledger of a real server, while it works and through its API."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.ledger_load import Load, await_size, declared, ready
from tests.products import Product
from tests.servers import Server


def audit(*arguments: object, token: str = "") -> tuple[int, str, str]:
    """Exit status, standard output and standard error of ``cryptoserve audit``."""
    command = [*Product.CRYPTOSERVE.command(), "audit", *map(str, arguments)]
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("BAO_", "VAULT_"))}
    environment = {**kept, **({"BAO_TOKEN": token} if token else {})}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def verified(log: Path, policy: Path, *more: object) -> dict[str, Any]:
    status, shown, complaint = audit("verify", log, "-policy", policy, "-format=json", *more)
    assert (status, complaint) == (0, ""), shown
    found: dict[str, Any] = json.loads(shown)
    return found


def test_a_ledger_at_work_and_its_requests(tmp_path: Path) -> None:
    """Verified while it grows, never shorter than a kept checkpoint; a request is proved by the id in its answer."""
    log, policy, kept = tmp_path / "log", tmp_path / "policy", tmp_path / "kept"
    with Server(Product.CRYPTOSERVE, tmp_path / "server", settings=declared(log)) as server:
        ready(server)
        await_size(log, 1)
        shutil.copy(log / "policy", policy)
        load = Load(server)
        load.start()
        shutil.copy(log / "checkpoint", kept)
        report = verified(log, policy, "-kept", kept)
        assert report["findings"] == []
        acknowledged = load.stop()
        answer = server.request("POST", "transit/encrypt/k", {"plaintext": "aGVsbG8="})
        request = answer.headers["x-vault-request-id"]
        served = f"{server.address}/v1/sys/audit-ledger/log"
        deadline = time.monotonic() + 20
        while (found := _find(served, server.root_token, request)) != ["request", "response"]:
            assert time.monotonic() < deadline, found
        proofs = tmp_path / "proofs"
        assert audit("prove", log, "-request-id", request, "-out", proofs)[0] == 0
        for name in ("request", "response"):
            status, told, _ = audit("verify-proof", proofs / f"{name}.tlog-proof", "-policy", policy)
            assert (status, told.startswith("good: entry ")) == (0, True)
        target = tmp_path / "entries.ndjson"
        status, _, complaint = audit("export", served, "-to", target, "-policy", policy, token=server.root_token)
        assert (status, complaint) == (0, "")
        lines = [json.loads(line) for line in target.read_text().splitlines()]
        assert [line["index"] for line in lines] == list(range(len(lines)))
        responses = {line["entry"]["request"]["id"] for line in lines if line["entry"]["type"] == "response"}
        assert responses >= {*acknowledged, request}
        assert audit("export", served)[0] == 2
    assert verified(log, policy)["size"] >= len(lines)
    assert audit("compare", log, log)[0] == 0


def _find(log: object, token: str, request: str) -> list[str]:
    status, shown, complaint = audit("query", log, "-request-id", request, "-format=json", token=token)
    assert (status, complaint) == (0, "")
    return [json.loads(one["entry"])["type"] for one in json.loads(shown)["entries"]]
