"""Wheels that are the same bytes twice, and the bill of materials of the lock."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from tests.house.sources import ROOT

_PARTS = ("server", "engines", "storage", "auth_methods", "compat", "sdk", "pyproject.toml", "README.md", "LICENSE")
_PARTS_OF_MAKE = ("Makefile", "requirements.lock", "requirements-dev.lock")
_SECONDS = 120


def _make(folder: Path, target: str) -> None:
    """Run ``make`` in ``folder`` with the environment of the tests, and without an index."""
    command = ["make", "-o", f"{sys.prefix}/.serve", "-o", f"{sys.prefix}/.dev", f"VENV={sys.prefix}", target]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _copy(folder: Path) -> Path:
    """What wheels are built from, in ``folder``, with other times than here."""
    ignore = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "tests")
    folder.mkdir()
    for name in (*_PARTS, *_PARTS_OF_MAKE):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=ignore, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(ROOT / name, folder / name)
    return folder


@pytest.mark.soak
def test_wheels_are_the_same_bytes_twice(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        folder = _copy(tmp_path / name)
        _make(folder, "wheels")
        wheels = sorted((folder / "dist").glob("*.whl"))
        assert [wheel.name.split("-")[0] for wheel in wheels] == ["cryptoserve_sdk", "cryptoserve_server"]
        found.append([hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels])
        with zipfile.ZipFile(wheels[1]) as archive:
            assert "server/service.py" in archive.namelist()
    assert found[0] == found[1]


@pytest.fixture(scope="module")
def bills(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What `make sbom` writes, by file."""
    folder = tmp_path_factory.mktemp("sbom")
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copyfile(ROOT / name, folder / name)
    shutil.copytree(ROOT / "packaging", folder / "packaging")
    (folder / "sdk").mkdir()
    shutil.copyfile(ROOT / "sdk/pyproject.toml", folder / "sdk/pyproject.toml")
    _make(folder, "sbom")
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in (folder / "dist").glob("*.cdx.json")}


def test_the_bill_is_valid_and_of_what_the_lock_installs(bills: dict[str, dict[str, Any]]) -> None:
    ((name, bill),) = bills.items()
    assert name == f"cryptoserve-server-{metadata.version('cryptoserve-server')}.cdx.json"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is None
    installed = {canonicalize_name(one.name): one.version for one in metadata.distributions()}
    listed = {component["name"]: component["version"] for component in bill["components"]}
    assert listed.items() <= installed.items()
    assert {"cryptography", "uvloop", "starlette", "cffi"} <= set(listed)
    assert "pytest" not in listed
    for component in bill["components"]:
        assert component["externalReferences"][0]["hashes"]
