"""The meter tells growth and finds all work, whatever else the machine does.

The server here has one worker, which burns as much processor time as it is told to and so costs what a test says, on
any machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import quote

import pytest

from tests.soak.hostile.cost import MOST_GROWTH, Attack, Meter, Outcome
from tests.support.products import Product
from tests.support.servers import Server

_SERVER = """
import http.server, os, sys, time, urllib.parse

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer()
        kind, _, seconds = self.path.rpartition("/")
        if kind == "/v1/later":
            burn(float(seconds))
        elif kind == "/v1/log":
            print(urllib.parse.unquote(seconds), flush=True)

    def do_POST(self):
        burn(float(self.path.rpartition("/")[2]))
        self.answer()

    def answer(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass

def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
if os.fork():
    os.wait()
else:
    server.serve_forever()
"""

_SIZE = 1000
_LINEAR_SECONDS, _QUADRATIC_SECONDS = 0.02 / _SIZE, 0.02 / _SIZE**2
"""Small, as the attacks of a sample: 20 ms for the whole size."""
_SIZE_LEFT_ALONE = 10**9
"""So large that nothing is measured again."""

_BUSY_PROCESSES = 10


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that does as it is told."""
    directory = tmp_path_factory.mktemp("told")
    script = directory / "told.py"
    script.write_text(_SERVER)
    with Server(Product.CRYPTOSERVE, directory, development=True, command=[sys.executable, str(script)]) as started:
        yield started


@pytest.fixture(scope="module")
def meter(server: Server) -> Iterator[Meter]:
    with Meter(server) as started:
        yield started


def _attack(server: Server, seconds: Callable[[int], float]) -> Attack:
    """One that costs ``seconds`` of its size."""

    def attack(size: int) -> Outcome:
        server.request("POST", f"burn/{seconds(size):.6f}")
        return Outcome(size)

    return attack


def _noisy(factors: Iterator[float], seconds: Callable[[int], float]) -> Callable[[int], float]:
    """Other work comes and goes: each time, the same costs more by another factor."""
    return lambda size: next(factors) * seconds(size)


def _factors(dear: int, period: int = 0) -> Iterator[float]:
    """The first ``dear`` measurements cost twice as much, and then each ``period``-th, if there is a period."""
    yield from [2.0] * dear
    number = 0
    while True:
        number += 1
        yield 2.0 if period and number % period == 0 else 1.0


def _linear(size: int) -> float:
    return _LINEAR_SECONDS * size


def _quadratic(size: int) -> float:
    return _QUADRATIC_SECONDS * size * size


@pytest.mark.parametrize("dear", [0, 3, 4, 5])
@pytest.mark.parametrize("period", [0, 2, 3])
def test_what_is_linear_is_let_off_while_the_machine_is_busy(
    meter: Meter, server: Server, dear: int, period: int
) -> None:
    """Also where all first measurements of the whole size met other work, and those of the half didn't."""
    cost = meter.judge("linear", _attack(server, _noisy(_factors(dear, period), _linear)), _SIZE)
    assert cost.growth <= MOST_GROWTH
    assert cost.faults() == []


@pytest.mark.parametrize("dear", [0, 3, 4, 5])
def test_what_is_quadratic_is_found(meter: Meter, server: Server, dear: int) -> None:
    cost = meter.judge("quadratic", _attack(server, _noisy(_factors(dear), _quadratic)), _SIZE)
    assert cost.growth > MOST_GROWTH
    assert [fault for fault in cost.faults() if "twice the size" in fault]


def test_work_that_is_kept_waiting_is_counted(meter: Meter, server: Server) -> None:
    """With one processor among eleven processes, the server works on for about a second after its answer."""
    seconds = 0.09

    def attack(size: int) -> Outcome:
        server.request("GET", f"later/{seconds}")
        return Outcome(size)

    with _crowded(server):
        cost = meter.judge("burning later", attack, _SIZE_LEFT_ALONE, settling=True)
    assert cost.seconds > 0.8 * seconds


@pytest.mark.parametrize(
    "line",
    [
        "request 1 ended in KeyError",
        "uvicorn.error: Exception in ASGI application",
        "hypercorn.error: Error in ASGI Framework",
        "asyncio: Task exception was never retrieved",
    ],
)
def test_exceptions_in_the_log_are_found(meter: Meter, server: Server, line: str) -> None:
    def attack(size: int) -> Outcome:
        server.request("GET", f"log/{quote(line)}")
        server.request("GET", "sys/health")  # Behind that, the line is written.
        return Outcome(size)

    cost = meter.judge("logging", attack, _SIZE_LEFT_ALONE)
    assert cost.unplanned == line
    assert cost.faults() == [f"an exception that nobody planned: {line}"]


@contextmanager
def _crowded(server: Server) -> Iterator[None]:
    """The server, on one processor together with others that have much to do."""
    processors = os.sched_getaffinity(0)
    processor = min(processors)
    [worker] = server.workers
    os.sched_setaffinity(worker, {processor})
    burning = f"import os\nos.sched_setaffinity(0, {{{processor}}})\nwhile True: pass"
    with ExitStack() as running:
        for _ in range(_BUSY_PROCESSES):
            # The kernel may share a processor among sessions, not among processes.
            command = [sys.executable, "-c", burning]
            process = running.enter_context(subprocess.Popen(command, start_new_session=True))
            running.callback(process.kill)
        yield
    os.sched_setaffinity(worker, processors)
