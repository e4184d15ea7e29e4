"""Vault's own verbs come through the parser, however the bytes are cut."""

from __future__ import annotations

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.listeners.http1.methods import STAND_IN, Methods


class _Connection:
    """A parser behind ``Methods``, as the protocol has it."""

    def __init__(self) -> None:
        self.methods = Methods()
        self.seen: list[str] = []
        self.bodies: list[bytes] = []
        self.parser = httptools.HttpRequestParser(self)

    def feed(self, data: bytes) -> None:
        data = self.methods.incoming(data)
        if data:
            self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.methods.between = False
        self.bodies.append(b"")

    def on_headers_complete(self) -> None:
        self.seen.append(self.methods.method(self.parser.get_method().decode()))

    def on_body(self, body: bytes) -> None:
        self.bodies[-1] += body

    def on_message_complete(self) -> None:
        self.methods.between = True


def _request(method: str, body: bytes) -> bytes:
    return b"%s /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s" % (method.encode(), len(body), body)


METHODS = st.sampled_from(
    ["LIST", "SCAN", "HELP", "GET", "POST", "PUT", "DELETE", "LINK", "FOO", "get", "HEAD", "SEARCH"]
)


@given(
    requests=st.lists(st.tuples(METHODS, st.sampled_from([b"", b"LIST ", b"LIST /v1/x HTTP/1.1\r\n\r\n"]))),
    data=st.data(),
)
def test_methods_and_bodies_arrive_as_they_were_sent(requests: list[tuple[str, bytes]], data: st.DataObject) -> None:
    connection = _Connection()
    for method, body in requests:
        raw = _request(method, body)
        cuts = sorted(data.draw(st.lists(st.integers(1, len(raw) - 1), max_size=3)))
        for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
            if start < end:
                connection.feed(raw[start:end])
    assert connection.seen == [method for method, _ in requests]
    assert connection.bodies == [body for _, body in requests]


@pytest.mark.parametrize(
    "start", [b"(LIST) /v1/x HTTP/1.1\r\n", b"A" * 33 + b" /v1/x HTTP/1.1\r\n", b"\x16\x03\x01\x02"]
)
def test_what_is_no_method_is_left_to_the_parser(start: bytes) -> None:
    with pytest.raises(httptools.HttpParserError):
        _Connection().feed(start)


def test_the_stand_in_is_a_method_of_the_parser() -> None:
    connection = _Connection()
    connection.feed(_request(STAND_IN.decode(), b""))
    assert connection.seen == ["SEARCH"]
