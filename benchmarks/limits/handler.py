"""Upper limit of a server built this way: the same HTTP server with an empty handler.

It is measured with requests and answers of the same sizes as the workload's, with as many workers as the server has:
uvicorn for HTTP/1.1, hypercorn for HTTP/2. What the cryptography alone allows is in ``benchmarks.limits.openssl``.
"""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from benchmarks import load, transports
from benchmarks.workloads.base import Target, Task, Transport
from tests.support.products import HOST, ServerFailed, Tls, free_port
from tests.support.servers import CHECKOUT, REQUEST_SECONDS, START_SECONDS
from tests.support.waiting import attempts


@contextmanager
def empty_server(workers: int, transport: Transport, tls: Tls | None = None) -> Iterator[Target]:
    """The server that ours has for ``transport``, with an empty handler and so many workers."""
    port = free_port()
    command = _command(port, workers, transport, tls)
    with subprocess.Popen(command, cwd=CHECKOUT, start_new_session=True) as process:
        try:
            _await_answer(port, None if tls is None else transports.client_context(tls))
            yield Target(port, "s." + "0" * 24, tls)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(REQUEST_SECONDS)


def _command(port: int, workers: int, transport: Transport, tls: Tls | None) -> list[str]:
    shared = ["benchmarks.limits.empty:application", "--workers", str(workers), "--log-level", "warning"]
    if transport is Transport.HTTP2:
        command = [sys.executable, "-m", "hypercorn", *shared, "--bind", f"{HOST}:{port}", "--worker-class", "uvloop"]
        certificate, key = "--certfile", "--keyfile"
    else:
        command = [sys.executable, "-m", "uvicorn", *shared, "--host", HOST, "--port", str(port), "--no-access-log"]
        certificate, key = "--ssl-certfile", "--ssl-keyfile"
    return command if tls is None else [*command, certificate, str(tls.certificate), key, str(tls.key)]


def _await_answer(port: int, tls: ssl.SSLContext | None) -> None:
    probe = load.build_request("POST", "/2", f"{HOST}:{port}", b"{}", "")
    for _ in attempts(START_SECONDS):
        with suppress(OSError):
            if load.run(HOST, port, [probe], 0.05, connections=1, tls=tls).latencies_seconds:
                return
    raise ServerFailed("the HTTP server with an empty handler did not start")


def empty_handler(target: Target, transport: Transport, task: Task, answer_bytes: int, seconds: float) -> load.Load:
    """Send the bodies of ``task`` to the empty handler at ``target``, which answers ``answer_bytes``."""
    echo = Task(str(answer_bytes), task.bodies, task.method)
    return transports.measure(target, transport, echo, seconds)
