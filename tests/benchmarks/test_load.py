"""The load generator counts what it should: complete answers with status 200, and everything else as failures."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.load import BadResponse, Stream, build_request, measure, run, run_together

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"
REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def answering(answers: list[bytes]) -> Iterator[int]:
    """A server for one connection that gives ``answers`` in turn, each in two pieces; an empty one closes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        # Without it, the second piece would wait for the client to acknowledge the first.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            for answer in itertools.cycle(answers):
                try:
                    if not connection.recv(65536) or not answer:
                        return
                    connection.sendall(answer[:20])
                    connection.sendall(answer[20:])
                except ConnectionError:
                    return  # The load generator leaves in the middle of things when its time is over.

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        thread.join(10)
        listener.close()


def load(answers: list[bytes], seconds: float = 0.2) -> tuple[int, dict[str, int]]:
    """Good answers and failures of a short load."""
    with answering(answers) as port:
        request = build_request("POST", "/v1/x", f"127.0.0.1:{port}", b"{}", "token")
        done = run("127.0.0.1", port, [request], seconds, connections=1)
    return len(done.latencies_seconds), done.failures


@pytest.mark.parametrize("answer", [PLAIN, CHUNKED], ids=["with a length", "in chunks"])
def test_good_answers_count(answer: bytes) -> None:
    good, failures = load([answer])
    assert good > 10
    assert failures == {}


def test_refusals_are_failures() -> None:
    good, failures = load([PLAIN, REFUSED])
    assert good > 5
    assert abs(failures.pop("HTTP/1.1 403 Forbidden") - good) <= 1
    assert failures == {}


def test_a_closed_connection_is_a_failure() -> None:
    assert load([PLAIN, b""]) == (1, {"connection closed by the server": 1})


def test_nonsense_is_a_failure() -> None:
    assert load([b"SSH-2.0-OpenSSH and more\r\n\r\n"]) == (0, {"not HTTP/1.1: b'SSH-2.0-OpenSSH and more'": 1})


@pytest.mark.parametrize("answer", [PLAIN, CHUNKED, REFUSED])
def test_an_answer_is_complete_at_its_last_byte(answer: bytes) -> None:
    for size in range(len(answer)):
        length = measure(answer[:size])[1]
        assert length is None or length == len(answer)
    assert measure(answer)[1] == len(answer)


def test_an_answer_without_length_is_refused() -> None:
    with pytest.raises(BadResponse, match="without a length"):
        measure(b"HTTP/1.1 200 OK\r\n\r\n")


def test_a_fixed_rate_is_kept() -> None:
    with answering([PLAIN]) as port:
        request = build_request("POST", "/v1/x", f"127.0.0.1:{port}", b"{}", "token")
        (done,) = run_together("127.0.0.1", port, [Stream([request], 1, 50.0)], 0.5)
    assert 5 < len(done.latencies_seconds) <= 27


def test_quantiles() -> None:
    with answering([PLAIN]) as port:
        request = build_request("POST", "/v1/x", f"127.0.0.1:{port}", b"{}", "token")
        done = run("127.0.0.1", port, [request], 0.1, connections=1)
    assert 0 < done.quantile_seconds(0.5) <= done.quantile_seconds(0.99) <= max(done.latencies_seconds)
    assert done.per_second == pytest.approx(len(done.latencies_seconds) / done.seconds)
    assert done.processor_seconds > 0
