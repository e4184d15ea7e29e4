"""The benchmark of ledgers asks three servers, which differ in their audit device, and shows what it measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.ledger import DEVICES


@pytest.mark.soak
def test_each_device_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = tmp_path / "ledger.json"
    assert main(["ledger", "--quick", "--json", str(raw)]) == 0
    page = capsys.readouterr().out
    file, process, power = json.loads(raw.read_text())["results"]
    for figures in (file, process, power):
        assert not figures["failures"]
        for name in ("per_second", "many_per_second", "tail_seconds", "reached", "server_seconds"):
            assert figures[name][0] > 0, name
    for figures in (process, power):
        assert figures["integrator_seconds"][0] > 0
        assert figures["entry_bytes"] > 500
    assert file["full_lag_seconds"] == [0]
    for device in DEVICES:
        assert page.count(f"| {device.name} |") == 2
