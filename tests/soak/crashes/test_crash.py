"""SIGKILL at random moments, under load, again and again: nothing acknowledged is lost, nothing is there by half.

Killed are all processes at once, the first one alone, one of its workers, after which the others have to go on, or all
of them, which have to be replaced and unsealed.
"""

from __future__ import annotations

import os
import random
import sys
import threading
from pathlib import Path

import pytest

from tests.soak.crashes.checks import check, check_audit_log
from tests.soak.crashes.connection import Connection, Refused
from tests.soak.crashes.model import Ledger
from tests.soak.crashes.writer import SHARED_KEY, Writer
from tests.support.products import Product
from tests.support.servers import Server

WRITERS = 4
WORKERS = 3
KILLS = 6
SOAK_KILLS = 500
SEED_VARIABLE = "CRASH_SEED"
PRODUCT_VARIABLE = "CRASH_PRODUCT"
"""Set to ``openbao``, the same is asked of OpenBao: a check of the checks."""

_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.02, 0.6
_JOIN_SECONDS = 60.0


def _product() -> Product:
    product = Product(os.environ.get(PRODUCT_VARIABLE, Product.CRYPTOSERVE.value))
    if reason := product.missing():
        pytest.skip(reason)
    return product


def _seed() -> int:
    chosen = os.environ.get(SEED_VARIABLE, "")
    seed = int(chosen) if chosen else random.SystemRandom().getrandbits(32)
    sys.stdout.write(f"{SEED_VARIABLE}={seed}\n")
    return seed


def test_a_few_kills_lose_nothing(tmp_path: Path) -> None:
    survive(_product(), tmp_path, KILLS, _seed(), WORKERS)


@pytest.mark.soak
@pytest.mark.parametrize("workers", [1, WORKERS])
def test_many_kills_lose_nothing(tmp_path: Path, workers: int) -> None:
    survive(_product(), tmp_path, SOAK_KILLS, _seed(), workers)


def survive(product: Product, directory: Path, kills: int, seed: int, workers: int) -> None:
    """Kill a server with so many ``workers`` (if it is ours) ``kills`` times, and check everything after each."""
    chance = random.Random(seed)
    ledgers = [Ledger() for _ in range(WRITERS)]
    ours = product is Product.CRYPTOSERVE
    with Server(product, directory, settings=f"workers = {workers}\n" if ours else "") as server:
        server.initialize(shares=3, threshold=2)
        server.unseal()
        assert not ours or len(server.workers) == (workers if workers > 1 else 0)
        server.request("POST", "sys/mounts/transit", {"type": "transit"}).data()
        server.request("POST", f"transit/keys/{SHARED_KEY}", {"type": "aes256-gcm96"}).data()
        audited = server.audit_path.stat().st_size
        for kill in range(1, kills + 1):
            try:
                ended = _load_and_kill(server, ledgers, chance)
                audited = check_audit_log(server.audit_path, audited, ledgers)
                if ended:
                    server.start()
                    server.unseal()
                with Connection(server) as connection:
                    check(connection, ledgers)
            except Exception as fault:
                fault.add_note(f"At kill {kill} of {kills}, {SEED_VARIABLE}={seed}")
                raise
            audited = _skip_checks(server, audited)
    steps = sum(ledger.steps for ledger in ledgers)
    sys.stdout.write(f"{kills} kills, {steps} acknowledged steps\n")
    # If the writers had been standing still, all of the above would have shown nothing.
    assert steps > kills * WRITERS


def _load_and_kill(server: Server, ledgers: list[Ledger], chance: random.Random) -> bool:
    """Whether the server has ended; if only a worker has, the rest is as it was."""
    writers = [Writer(number, server, ledger, chance.getrandbits(64)) for number, ledger in enumerate(ledgers)]
    for writer in writers:
        writer.start()
    try:
        # The moment is what is random here: nothing is waited for.
        threading.Event().wait(chance.uniform(_SHORTEST_SECONDS, _LONGEST_SECONDS))
        for writer in writers:
            writer.doomed.set()
        workers = server.workers
        ended = chance.randrange(4 if workers else 2) < 2
        if not ended:
            server.kill_workers(workers if chance.randrange(2) else [chance.choice(workers)])
        elif chance.randrange(2):
            server.kill()
        else:
            server.kill_first_process()
    finally:
        for writer in writers:
            writer.stopping.set()
        for writer in writers:
            writer.join(_JOIN_SECONDS)
    for writer in writers:
        assert not writer.is_alive(), f"{writer.name} is still waiting for an answer"
        if writer.fault is not None:
            raise Refused(f"{writer.name} was refused before the kill") from writer.fault
    return ended


def _skip_checks(server: Server, audited: int) -> int:
    """Where the next part of the audit log begins; what the checks have asked isn't compared."""
    size = server.audit_path.stat().st_size
    assert size > audited, "the checks left no trace in the audit log"
    return size
