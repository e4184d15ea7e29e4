"""The systemd unit and what belongs to it: its exposure, its syntax, and the configuration that it starts with."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from server.config import load_config
from tests.house.sources import ROOT

FOLDER = ROOT / "packaging/systemd"
UNIT = FOLDER / "cryptoserve.service"
MOST_EXPOSURE = 15
"""Tenths of systemd's points."""

_SECONDS = 60
analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
sysusers = pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd is not installed")


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=_SECONDS, check=False
    )


def _installed(tmp_path: Path, text: str) -> Path:
    """The unit with a program that is on this machine."""
    program = shutil.which("true")
    assert program
    unit = tmp_path / UNIT.name
    unit.write_text(text.replace("/opt/cryptoserve/bin/cryptoserve", program), encoding="utf-8")
    return unit


@analyze
def test_the_unit_exposes_little(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8")
    command = ("systemd-analyze", "security", "--no-pager", "--offline=true", f"--threshold={MOST_EXPOSURE}")
    done = _run(*command, _installed(tmp_path, text))
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    assert re.search(r"Overall exposure level for cryptoserve\.service: [01]\.\d", done.stdout)
    weaker = _run(*command, _installed(tmp_path, re.sub(r"(?m)^(Protect|Private|Restrict|SystemCall).*\n", "", text)))
    assert weaker.returncode != 0, "the score says nothing"


@analyze
def test_the_unit_is_valid(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8")
    done = _run("systemd-analyze", "verify", "--man=no", _installed(tmp_path, text))
    assert (done.returncode, done.stderr) == (0, "")
    wrong = _run("systemd-analyze", "verify", "--man=no", _installed(tmp_path, text.replace("UMask", "Umsak")))
    assert "Umsak" in wrong.stderr


def test_the_unit_loads_the_seal_key_as_a_credential() -> None:
    unit = UNIT.read_text(encoding="utf-8")
    (name,) = re.findall(r"^LoadCredential=([\w.]+):", unit, re.MULTILINE)
    assert f"/run/credentials/cryptoserve.service/{name}" in (FOLDER / "cryptoserve.hcl").read_text(encoding="utf-8")
    assert not re.search(r"^Environment", unit, re.MULTILINE), "secrets in the environment show in systemctl show"
    assert "User=cryptoserve\n" in unit


@sysusers
def test_the_account_has_the_number_of_the_image(tmp_path: Path) -> None:
    done = _run("systemd-sysusers", f"--root={tmp_path}", "--dry-run", FOLDER / "cryptoserve.sysusers.conf")
    assert done.returncode == 0, done.stderr
    assert "UID 10001 and GID 10001" in done.stdout + done.stderr


def test_the_configuration_loads_without_a_warning(tmp_path: Path) -> None:
    text = (FOLDER / "cryptoserve.hcl").read_text(encoding="utf-8")
    folders = re.findall(r"^d (\S+) ", (FOLDER / "cryptoserve.tmpfiles.conf").read_text(encoding="utf-8"), re.MULTILINE)
    for path in re.findall(r'"(/[^"]+)"', text):
        assert str(Path(path).parent) in folders, "no folder is made for it"
    file = tmp_path / "cryptoserve.hcl"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o640)
    config = load_config([str(file)], {})
    assert config.warnings == ()
    assert config.listeners[0].tls
    assert config.storage.type == "sqlite"
