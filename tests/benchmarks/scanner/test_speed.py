"""The measurement of speed runs the scanner and others on the same tree, and names those that failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.compare import Plan
from benchmarks.machine import Activity
from benchmarks.output.report import NONE
from benchmarks.scanner import speed


def test_scanners_are_measured_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = speed.Scanner("fails", "", ("python", "-c", "import sys; sys.exit('no rules for ' + sys.argv[1])", "{}"))
    crashes = speed.Scanner("crashes", "", ("python", "-c", "import sys; print('no', file=sys.stderr); sys.exit(2)"))
    monkeypatch.setattr(speed, "OTHERS", (fails, crashes))
    plan = Plan(rounds=1, seconds=0)
    compared = speed.compare_scanners(tmp_path, 1_000, plan, lambda text: None)
    assert compared.tree.lines >= 1_000
    assert compared.tree.size == sum(path.stat().st_size for path in compared.tree.path.rglob("*.py"))
    ours, finds, crashed = compared.measured
    assert 0 < ours.processor_seconds[0]
    assert ours.seconds[0] > 0
    assert not ours.problem
    assert not finds.problem, "a status of 1 says that there were findings"
    assert (crashed.problem, crashed.seconds) == ("ended with 2: no", [])
    page = speed.render(compared, Activity(0.0, 0.0), plan)
    assert page.splitlines()[-1].startswith(f"| crashes | {NONE} | {NONE} | {NONE} | ended with 2: no")


def test_what_cannot_be_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = speed.Scanner("missing", f"missing @ file://{tmp_path}/missing-1-py3-none-any.whl", ("missing",))
    monkeypatch.setattr(speed, "OTHERS", (missing,))
    monkeypatch.setattr(speed, "OURS", speed.Scanner("ours", "", ("python", "-c", "pass")))
    _, measured = speed.compare_scanners(tmp_path, 1, Plan(rounds=1, seconds=0), lambda text: None).measured
    assert measured.problem.startswith("not installed: ERROR")
