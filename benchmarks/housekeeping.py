"""Costs of a server besides requests: memory, and the time until it is ready."""

from __future__ import annotations

import base64
import statistics
import time
from dataclasses import dataclass

from tests.support import processes
from tests.support.servers import Server

_BODY = {"plaintext": base64.b64encode(b"first").decode()}


@dataclass(slots=True)
class Housekeeping:
    """All medians of a few starts."""

    name: str
    answer_seconds: float
    """From starting the process until it answers, sealed."""
    serve_seconds: float
    """From starting the process until it has unsealed and encrypted."""
    idle_bytes: int
    """Memory after the last start."""
    loaded_bytes: int = 0
    """Memory after all the load."""


def set_up(server: Server) -> None:
    """Make a started, durable server ready for the workloads."""
    server.initialize()
    server.unseal()
    server.request("POST", "sys/mounts/transit", {"type": "transit"}).data()


def restart(server: Server, starts: int) -> Housekeeping:
    """See how fast a server that was set up comes back with what it stored, so many times."""
    server.request("POST", "transit/encrypt/first", _BODY).data()
    answers: list[float] = []
    serves: list[float] = []
    for _ in range(starts):
        server.stop()
        started = time.perf_counter()
        server.start()
        answers.append(time.perf_counter() - started)
        server.unseal()
        server.request("POST", "transit/encrypt/first", _BODY).data()
        serves.append(time.perf_counter() - started)
    idle = processes.memory_bytes(server.group)
    return Housekeeping(server.product.value, statistics.median(answers), statistics.median(serves), idle)
