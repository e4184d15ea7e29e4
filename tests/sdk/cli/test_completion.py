"""The completions of each shell, asked of the shell itself where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from cryptoserve_cli.completion import SHELLS
from cryptoserve_cli.dispatch import run_command
from tests.support.command_names import COMMANDS

BASH = """
source "$1"
COMP_LINE=$2 COMP_POINT=${#2}
compopt() { :; }
_cryptoserve
printf '%s\\n' "${COMPREPLY[@]}"
"""


def _script(shell: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert run_command(["completion", shell], {}) == 0
    path = folder / f"completion.{shell}"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    return path


def _run(*command: str, directory: Path) -> list[str]:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "cryptoserve ",
            COMMANDS,
        ),
        ("cryptoserve s", ["scan", "server", "sign", "status"]),
        ("cryptoserve audit ver", ["verify", "verify-proof"]),
        ("cryptoserve audit verify -ke", ["-kept=", "-key=", "-key-version="]),
        ("cryptoserve nope", [""]),
        ("cryptoserve server -log", ["-log-level=", "-log-format="]),
        ("cryptoserve server -dev -te", ["-test-config"]),
        ("cryptoserve backup -config=c.hc", ["c.hcl"]),
        ("cryptoserve backup -config=c.hcl some", ["some file"]),
        ("cryptoserve server * -dev-r", ["-dev-root-token-id="]),
    ],
)
def test_bash(tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, expected: list[str]) -> None:
    (tmp_path / "c.hcl").touch()
    (tmp_path / "some file").touch()
    script = _script("bash", tmp_path, capsys)
    assert _run("bash", "--norc", "-c", BASH, "bash", str(script), line, directory=tmp_path) == expected


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = _script("fish", tmp_path, capsys)
    asked = f"source {script}; complete -C 'cryptoserve server -log'"
    assert [line.split("\t")[0] for line in _run("fish", "--no-config", "-c", asked, directory=tmp_path)] == [
        "-log-format",
        "-log-level",
    ]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it completes takes a terminal; here, only that it can be read."""
    _run("zsh", "-f", "-n", str(_script("zsh", tmp_path, capsys)), directory=tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_knows_commands_and_flags(tmp_path: Path, capsys: pytest.CaptureFixture[str], shell: str) -> None:
    text = _script(shell, tmp_path, capsys).read_text(encoding="utf-8")
    for word in ("completion", "restore", "test-config", "dev-no-store-token", "tls-skip-verify"):
        assert word in text
