"""A supervisor and its workers as real processes, with the example service: one server, whatever happens to a part."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.server.processes.test_process import SECONDS, Running, ask, connect, refuses, started
from tests.support.waiting import wait_until

WORKERS = 3
CONFIG = """
storage "sqlite" { path = "unused" }
listener "tcp" { address = "127.0.0.1:0" }
listener "unix" { address = "socket" }
pid_file = "pid"
"""
_PATIENT = "import server.listeners.accept as a; a.YIELD_SECONDS = 0.1; a.REFUSAL_SECONDS = 60.0"
"""On a busy machine, a worker may get no time while connections come; so they are left to it for longer."""

REQUEST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"


@contextmanager
def supervised(tmp_path: Path, workers: int = WORKERS, settings: str = "", before: str = "") -> Iterator[Running]:
    """A server with several workers."""
    file = tmp_path / "c.hcl"
    file.write_text(f"{CONFIG}workers = {workers}\n{settings}")
    with started(tmp_path, "-config", str(file), before=before) as server:
        yield server


def children(process: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def await_true(condition: Callable[[], bool], server: Running) -> None:
    wait_until(condition, server.log.read_text, pause=0.005)


def who_answers(opened: socket.socket) -> int:
    """The process behind a connection."""
    opened.sendall(REQUEST)
    answer = opened.recv(65536)
    assert b"200 OK" in answer, answer
    return int(json.loads(answer.partition(b"\r\n\r\n")[2])["process"])


def _shares(url: str, count: int) -> Counter[int]:
    """How many of ``count`` connections at a time each process gets."""
    with ExitStack() as connections:
        opened = [connections.enter_context(connect(url)) for _ in range(count)]
        return Counter(who_answers(one) for one in opened)


def test_they_share_connections_and_end_together(tmp_path: Path) -> None:
    with supervised(tmp_path, before=_PATIENT) as server:
        url = server.urls(2)[0]
        workers = children(server.process.pid)
        assert len(workers) == WORKERS
        assert (tmp_path / "pid").read_text() == f"{server.process.pid}\n"
        shares = _shares(url, 8 * WORKERS)
        assert sorted(shares) == sorted(workers)
        assert max(shares.values()) - min(shares.values()) <= 2
        server.signal(signal.SIGTERM)
        assert server.end() == 0
        assert not any(alive(worker) for worker in workers)
        assert server.log.read_text().count("service closed") == WORKERS
        assert not (tmp_path / "socket").exists()
        assert not (tmp_path / "pid").exists()
        with pytest.raises(OSError, match="refused"):
            connect(url)


@pytest.mark.parametrize(("signals", "seconds", "expected"), [(1, "0.4", b"200 OK"), (2, "60", b"500 In")])
def test_what_is_under_way_is_finished_unless_it_is_hurried(
    tmp_path: Path, signals: int, seconds: str, expected: bytes
) -> None:
    with supervised(tmp_path) as server, connect(url := server.urls(2)[0]) as opened:
        opened.sendall(f"POST /slow?{seconds} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n".encode())
        server.wait_for("slow request has begun")
        for number in range(signals):
            if number:
                await_true(lambda: refuses(url), server)
            # As a terminal does it, the signal goes to the workers too.
            for process in (*children(server.process.pid), server.process.pid):
                os.kill(process, signal.SIGINT)
        assert opened.recv(65536)[9:15] == expected
        assert server.end() == 0
        assert server.log.read_text().count("service closed") == WORKERS


def ask_or_be_cut_off(url: str) -> bytes:
    """The answer, at the second attempt if the first met the worker that ends; but no connection may be refused."""
    try:
        answer = ask(url)
    except (ConnectionResetError, BrokenPipeError):
        answer = b""
    return answer or ask(url)


def test_a_worker_that_ends_is_replaced(tmp_path: Path) -> None:
    with supervised(tmp_path, workers=2, before=_PATIENT) as server:
        url = server.urls(2)[0]
        for number, words in ((signal.SIGKILL, "status -9"), (signal.SIGTERM, "status 0")):
            before = children(server.process.pid)
            os.kill(before[0], number)
            while alive(before[0]):
                assert b"200 OK" in ask_or_be_cut_off(url)
            await_true(lambda before=before: len(set(children(server.process.pid)) - set(before)) == 1, server)  # type: ignore[misc]
            assert before[1] in children(server.process.pid)
            server.wait_for(words)
            await_true(lambda: len(_shares(url, 8)) == 2, server)
        server.signal(signal.SIGTERM)
        assert server.end() == 0


def test_a_worker_that_hangs_is_replaced(tmp_path: Path) -> None:
    quick = "import server.processes.supervisor as s; s.ASK_SECONDS = 0.1; s.SILENT_SECONDS = 0.5"
    with supervised(tmp_path, workers=2, before=quick) as server:
        url = server.urls(2)[0]
        hung = children(server.process.pid)[1]
        os.kill(hung, signal.SIGSTOP)
        server.wait_for(f"worker {hung} doesn't answer")
        await_true(lambda: not alive(hung) and len(children(server.process.pid)) == 2, server)
        assert b"200 OK" in ask(url)


def test_workers_do_not_outlive_their_supervisor(tmp_path: Path) -> None:
    with supervised(tmp_path) as server:
        server.urls(2)
        workers = children(server.process.pid)
        os.kill(workers[0], signal.SIGSTOP)  # Not even one that can't notice it.
        server.process.kill()
        server.end()
        await_true(lambda: not any(alive(worker) for worker in workers), server)


def test_a_reload_reaches_all_and_refuses_nobody(tmp_path: Path) -> None:
    with supervised(tmp_path) as server:
        url = server.urls(2)[0]
        over, refused, asked = threading.Event(), list[str](), Counter[str]()

        def keep_asking() -> None:
            while not over.is_set():
                try:
                    asked["good" if b"200 OK" in ask(url) else "bad"] += 1
                except OSError as error:
                    refused.append(str(error))

        with connect(url) as kept:
            asking = threading.Thread(target=keep_asking)
            asking.start()
            for turn in range(1, 4):
                level = ("debug", "info", "warn")[turn - 1]
                (tmp_path / "c.hcl").write_text(f'{CONFIG}workers = {WORKERS}\nlog_level = "{level}"')
                server.signal(signal.SIGHUP)
                await_true(
                    lambda level=level: server.log.read_text().count(f"log_level {level}") == WORKERS,  # type: ignore[misc]
                    server,
                )
            over.set()
            asking.join(SECONDS)
            assert who_answers(kept) in children(server.process.pid), "connections stay open"
        assert (refused, asked["bad"]) == ([], 0)
        assert asked["good"] > 0


def test_a_worker_that_cannot_start_is_the_servers_refusal(tmp_path: Path) -> None:
    file = tmp_path / "c.hcl"
    file.write_text('storage "sqlite" { path = "refuse" }\nlistener "unix" { address = "s" }\nworkers = 2')
    with started(tmp_path, "-config", str(file)) as server:
        assert server.end() == 1
    assert server.log.read_text() == "the disk is full\n"
    assert not (tmp_path / "s").exists()


def test_too_many_connections_are_told_so(tmp_path: Path) -> None:
    with supervised(tmp_path, workers=2, settings="max_connections = 6\n", before=_PATIENT) as server:
        url = server.urls(2)[0]
        with ExitStack() as connections:
            opened = [connections.enter_context(connect(url)) for _ in range(6)]
            assert {who_answers(one) for one in opened} <= set(children(server.process.pid))
            refused = ask(url)
            assert refused.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: 1\r\n" in refused
            assert json.loads(refused.partition(b"\r\n\r\n")[2])["errors"]
            opened.pop().close()
            await_true(lambda: b"200 OK" in ask(url), server)


def test_too_many_requests_are_told_so(tmp_path: Path) -> None:
    with supervised(tmp_path, workers=2, settings="max_concurrent_requests = 4\n") as server:
        url = server.urls(2)[0]
        with ExitStack() as connections:
            opened = [connections.enter_context(connect(url)) for _ in range(5)]
            for one in opened:
                one.sendall(b"POST /hang HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
            opened[-1].settimeout(SECONDS)
            await_true(lambda: b"503" in ask(url, "/") or b"503" in ask(url, "/"), server)
            assert b"200 OK" in ask(url, "/v1/sys/health")
            assert b"200 OK" in ask(url, "/v1/sys/health")
