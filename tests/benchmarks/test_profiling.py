"""A profile says in which part of the program the time goes, whichever tool has looked."""

from __future__ import annotations

import cProfile
import hashlib
import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.profiling import Profile, area_of, read_stacks, read_statistics
from benchmarks.workloads import select
from tests.support.servers import CHECKOUT


def test_a_server_is_profiled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw, results = tmp_path / "raw", tmp_path / "results.json"
    assert main(["profile", "--quick", "--raw", str(raw), "--json", str(results)]) == 0
    page = capsys.readouterr().out
    measured = json.loads(results.read_text())["results"]
    parts = dict(measured["parts"])
    assert raw.stat().st_size > 0
    assert measured["per_second"] > 0
    assert {"sockets and HTTP", "engine", "audit"} <= set(parts)
    assert sum(parts.values()) == pytest.approx(1)
    assert "| sockets and HTTP |" in page


@pytest.mark.parametrize(
    ("file", "area"),
    [
        ("server/audit/broker.py", "audit"),
        ("server/tenants/tokens/store.py", "tokens and policies"),
        ("server/pipeline/dispatch.py", "dispatch"),
        ("engines/algorithms/symmetric/aead.py", "cryptography"),
        ("engines/transit/cipher/encrypt.py", "engine"),
        ("uvicorn/server.py", "sockets and HTTP"),
        ("json/__init__.py", "everything else"),
    ],
)
def test_parts_of_the_program(file: str, area: str) -> None:
    assert area_of(file) == area


def test_stacks_count_for_their_innermost_function() -> None:
    lines = [
        f"main ({CHECKOUT}/server/cli.py:3);seal ({CHECKOUT}/engines/transit/cipher/sealing.py:9) 3",
        f"main ({CHECKOUT}/server/cli.py:3) 1",
        f"work ({CHECKOUT}/.venv/lib/python3.11/site-packages/aiosqlite/core.py:1) 96",
    ]
    seen = Profile(select(["encrypt"])[0], "test", 1.0, 0.001, read_stacks(lines))
    # The thread that waits for something to write isn't work.
    assert seen.spots() == [(("engines/transit/cipher/sealing.py", "seal"), 0.75), (("server/cli.py", "main"), 0.25)]
    assert seen.areas() == [("engine", 0.75), ("dispatch", 0.25)]


def test_compiled_functions_count_for_their_callers(tmp_path: Path) -> None:
    path = tmp_path / "profile"
    with cProfile.Profile() as profiler:
        _work()
    profiler.dump_stats(str(path))
    weights = read_statistics(path)
    assert weights["tests/benchmarks/test_profiling.py", "_work"] > 0
    assert not any(file == "~" for file, _ in weights)


def _work() -> None:
    hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 20_000)
