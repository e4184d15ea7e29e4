"""Repeats and their bounds, and servers that answer badly, slowly, hugely or not at all."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from cryptoserve import CryptoServe, CryptoServeError, InvalidResponse, Unavailable
from tests.sdk.conftest import Connect, each
from tests.sdk.scripted import Play, Scripted, Sent, answer

OK = answer(200, {"data": {"ciphertext": "vault:v1:AAAA", "plaintext": "eA==", "hmac": "vault:v1:AAAA", "valid": True}})
SIGNED = answer(200, {"data": {"signature": "vault:v1:AAAA"}})


@pytest.mark.parametrize(
    "trouble", [b"", answer(503, {"errors": []}), answer(502, b"<html>"), answer(412), answer(429)]
)
def test_what_is_harmless_is_repeated(connect: Connect, scripted: Scripted, trouble: bytes) -> None:
    client = connect(addr=scripted.address, token="t")
    for call in each(
        lambda: client.encrypt(b"x", "c"),
        lambda: client.decrypt("vault:v1:AAAA", "c"),
        lambda: client.rewrap("vault:v1:AAAA", "c"),
        lambda: client.hmac(b"x", "c"),
        lambda: client.verify(b"x", "vault:v1:AAAA", "c"),
        lambda: client.verify_hmac(b"x", "vault:v1:AAAA", "c"),
    ):
        scripted.plays, scripted.sent = [trouble, trouble, OK], []
        call()
        assert len(scripted.sent) == 3
        assert len({sent.body for sent in scripted.sent}) == 1
    scripted.plays, scripted.sent = [trouble, trouble, SIGNED], []
    client.sign(b"x", key="c")
    assert len(scripted.sent) == 3


@pytest.mark.parametrize("trouble", [b"", answer(503), answer(429), answer(429, retry_after="0"), answer(500)])
def test_a_rotation_is_sent_once(connect: Connect, scripted: Scripted, trouble: bytes) -> None:
    scripted.plays = [trouble, answer(200, {})]
    with pytest.raises(CryptoServeError):
        connect(addr=scripted.address, token="t").rotate("c")
    assert len(scripted.sent) == 1


def test_a_server_that_was_never_reached_is_tried_again_for_a_rotation(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    late = Scripted(port, plays=[answer(200, {})])
    threading.Timer(0.3, late.start).start()
    try:
        connect(addr=f"http://127.0.0.1:{port}", token="t", timeout=120).rotate("c")
        assert len(late.sent) == 1
    finally:
        late.stop()


def test_a_refusal_is_not_repeated(connect: Connect, scripted: Scripted) -> None:
    scripted.plays = [answer(500, {"errors": ["boom"]}), OK]
    with pytest.raises(CryptoServeError):
        connect(addr=scripted.address, token="t").encrypt(b"x", "c")
    assert len(scripted.sent) == 1


@pytest.mark.parametrize("retries", [0, 2])
def test_repeats_can_be_counted(connect: Connect, scripted: Scripted, retries: int) -> None:
    scripted.plays = [answer(503)]
    with pytest.raises(Unavailable):
        connect(addr=scripted.address, token="t", max_retries=retries).encrypt(b"x", "c")
    assert len(scripted.sent) == retries + 1


@pytest.mark.parametrize("text", ["soon", "-1", "1e9", "Fri, 31 Dec 1999 23:59:59 GMT", "9" * 400])
def test_a_strange_retry_after_is_none(connect: Connect, scripted: Scripted, text: str) -> None:
    scripted.plays = [answer(429, retry_after=text), OK]
    connect(addr=scripted.address, token="t").encrypt(b"x", "c")
    assert len(scripted.sent) == 2


def test_the_index_is_sent_back(connect: Connect, scripted: Scripted) -> None:
    scripted.plays = [answer(200, {"data": {"ciphertext": "vault:v1:AAAA"}}, x_vault_index="abc="), OK]
    client = connect(addr=scripted.address, token="t")
    client.encrypt(b"x", "c")
    client.encrypt(b"x", "c")
    assert [sent.headers.get("x-vault-index") for sent in scripted.sent] == [None, "abc="]


def test_what_is_sent(connect: Connect, scripted: Scripted) -> None:
    scripted.plays = [OK]
    connect(addr=f"{scripted.address}/vault/", token="t", namespace="a/b/").encrypt(b"x", "c")
    (sent,) = scripted.sent
    assert (sent.method, sent.path) == ("POST", "/vault/v1/transit/encrypt/c")
    wanted = {
        "x-vault-token": "t",
        "x-vault-namespace": "a/b",
        "x-vault-request": "true",
        "accept-encoding": "identity",
    }
    assert wanted.items() <= sent.headers.items()
    assert sent.headers["host"] == scripted.address.removeprefix("http://")


def _dripping(start: bytes, pieces: bytes) -> Callable[[socket.socket, Sent], None]:
    """``start`` at once, then ``pieces`` over and over, byte by byte, for as long as the client stays."""

    def play(connection: socket.socket, sent: Sent) -> None:
        connection.sendall(start)
        for byte in itertools.cycle(pieces):
            connection.sendall(byte.to_bytes())
            time.sleep(0.02)

    return play


def _endless(start: bytes, part: bytes) -> Callable[[socket.socket, Sent], None]:
    def play(connection: socket.socket, sent: Sent) -> None:
        connection.sendall(start)
        for _ in range(4096):
            connection.sendall(part)

    return play


def _silent(connection: socket.socket, sent: Sent) -> None:
    connection.recv(1)


HUGE = 1 << 16
GARBLED: dict[str, Play] = {
    "no JSON": answer(200, b"<html>"),
    "a list": answer(200, []),
    "deep": answer(200, b"[" * 100_000),
    "deep object": answer(200, b'{"data":' * 100_000),
    "large number": answer(200, b'{"data": ' + b"9" * 10_000 + b"}"),
    "no text": answer(200, b"\xff\xfe{}"),
    "empty": answer(200),
    "no content": answer(204),
    "compressed": answer(200, b"\x1f\x8b", content_encoding="gzip"),
    "redirect": answer(307, location="http://127.0.0.1:1/"),
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "no HTTP at all": b"\x00" * 1000 + b"\r\n\r\n",
    "endless body": _endless(b"HTTP/1.1 200 X\r\ncontent-length: 99999999999\r\n\r\n", b"x" * HUGE),
    "endless chunks": _endless(
        b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * HUGE + b"\r\n"
    ),
    "endless head": _endless(b"HTTP/1.1 200 X\r\n", b"a: " + b"x" * 1000 + b"\r\n"),
    "endless header": _endless(b"HTTP/1.1 200 X\r\na: ", b"x" * HUGE),
    "bad length": b"HTTP/1.1 200 X\r\ncontent-length: -1\r\n\r\n",
}


@pytest.mark.parametrize("name", GARBLED)
def test_hostile_answers_are_bounded_and_invalid(connect: Connect, scripted: Scripted, name: str) -> None:
    scripted.plays = [GARBLED[name]]
    client = connect(addr=scripted.address, token="t", timeout=120)
    with pytest.raises(InvalidResponse):
        client.encrypt(b"x", "c")
    assert len(scripted.sent) == 1


@pytest.mark.parametrize(
    "play",
    [
        _silent,
        _dripping(b"HTTP/1.1 200 X\r\n", b"a: b\r\n"),
        _dripping(b"HTTP/1.1 200 X\r\ncontent-length: 99999999\r\n\r\n", b" "),
    ],
    ids=["silent", "dripping head", "dripping body"],
)
def test_slow_answers_end_with_the_time_of_the_call(connect: Connect, scripted: Scripted, play: Any) -> None:
    scripted.plays = [play]
    with pytest.raises(Unavailable):
        connect(addr=scripted.address, token="t", timeout=0.6).encrypt(b"x", "c")


def test_half_an_answer_is_repeated(connect: Connect, scripted: Scripted) -> None:
    def half(connection: socket.socket, sent: Sent) -> None:
        connection.sendall(OK[:-5])
        connection.shutdown(socket.SHUT_RDWR)

    scripted.plays = [half, OK]
    assert connect(addr=scripted.address, token="t").encrypt(b"x", "c") == "vault:v1:AAAA"


def test_a_connection_that_has_gone_stale_costs_no_call(connect: Connect, scripted: Scripted) -> None:
    def last(connection: socket.socket, sent: Sent) -> None:
        connection.sendall(OK)
        connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionError("a request that is on its way isn't read")

    scripted.plays = [last, last, last, OK]
    client = connect(addr=scripted.address, token="t")
    for _ in range(4):
        assert client.encrypt(b"x", "c") == "vault:v1:AAAA"
    assert len(scripted.sent) == 4


def test_threads_share_a_client(scripted: Scripted) -> None:
    scripted.plays = [OK]
    results: list[str] = []
    with CryptoServe("a", "b", addr=scripted.address, token="t") as client:
        threads = [
            threading.Thread(target=lambda: results.extend(client.encrypt(b"x", "c") for _ in range(20)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == ["vault:v1:AAAA"] * 160


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_begins_with_connections_of_its_own(scripted: Scripted) -> None:
    """Parent and child would read each other's answers."""

    def named(connection: socket.socket, sent: Sent) -> None:
        made = "vault:v1:" + sent.path.rpartition("/")[2].ljust(8, "A")
        connection.sendall(answer(200, {"data": {"ciphertext": made}}))

    scripted.plays = [named]
    with CryptoServe("a", "b", addr=scripted.address, token="t") as client:
        client.encrypt(b"x", "before")
        child = os.fork()
        mine, wrong = ("child", 1) if child == 0 else ("parent", 0)
        for _ in range(50):
            if client.encrypt(b"x", mine) != "vault:v1:" + mine.ljust(8, "A"):
                wrong = 2
        if child == 0:
            os._exit(wrong - 1)
        _, status = os.waitpid(child, 0)
    assert (wrong, os.waitstatus_to_exitcode(status)) == (0, 0)


@pytest.mark.parametrize("options", [{"timeout": 0}, {"timeout": -1}, {"timeout": float("nan")}, {"max_retries": -1}])
def test_bounds_that_are_none_are_refused(connect: Connect, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        connect(**options)
