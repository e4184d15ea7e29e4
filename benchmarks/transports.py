"""One task, sent over one transport: our own load generator for HTTP/1.1, nghttp2's ``h2load`` for HTTP/2.

An HTTP/2 client in Python would take more of the two cores than the servers do. h2load sends one body again and again.
"""

from __future__ import annotations

import math
import resource
import shutil
import ssl
import subprocess
import tempfile
from array import array
from pathlib import Path

from benchmarks import load
from benchmarks.workloads.base import NotOffered, Target, Task, Transport
from tests.support.products import HOST, ServerFailed, Tls

_LEAVE_SECONDS = 10.0

_SHORTEST_SECONDS = 0.5
"""h2load never ends if its time is over before all connections are there."""


def client_context(tls: Tls) -> ssl.SSLContext:
    """What a client needs to trust the listener; it offers HTTP/1.1."""
    context = ssl.create_default_context(cafile=str(tls.authority))
    context.set_alpn_protocols(["http/1.1"])
    return context


def missing(transport: Transport) -> str:
    """Why nothing can be sent over this transport here; empty if it can."""
    if transport is Transport.HTTP2 and shutil.which("h2load") is None:
        return "h2load is not installed (Debian: nghttp2-client)"
    return ""


def measure(
    target: Target, transport: Transport, task: Task, seconds: float, connections: int = load.CONNECTIONS
) -> load.Load:
    """Send ``task`` to ``target`` for ``seconds``. Raises ``NotOffered`` if what it takes isn't installed."""
    if transport is Transport.HTTP2:
        return _with_h2load(target, task, seconds, connections)
    context = None if target.tls is None else client_context(target.tls)
    return load.run(HOST, target.port, task.requests(target), seconds, connections, context)


def _with_h2load(target: Target, task: Task, seconds: float, connections: int) -> load.Load:
    if reason := missing(Transport.HTTP2):
        raise NotOffered(reason)
    with tempfile.TemporaryDirectory(prefix="h2load-") as name:
        body, log = Path(name) / "body", Path(name) / "log"
        body.write_bytes(task.bodies[0])
        command = ["h2load", "--clients", str(connections), "--max-concurrent-streams", "1", "--alpn-list", "h2"]
        command += [
            "--duration",
            f"{max(seconds, _SHORTEST_SECONDS) * 1000:.0f}ms",
            "--log-file",
            str(log),
            "--data",
            str(body),
        ]
        # The token reaches h2load's command line: it is that of a server that lives as long as the benchmark.
        for header in (f"x-vault-token: {target.token if task.token is None else task.token}", "x-vault-request: true"):
            command += ["--header", header]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command.append(f"https://{HOST}:{target.port}/v1/{task.path}")
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + _LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            raise NotOffered("h2load did not end in time: the machine is too busy for it") from None
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode or not log.exists():
            raise ServerFailed(f"h2load ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}")
        elapsed, latencies, failures = read_log(log.read_text(encoding="ascii"))
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return load.Load(elapsed or seconds, latencies, failures, used)


def read_log(text: str) -> tuple[float, array[float], dict[str, int]]:
    """The seconds from the first request to the last answer, so that handshakes don't count; the latencies in seconds
    of the answers with status 200; and how often there was another status (-1: no answer came).

    Each line of h2load's log is the time of the request in microseconds, the status and the microseconds that it took.
    """
    latencies, failures = array("d"), dict[str, int]()
    first, last = math.inf, 0
    for line in text.splitlines():
        began, status, microseconds = line.split("\t")[:3]
        first, last = min(first, int(began)), max(last, int(began) + int(microseconds))
        if status == "200":
            latencies.append(int(microseconds) / 1e6)
        else:
            failures[f"status {status}"] = failures.get(f"status {status}", 0) + 1
    return max(0.0, (last - first) / 1e6), latencies, failures
