"""The first start and the backup of docs/operating.md, as they stand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.runtime.version import VERSION
from tests.support.products import Product
from tests.support.servers import CHECKOUT, Server
from tests.wire.documents.snippets import DOCUMENTED_ADDRESS, extract, run_snippets, session

_DOCUMENT = (CHECKOUT / "docs" / "operating.md").read_text(encoding="utf-8")


@contextmanager
def _started(directory: Path, configuration: str) -> Iterator[Server]:
    """``cryptoserve server`` with ``configuration`` alone, in ``directory``."""
    (directory / "cryptoserve.hcl").write_text(configuration.replace(DOCUMENTED_ADDRESS, "127.0.0.1:0"))
    with (
        (directory / "stderr").open("a") as log,
        subprocess.Popen(
            [sys.executable, "-m", "cryptoserve", "server", "-config=cryptoserve.hcl"],
            cwd=directory,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), "HOME": str(directory)},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            listening = re.fullmatch(r"listening on http://127\.0\.0\.1:(\d+)\n", process.stdout.readline())
            assert listening, (directory / "stderr").read_text()
            server = Server(Product.CRYPTOSERVE, directory)
            server.port = int(listening[1])
            yield server
        finally:
            process.terminate()


def test_a_first_start_and_a_backup_that_is_restored(tmp_path: Path) -> None:
    (configuration,) = re.findall(r"```hcl\n(.*?)```", _DOCUMENT, re.DOTALL)
    installing, *examples, restoring = extract(_DOCUMENT)
    assert "make wheels" in installing.text
    assert "cryptoserve restore" in restoring.text
    with _started(tmp_path, configuration) as server:
        run_snippets(examples, server, tmp_path)
        opened = json.loads((tmp_path / "init.json").read_text())
        after = server.request("POST", "transit/keys/later", {}, token=opened["root_token"])
        assert after.status == 200
    assert (tmp_path / "init.json").stat().st_mode & 0o077 == 0
    assert (tmp_path / "backup.db").stat().st_mode & 0o077 == 0
    assert (tmp_path / "audit.log").read_text().count("transit/keys/orders") >= 2
    run_snippets([restoring], server, tmp_path)
    with _started(tmp_path, configuration) as server:
        server.unseal_keys = opened["unseal_keys_b64"][1:]
        server.unseal()
        found = server.request("GET", "transit/keys?list=true", token=opened["root_token"])
        assert found.data()["keys"] == ["orders"]


@pytest.mark.soak
def test_installing(tmp_path: Path) -> None:
    """In a copy of the checkout; what is locked comes from the environment of the tests, so that no index is asked."""
    (packages := tmp_path / "packages").mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "cryptoserve" not in path.name:
            (packages / path.name).symlink_to(path)
    tracked = ("server", "engines", "storage", "auth_methods", "compat", "sdk")
    for name in tracked:
        shutil.copytree(CHECKOUT / name, tmp_path / "checkout" / name)
    for name in ("Makefile", "pyproject.toml", "README.md", "LICENSE", "requirements.lock"):
        shutil.copyfile(CHECKOUT / name, tmp_path / "checkout" / name)
    with session(tmp_path / "checkout", {}, PYTHONPATH=str(packages), PYTHONWARNINGS="", PIP_NO_INDEX="1") as reader:
        assert f"\nCryptoServe v{VERSION}\n" in reader.run(extract(_DOCUMENT)[0])
    assert (tmp_path / "checkout/venv/bin/cryptoserve").exists()
