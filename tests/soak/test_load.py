"""Ten minutes of everything at once: the server stays right, and stays as large as it was."""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.soak.crashes.checks import check, check_audit_log
from tests.soak.crashes.connection import Connection
from tests.soak.crashes.model import Ledger
from tests.soak.crashes.writer import SHARED_KEY, Writer
from tests.support import processes
from tests.support.products import Product
from tests.support.servers import Server

MINUTES_VARIABLE = "SOAK_MINUTES"
WRITERS = 4

_WARM_SHARE = 0.2
"""Of the time: caches fill and allocators settle; what comes after must not grow."""
_GROWTH_BYTES = 48 * 1024 * 1024
_GROWTH_SHARE = 1.5
_ROUNDS = 20
_JOIN_SECONDS = 60.0


@pytest.mark.soak
def test_memory_stays_bounded_under_mixed_load(tmp_path: Path) -> None:
    seconds = float(os.environ.get(MINUTES_VARIABLE, "10")) * 60
    ledgers = [Ledger() for _ in range(WRITERS)]
    sizes: list[int] = []
    with Server(Product.CRYPTOSERVE, tmp_path) as server:
        server.initialize()
        server.unseal()
        server.request("POST", "sys/mounts/transit", {"type": "transit"}).data()
        server.request("POST", f"transit/keys/{SHARED_KEY}", {"type": "aes256-gcm96"}).data()
        audited = server.audit_path.stat().st_size
        started = time.monotonic()
        for number in range(_ROUNDS):
            _write(server, ledgers, started + seconds * (number + 1) / _ROUNDS)
            audited = check_audit_log(server.audit_path, audited, ledgers)
            with Connection(server) as connection:
                check(connection, ledgers)
            audited = server.audit_path.stat().st_size
            sizes.append(processes.memory_bytes(server.group))
            sys.stdout.write(f"{time.monotonic() - started:.0f} s: {sizes[-1] / 2**20:.0f} MiB\n")
        steps = sum(ledger.steps for ledger in ledgers)
        warm = max(sizes[: int(_ROUNDS * _WARM_SHARE)])
        assert max(sizes) < warm * _GROWTH_SHARE + _GROWTH_BYTES, f"{sizes} bytes in {steps} steps"
        assert server.stop() == 0


def _write(server: Server, ledgers: list[Ledger], until: float) -> None:
    chance = random.Random(f"{until}")
    writers = [Writer(number, server, ledger, chance.getrandbits(64)) for number, ledger in enumerate(ledgers)]
    for writer in writers:
        writer.start()
    threading.Event().wait(max(0.0, until - time.monotonic()))
    for writer in writers:
        writer.stopping.set()
    for writer in writers:
        writer.join(_JOIN_SECONDS)
        assert not writer.is_alive(), f"{writer.name} is still waiting for an answer"
        if writer.fault is not None:
            raise writer.fault
