"""A real server that is killed and comes back while applications go on encrypting."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from cryptoserve import CryptoServe, Unavailable
from tests.support.products import HOST, Product
from tests.support.servers import Server

CALLS, SOAK_CALLS = 1_500, 10_000
THREADS = 4
KILLS = 2


class Relay:
    """An address that stays, in front of a server whose port changes when it is started anew."""

    def __init__(self) -> None:
        self.target = 0
        self._listener = socket.create_server((HOST, 0))
        self.address = f"http://{HOST}:{self._listener.getsockname()[1]}"
        self._sockets: deque[socket.socket] = deque()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._sockets:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            try:
                server = socket.create_connection((HOST, self.target), 5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            self._sockets.append(server)
            for source, sink in ((client, server), (server, client)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=_carry, args=(source, sink), daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            sink.sendall(part)
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextmanager
def relayed(folder: Path) -> Iterator[tuple[Server, Relay]]:
    """A durable server with transit, unsealed."""
    relay = Relay()
    with Server(Product.CRYPTOSERVE, folder) as server:
        server.initialize()
        server.unseal()
        assert server.request("POST", "sys/mounts/transit", {"type": "transit"}).status == 204
        relay.target = server.port
        try:
            yield server, relay
        finally:
            relay.close()


@pytest.mark.parametrize("calls", [CALLS, pytest.param(SOAK_CALLS, marks=pytest.mark.soak)])
def test_a_server_that_is_killed_costs_no_call(tmp_path: Path, calls: int) -> None:
    done: deque[tuple[int, str]] = deque()
    failed: deque[BaseException] = deque()
    with (
        relayed(tmp_path) as (server, relay),
        CryptoServe("payments", "backend", addr=relay.address, token=server.root_token, timeout=120) as client,
    ):

        def encrypt(numbers: range) -> None:
            try:
                for number in numbers:
                    done.append((number, client.encrypt(b"%d" % number, "card-data")))
            except BaseException as fault:  # noqa: BLE001 - it is told below
                failed.append(fault)

        threads = [threading.Thread(target=encrypt, args=(range(start, calls, THREADS),)) for start in range(THREADS)]
        for thread in threads:
            thread.start()
        for kill in range(1, KILLS + 1):
            while len(done) < calls * kill // (KILLS + 1) and not failed:
                threads[0].join(0.01)
            server.kill()
            server.start()
            server.unseal()
            relay.target = server.port
        for thread in threads:
            thread.join()
        assert not failed, failed[0]
        ciphertexts = [ciphertext for _, ciphertext in sorted(done)]
        assert client.decrypt_many(ciphertexts, "card-data") == [b"%d" % number for number in range(calls)]


def test_a_server_that_is_sealed_and_unsealed_costs_no_call(tmp_path: Path) -> None:
    with (
        relayed(tmp_path) as (server, relay),
        CryptoServe("payments", "backend", addr=relay.address, token=server.root_token, timeout=120) as client,
        CryptoServe("payments", "backend", addr=relay.address, token=server.root_token, max_retries=0) as hasty,
    ):
        client.encrypt(b"x", "c")
        assert server.request("PUT", "sys/seal").status == 204
        with pytest.raises(Unavailable, match="sealed"):
            hasty.encrypt(b"x", "c")
        timer = threading.Timer(0.5, server.unseal)
        timer.start()
        assert client.encrypt(b"x", "c").startswith("vault:v1:")
        timer.join()
