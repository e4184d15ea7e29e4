"""A real OpenBao server beside the tests, to exchange keys and ciphertexts with."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.waiting import attempts

_TOKEN = "root"


class OpenBao:
    """A client of one mount of transit."""

    def __init__(self, port: int) -> None:
        self._port = port

    def call(self, verb: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """The status and the body of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(verb, f"/v1/{path}", text, {"X-Vault-Token": _TOKEN})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        return response.status, json.loads(content) if content else {}

    def write(self, path: str, **parameters: Any) -> dict[str, Any]:
        """The data of writing below the mount."""
        return self._data("POST", path, parameters)

    def read(self, path: str) -> dict[str, Any]:
        """The data of reading below the mount."""
        return self._data("GET", path, None)

    def _data(self, verb: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        status, answer = self.call(verb, f"transit/{path}", body)
        assert status in (200, 204), (path, answer)
        return answer.get("data") or {}


def find_bao() -> str | None:
    """Where the command is: beside the interpreter, or on the path."""
    beside = Path(sys.executable).parent / "bao"
    return str(beside) if beside.exists() else shutil.which("bao")


@contextlib.contextmanager
def running(command: str) -> Iterator[OpenBao]:
    """A server in development mode with transit mounted, for as long as the block lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.Popen(
            [command, "server", "-dev", f"-dev-root-token-id={_TOKEN}", f"-dev-listen-address=127.0.0.1:{port}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": home},
        )
        try:
            server = OpenBao(port)
            _await_start(server, process)
            server.call("POST", "sys/mounts/transit", {"type": "transit"})
            yield server
        finally:
            process.terminate()
            process.wait()


def _await_start(server: OpenBao, process: subprocess.Popen[bytes]) -> None:
    for _ in attempts(pause=0.05):
        assert process.poll() is None, "OpenBao has ended"
        with contextlib.suppress(OSError):
            if server.call("GET", "sys/health")[0] == 200:
                return
    raise AssertionError("OpenBao has not started")
