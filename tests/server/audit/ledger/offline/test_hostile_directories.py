"""Directories in which any file may be anything: every command ends, with a status of its own and no traceback."""

from __future__ import annotations

import contextlib
import io
import shutil
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cryptoserve_cli.dispatch import run_command
from tests.server.audit.ledger.ledgers import Ledger

STATUSES = {0, 1, 2, 3}


def run(*arguments: object) -> int:
    out = io.TextIOWrapper(io.BytesIO())
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        return run_command(["audit", *map(str, arguments)], {})


def files(ledger: Ledger) -> list[str]:
    return sorted(str(path.relative_to(ledger.path)) for path in ledger.path.rglob("*") if path.is_file())


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_content_of_any_file_breaks_a_command(small_ledger: Ledger, tmp_path: Path, data: st.DataObject) -> None:
    for folder in ("log", "proofs"):
        shutil.rmtree(tmp_path / folder, ignore_errors=True)
    ledger = small_ledger.copy(tmp_path / "log")
    names = files(small_ledger)
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(names))
        content = ledger.read(name) or b""
        at = data.draw(st.integers(0, len(content)))
        junk = data.draw(st.binary(max_size=40))
        change = data.draw(st.sampled_from(("insert", "cut", "replace", "another", "gone", "folder")))
        changed = {
            "insert": content[:at] + junk + content[at:],
            "cut": content[:at],
            "replace": junk,
            "another": ledger.read(data.draw(st.sampled_from(names))) or b"",
        }
        file = ledger.path / name
        if change in changed:
            if not file.is_dir():
                ledger.write(name, changed[change])
        elif file.is_file():
            file.unlink()
            if change == "folder":
                file.mkdir()
    log = ledger.path
    assert run("verify", log) in STATUSES
    assert run("verify", log, "-from=256", "-format=json", "-kept", small_ledger.path / "checkpoint") in STATUSES
    assert run("query", log, "-key=k1", "-format=json") in {0, 1, 2}
    assert run("prove", log, "-request-id=a", "-out", tmp_path / "proofs") in {1, 2}
    assert run("compare", log, small_ledger.path, "-format=json") in {0, 1, 2}
    assert run("export", log, "-to", tmp_path / "out", "-as=ocsf") in {0, 1, 2}
