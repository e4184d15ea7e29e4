"""The distribution: its name and version, where it may be said to come from, and that its wheel serves."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from benchmarks import machine
from engines.crypto_policy.profiles.catalogue import all_profiles
from server.runtime.version import VERSION
from tests.house.sources import ROOT

DISTRIBUTION = "cryptoserve-server"
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
_INSTALLS_ANOTHER_PROJECT = re.compile(
    r"\b(?:pip[\d.]*|pipx|uv|poetry)\s+(?:\w+\s+)?(?:install|add|run)\b[^`;&|]*?(?<![\w./-])cryptoserve(?![\w-])"
)
"""A command that takes ``cryptoserve`` from an index, where that name is another project's."""
_SOURCES = (
    "server",
    "engines",
    "storage",
    "auth_methods",
    "compat",
    "sdk",
    "Makefile",
    "pyproject.toml",
    "README.md",
    "LICENSE",
)
_SECONDS = 120


def _texts() -> list[Path]:
    """Everything that a reader may copy a command from."""
    written = [path for suffix in ("md", "toml", "hcl", "example") for path in ROOT.glob(f"*.{suffix}")]
    sources = [path for folder in _SOURCES[:5] for path in (ROOT / folder).rglob("*.py")]
    return [
        *written,
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "sdk").rglob("*.md"),
        *(ROOT / "tests").rglob("*.md"),
        *sources,
        ROOT / "Makefile",
    ]


def test_no_command_installs_another_project() -> None:
    found = {path: _INSTALLS_ANOTHER_PROJECT.findall(path.read_text(encoding="utf-8")) for path in _texts()}
    assert {str(path.relative_to(ROOT)): commands for path, commands in found.items() if commands} == {}
    assert ROOT / "docs/signatures.md" in found


@pytest.mark.parametrize(
    "text",
    [
        "pip install cryptoserve",
        "pip3 install --upgrade hvac\ncryptoserve",
        'python -m pip install "cryptoserve[liboqs]"',
        "uv pip install cryptoserve==0.1.0",
        "pipx run cryptoserve",
    ],
)
def test_such_a_command_is_seen(text: str) -> None:
    assert _INSTALLS_ANOTHER_PROJECT.search(text)


@pytest.mark.parametrize(
    "text",
    [
        "pip install cryptoserve-server",
        "pip install --no-deps dist/cryptoserve_server-0.1.0-py3-none-any.whl",
        "/opt/cryptoserve/bin/pip install hvac",
        "pip install hvac` and `cryptoserve server",
    ],
)
def test_other_commands_are_left_alone(text: str) -> None:
    assert not _INSTALLS_ANOTHER_PROJECT.search(text)


def test_name_and_version_are_told_once() -> None:
    assert (_PROJECT["name"], _PROJECT["version"]) == (DISTRIBUTION, VERSION)
    assert metadata.version(DISTRIBUTION) == VERSION
    sdk = tomllib.loads((ROOT / "sdk/pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (list(sdk["scripts"]), "scripts" in _PROJECT) == (["cryptoserve"], False)
    assert sdk["version"] == VERSION


def test_packages_of_the_benchmarks_are_installed() -> None:
    assert DISTRIBUTION in machine._PACKAGES
    assert all(metadata.version(name) for name in machine._PACKAGES)


def test_a_wheel_in_a_fresh_environment_serves(tmp_path: Path) -> None:
    """What it needs comes from the environment of the tests, so that no index is asked."""
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment.pop("PYTHONPATH", None)

    def run(*command: str | Path, directory: Path = tmp_path) -> str:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=directory,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    source = tmp_path / "source"
    source.mkdir()
    for name in _SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, source / name)
    options = ("--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path)
    run(sys.executable, "-m", "pip", "wheel", *options, ".", "./sdk", directory=source)
    wheels = sorted(tmp_path.glob("*.whl"))
    assert [wheel.name for wheel in wheels] == [
        f"cryptoserve_{part}-{VERSION}-py3-none-any.whl" for part in ("sdk", "server")
    ]
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv")
    python = tmp_path / "venv/bin/python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", *wheels)
    packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (packages / "of-the-tests.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    assert run(python, "-c", "import server; print(server.__file__)").startswith(str(tmp_path))
    profiles = "from engines.crypto_policy.profiles.catalogue import all_profiles; print(len(all_profiles()))"
    assert int(run(python, "-c", profiles)) == len(all_profiles())
    assert run(tmp_path / "venv/bin/cryptoserve", "version").splitlines()[0] == f"CryptoServe v{VERSION}"
    assert "clean stop" in run(python, ROOT / "tests/deployment/smoke.py")
