"""The release workflow, which uses what is pinned and no stored credential; and the look-up of advisories."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.sources import ROOT

TEXT = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
WORKFLOW: dict[str, Any] = yaml.safe_load(TEXT)
AUDIT = ROOT / "packaging/audit.py"


def test_actions_are_pinned_by_commit_and_say_their_version() -> None:
    used = re.findall(r"uses: (.*)$", TEXT, re.MULTILINE)
    assert len(used) >= 6
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each) for each in used)


def test_only_the_job_that_publishes_may_write() -> None:
    assert WORKFLOW["permissions"] == {}
    assert WORKFLOW["jobs"]["build"]["permissions"] == {"contents": "read"}
    publish = WORKFLOW["jobs"]["publish"]
    assert publish["permissions"] == {"id-token": "write", "attestations": "write", "contents": "write"}
    assert "secrets." not in TEXT
    # It builds and checks nothing, so nothing that a build brings runs with these rights.
    assert not [step for step in publish["steps"] if re.search(r"make|pip|python|\.ci", step.get("run", ""))]


def test_what_is_published_was_checked_and_is_attested() -> None:
    runs = [step.get("run") for step in WORKFLOW["jobs"]["build"]["steps"]]
    assert runs.index("bash .ci/run") < runs.index("make release")
    names = [step.get("uses", "").partition("@")[0] for step in WORKFLOW["jobs"]["publish"]["steps"]]
    assert names.index("actions/attest-build-provenance") < names.index("pypa/gh-action-pypi-publish")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(
        r"^release: wheels sbom\n\t.*audit\.py --strict .*\n\tcd dist && sha256sum ", makefile, re.MULTILINE
    )


class _Advisories(BaseHTTPRequestHandler):
    """One advisory, of `left` below 2.0, in the form of OSV."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = asked["package"]["name"]
        events = [{"introduced": "0"}, {"fixed": "2.0"}]
        affected = {"package": {"name": name, "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
        advisory = {"id": "PYSEC-2026-1", "summary": "s", "details": "d", "affected": [affected]}
        body = json.dumps({"vulns": [advisory]} if name == "left" and asked["version"] == "1.0" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Advisories) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()
        thread.join()


def _audit(lock: Path, *options: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, AUDIT, *options, lock], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_an_advisory_fails_the_check(tmp_path: Path, service: str) -> None:
    lock = tmp_path / "lock"
    lines = [f"{name}=={version} --hash=sha256:{'0' * 64}\n" for name, version in (("left", "1.0"), ("right", "1.0"))]
    lock.write_text("".join(lines))
    status, told = _audit(lock, "--vulnerability-service=osv", f"--osv-url={service}")
    assert (status, told) == (
        1,
        "left 1.0: PYSEC-2026-1, mended in 2.0\npip-audit: 2 of 2 locked packages looked up, 1 advisories\n",
    )


def test_what_could_not_be_asked_is_said(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.write_text(f"left==1.0 --hash=sha256:{'0' * 64}\n")
    away = ("--vulnerability-service=osv", "--osv-url=http://127.0.0.1:1/v1/query")
    for options, expected in (((), 0), (("--strict",), 1)):
        status, told = _audit(lock, *options, *away)
        assert status == expected
        assert told.startswith("pip-audit: nothing was looked up, no advisories were to be had (")
