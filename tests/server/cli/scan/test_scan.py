"""``cryptoserve scan``: forms, gate, suppressions, baseline, changed lines, and exit statuses."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from cryptoserve_cli.dispatch import run_command

WEAK = "import hashlib\nhashlib.md5(b'')\n"
FINE = "import hashlib\nhashlib.sha256(b'')\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scan(*arguments: str) -> int:
    return run_command(["scan", "-jobs=1", *arguments], {})


def sarif(capfdbinary: pytest.CaptureFixture[bytes], *arguments: str) -> list[dict[str, Any]]:
    scan("-format=sarif", *arguments)
    results: list[dict[str, Any]] = json.loads(capfdbinary.readouterr().out)["runs"][0]["results"]
    return results


@pytest.mark.parametrize(
    ("source", "gate", "status"),
    [
        (FINE, (), 0),
        (WEAK, (), 1),
        (WEAK, ("-fail-on=error",), 0),
        (WEAK, ("-fail-on=weak-hash",), 1),
        (WEAK, ("-fail-on", "ecb-mode,weak-cipher"), 0),
        (FINE, ("-fail-on=note",), 0),
        ("no source", (), 0),
    ],
)
def test_the_status_is_that_of_the_gate(folder: Path, source: str, gate: tuple[str, ...], status: int) -> None:
    (folder / "a.py").write_text(source)
    assert scan(*gate, ".") == status


@pytest.mark.parametrize(
    "arguments",
    [
        ("none",),
        ("",),
        ("a" * 300,),
        ("pipe.py",),
        ("/dev/zero",),
        ("-fail-on=grave", "."),
        ("-fail-on=", "."),
        ("-format=xml", "."),
        ("-jobs=0", "."),
        ("-jobs=00641", "."),
        ("-baseline=none", "."),
        ("-diff=none", "."),
        ("-profile=none", "."),
        ("-profile=", "."),
        ("-submit=", "."),
        ("-at=2030-01-01", "."),
        ("-profile=cnsa-2.0", "-at=soon", "."),
        ("-diff=--output=x", "."),
        (),
    ],
)
def test_what_cannot_be_scanned_is_status_2(folder: Path, arguments: tuple[str, ...]) -> None:
    (folder / "a.py").write_text(FINE)
    os.mkfifo(folder / "pipe.py")
    assert scan(*arguments) == 2


def test_a_bug_is_no_finding(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "a.py").write_text(WEAK)
    monkeypatch.setattr("server.cli.scan.commands.entries_of", None)
    assert scan(".") == 2
    assert "TypeError" in capfd.readouterr().err


def test_the_status_stays_if_the_reader_of_the_output_goes(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.py").write_text(FINE)
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone, open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", gone)
        assert scan(".") == 0
        monkeypatch.setattr(sys, "stdout", full)
        assert scan(".") == 2
        monkeypatch.undo()
        os.dup2(gone.fileno(), full.fileno())  # What is left in the buffer has a place to go.
    assert capfd.readouterr().err == "the output can't be written: No space left on device\n"


@pytest.mark.parametrize(("arguments", "files"), [(("--", "-a.py"), 1), ((".", "./-a.py", "{}/-a.py"), 1), ((), 0)])
def test_a_file_is_told_once(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes], arguments: tuple[str, ...], files: int
) -> None:
    (folder / "-a.py").write_text(WEAK)
    given = arguments or ("-exclude=-*", "--", "-a.py")
    assert scan(*(each.format(folder) for each in given)) == files
    assert f"\n{files} files" in f"\n{capfdbinary.readouterr().out.decode()}"


@pytest.mark.parametrize("form", ["text", "json", "sarif", "cyclonedx"])
def test_names_that_are_not_utf_8(folder: Path, capfdbinary: pytest.CaptureFixture[bytes], form: str) -> None:
    (folder / os.fsdecode(b"name\xff.py")).write_text(WEAK)
    assert scan(f"-format={form}", ".") == 1
    name = {"text": b"name\\xff.py:2", "sarif": b'"uri": "name%FF.py"'}.get(form, b"name\\\\xff.py")
    assert name in capfdbinary.readouterr().out


def test_text_tells_place_reason_and_what_to_write(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "a.py").write_text(WEAK)
    (folder / "b.py").write_bytes(b"\0")
    scan(".")
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].startswith("a.py:2:9: warning [weak-hash] MD5 has collisions")
    assert "hashlib.sha256()" in lines[0]
    assert lines[1:] == [
        "b.py: not scanned: binary",
        "Used: MD5 1",
        "2 files, 0 errors, 1 warnings, 0 notes",
    ]


def test_suppressions_with_a_reason_are_counted(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (folder / "a.py").write_text(WEAK.rstrip() + "  # cryptoserve: ignore[weak-hash] a name in a cache\n")
    assert scan(".") == 0
    assert b"1 suppressed" in capfdbinary.readouterr().out
    [weak] = [each for each in sarif(capfdbinary, ".") if each["ruleId"] == "weak-hash"]
    assert weak["suppressions"] == [{"kind": "inSource", "justification": "a name in a cache"}]
    (folder / "a.py").write_text(WEAK.rstrip() + "  # cryptoserve: ignore[weak-hash]\n")
    assert scan(".") == 1
    assert b"1 suppressions without a reason" in capfdbinary.readouterr().out


def test_what_the_baseline_has_does_not_count(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (folder / "a.py").write_text(WEAK)
    scan("-format=sarif", ".")
    (folder / "old.sarif").write_bytes(capfdbinary.readouterr().out)
    (folder / "a.py").write_text("# Moved.\n" + WEAK)
    assert scan("-baseline=old.sarif", ".") == 0
    (folder / "a.py").write_text(WEAK + "hashlib.sha1(b'')\n")
    assert scan("-baseline=old.sarif", ".") == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), {"quantum-vulnerable": "note"}),
        (("-profile=nist-transition", "-at=2026-01-01"), {"quantum-vulnerable": "note"}),
        (("-profile=nist-transition", "-at=2036-01-01"), {"quantum-vulnerable": "error"}),
        (("-profile=bsi-tr-02102-1", "-at=2026-11-01"), {"quantum-vulnerable": "note", "weak-key-size": "error"}),
    ],
)
def test_a_profile_raises_limits_by_date(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes], arguments: tuple[str, ...], told: dict[str, str]
) -> None:
    (folder / "a.py").write_text("from Crypto.PublicKey import RSA\nRSA.generate(2048)\n")
    results = sarif(capfdbinary, *arguments, ".")
    assert {each["ruleId"]: each["level"] for each in results} == {"use": "note", **told}


def test_several_processes_find_what_one_does(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (folder / "make.py").write_text("import hashlib\ndef make_digest(name):\n    return hashlib.new(name)\n")
    for number in range(120):
        (folder / f"use_{number}.py").write_text("from make import make_digest\nmake_digest('md5')\n")
    one = sarif(capfdbinary, ".")
    assert {each["properties"]["algorithm"] for each in one} == {"MD5"}
    assert sarif(capfdbinary, "-jobs=2", ".") == one
