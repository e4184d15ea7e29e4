"""Thousands of idle connections and ten times the load: health is answered in time, the rest is served or refused."""

from __future__ import annotations

import resource
import socket
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks import load
from tests.support import processes
from tests.support.products import HOST, Product
from tests.support.servers import Server

IDLE = 5_000
BUSY = 10 * load.CONNECTIONS
SECONDS = 10.0
HEALTH_SECONDS = 1.0
BYTES_FOR_EACH_CONNECTION = 32 * 1024
"""What a connection may take at most of the server's memory; nearly all of it is the HTTP server's own state."""

_REQUEST = b"GET /v1/sys/health HTTP/1.1\r\nHost: x\r\n\r\n"
_SETTINGS = f"max_connections = {IDLE + BUSY + 20}\n"


class _Health(threading.Thread):
    """Asks for health, on a new connection each time, until told to stop."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._server = server
        self.over = threading.Event()
        self.seconds: list[float] = []
        self.fault: Exception | None = None

    def run(self) -> None:
        try:
            while not self.over.wait(0.05):
                started = time.perf_counter()
                assert self._server.request("GET", "sys/health", token="").status == 200
                self.seconds.append(time.perf_counter() - started)
        except Exception as fault:  # noqa: BLE001 - told to the test, which raises it
            self.fault = fault


@pytest.mark.soak
def test_health_is_answered_and_memory_is_bounded(tmp_path: Path) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most < IDLE + BUSY + 200:
        pytest.skip(f"this process may have {most} open files only")
    with Server(Product.CRYPTOSERVE, tmp_path, settings=_SETTINGS) as server, ExitStack() as connections:
        server.initialize()
        server.unseal()
        server.request("POST", "sys/mounts/transit", {"type": "transit"}).data()
        server.request("POST", "transit/keys/k", {}).data()
        body = b'{"plaintext":"aGVsbG8="}'
        request = load.build_request("POST", "/v1/transit/encrypt/k", f"{HOST}:{server.port}", body, server.root_token)
        load.run(HOST, server.port, [request], 1.0, BUSY)
        before = processes.memory_bytes(server.group)
        for _ in range(IDLE):
            idle = connections.enter_context(socket.create_connection((HOST, server.port)))
            # Who has asked for nothing yet is soon closed; these have, and may stay.
            idle.sendall(_REQUEST)
            assert idle.recv(4096)
        health = _Health(server)
        health.start()
        done = load.run(HOST, server.port, [request], SECONDS, BUSY)
        health.over.set()
        health.join(SECONDS)
        if health.fault is not None:
            raise health.fault
        grown = processes.memory_bytes(server.group) - before
        tail = done.quantile_seconds(0.99) * 1e3
        sys.stdout.write(f"{done.per_second:.0f} requests/s, 99 of 100 within {tail:.0f} ms\n")
        sys.stdout.write(f"health after {max(health.seconds) * 1e3:.0f} ms at most\n")
        sys.stdout.write(f"{grown / IDLE / 1024:.1f} KiB for each idle connection\n")
        _refusals_are_fast(server)
        assert not done.failures
        assert max(health.seconds) < HEALTH_SECONDS
        assert grown < IDLE * BYTES_FOR_EACH_CONNECTION


def _refusals_are_fast(server: Server) -> None:
    """Fill the server up, and see that whoever comes then is told so within a second."""
    with ExitStack() as more:
        # The connections of the load may still be counted for a moment.
        for _ in range(2 * BUSY):
            opened = more.enter_context(socket.create_connection((HOST, server.port)))
            opened.sendall(_REQUEST)
            if not opened.recv(4096).startswith(b"HTTP/1.1 200 "):
                opened.close()
                time.sleep(0.01)
        for _ in range(20):
            started = time.perf_counter()
            assert server.request("GET", "sys/health", token="").status == 503
            assert time.perf_counter() - started < HEALTH_SECONDS
