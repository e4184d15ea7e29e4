"""An auth method of a third party, in a package of its own: installed with pip, found by its entry point, used."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from server.runtime import plugins
from tests.support.systems import Server

SAMPLE = Path(__file__).parents[1] / "support/sample_auth_method"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The sample, installed where only this test sees it."""
    source, target = tmp_path / "source", tmp_path / "site"
    copytree(SAMPLE, source)  # Building leaves files behind.
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    options = ["--no-deps", "--no-build-isolation", "--no-cache-dir", "--target", str(target), str(source)]
    subprocess.run([*command, *options], check=True, capture_output=True, timeout=120)
    monkeypatch.syspath_prepend(str(target))
    plugins._installed.cache_clear()
    plugins.load.cache_clear()
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "cryptoserve_passphrase"]:
        del sys.modules[name]
    plugins._installed.cache_clear()
    plugins.load.cache_clear()


async def test_it_is_enabled_configured_and_logged_in_with(installed: None, server: Server) -> None:
    assert "passphrase" in plugins.names(plugins.AUTH_METHODS)
    assert (await server.ask("POST", "sys/auth/door", {"type": "passphrase"}))[0] == 204
    config = {"passphrase": "open sesame", "policies": "treasure"}
    assert (await server.ask("POST", "auth/door/config", config))[0] == 204
    status, answer = await server.ask("POST", "auth/door/login", {"passphrase": "open barley"}, token="")
    assert (status, answer) == (400, {"errors": ["wrong passphrase"]})
    status, answer = await server.ask("POST", "auth/door/login", {"passphrase": "open sesame"}, token="")
    assert status == 200
    assert answer["auth"]["policies"] == ["default", "treasure"]
    assert answer["auth"]["metadata"] == {"by": "passphrase"}
    token = answer["auth"]["client_token"]
    assert (await server.ask("POST", "auth/token/renew-self", {}, token=token))[0] == 200
    assert (await server.ask("POST", "auth/door/config", config, token=token))[0] == 403
