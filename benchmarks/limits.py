"""What no server built this way can exceed: the same HTTP server with an empty handler.

It is measured with requests and answers of the same sizes as the workload's, with as many workers as the server has:
uvicorn for plain HTTP, hypercorn for TLS. What the cryptography alone allows is in ``benchmarks.openssl``.
"""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import load, transports
from benchmarks.workloads.base import Target, Task, Transport
from tests.products import HOST, ServerFailed, Tls, free_port
from tests.servers import CHECKOUT, REQUEST_SECONDS, START_SECONDS


@contextmanager
def empty_server(workers: int, tls: Tls | None = None) -> Iterator[Target]:
    """A server with an empty handler and so many workers."""
    port = free_port()
    with subprocess.Popen(_command(port, workers, tls), cwd=CHECKOUT, start_new_session=True) as process:
        try:
            _await_answer(port, None if tls is None else transports.client_context(tls))
            yield Target(port, "s." + "0" * 24, tls)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(REQUEST_SECONDS)


def _command(port: int, workers: int, tls: Tls | None) -> list[str]:
    application, count = "benchmarks.empty:application", ["--workers", str(workers)]
    if tls is None:
        arguments = [application, "--host", HOST, "--port", str(port), "--log-level", "warning", "--no-access-log"]
        return [sys.executable, "-m", "uvicorn", *arguments, *count]
    arguments = ["--bind", f"{HOST}:{port}", "--worker-class", "uvloop", "--log-level", "warning"]
    files = ["--certfile", str(tls.certificate), "--keyfile", str(tls.key)]
    return [sys.executable, "-m", "hypercorn", *arguments, *files, *count, application]


def _await_answer(port: int, tls: ssl.SSLContext | None) -> None:
    probe = load.build_request("POST", "/2", f"{HOST}:{port}", b"{}", "")
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if load.run(HOST, port, [probe], 0.05, connections=1, tls=tls).latencies_seconds:
                return
        except OSError:
            time.sleep(0.02)
    raise ServerFailed("the HTTP server with an empty handler did not start")


def empty_handler(target: Target, transport: Transport, task: Task, answer_bytes: int, seconds: float) -> load.Load:
    """Send the bodies of ``task`` to the empty handler at ``target``, which answers ``answer_bytes``."""
    echo = Task(str(answer_bytes), task.bodies, task.method)
    return transports.measure(target, transport, echo, seconds)
