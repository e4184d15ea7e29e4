"""Exports that are killed: whatever the moment, each entry comes at least once, and in order behind the cursor."""

from __future__ import annotations

import json
import os
import pathlib
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from cryptoserve_cli.dispatch import run_command
from server.audit.ledger.offline.exports import run, sinks
from tests.server.audit.ledger.ledgers import Ledger

T = TypeVar("T")
STEPS = 10
"""The file's folder is synced first; then each part takes six: both halves, their sync, and three for the cursor."""


class Halved:
    """A file that is written in two halves, with a step before each."""

    def __init__(self, file: Any, step: Callable[[], None]) -> None:
        self._file = file
        self._step = step

    def write(self, content: bytes) -> None:
        self._step()
        self._file.write(content[: len(content) // 2])
        self._file.flush()
        self._step()
        self._file.write(content[len(content) // 2 :])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def export(arguments: list[str], kill_at: int) -> int:
    """The status of an export in a process of its own, which kills itself before the step ``kill_at``."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    left = kill_at

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def stepped(work: Callable[..., T]) -> Callable[..., T]:
        def wrapped(*arguments: Any) -> T:
            step()
            return work(*arguments)

        return wrapped

    try:
        os.fsync = stepped(os.fsync)
        pathlib.Path.replace = stepped(pathlib.Path.replace)  # type: ignore[method-assign]
        append = sinks._append
        sinks._append = lambda name: Halved(append(name), step)  # type: ignore[assignment, return-value]
        os._exit(run_command(arguments, {}))
    finally:
        os._exit(99)


def test_each_entry_comes_whenever_an_export_is_killed(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_PART_BYTES", 10_000)
    target, cursor = tmp_path / "out", tmp_path / "cursor"
    arguments = ["audit", "export", str(ledger.path), "-to", str(target), "-cursor", str(cursor)]
    behind = 0
    for kill_at in range(1, STEPS):
        assert os.WTERMSIG(export(arguments, kill_at)) == signal.SIGKILL
        known = json.loads(cursor.read_text())["index"] if cursor.exists() else 0
        assert behind <= known, "a cursor never goes back"
        behind = known
        assert set(range(known)) <= set(indices(target)), "what is behind the cursor is in the file"
    assert behind >= 256
    assert export(arguments, 0) == 0
    assert sorted(set(indices(target))) == list(range(700))


def indices(target: Path) -> list[int]:
    """The indices of the lines that are whole."""
    found = []
    for line in target.read_bytes().splitlines() if target.exists() else ():
        try:
            found.append(json.loads(line)["index"])
        except json.JSONDecodeError:
            continue
    return found
