"""Repeated blocks of HTTP/2 headers: kept in both directions, with the same meaning as without."""

from __future__ import annotations

import hpack
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from h2.exceptions import ProtocolError
from hypothesis import given
from hypothesis import strategies as st

from server.listeners.http2.codec import BoundedConnection, BoundedDecoder, BoundedEncoder
from tests.server.listeners.http2.client import frame

NAMES = (b":status", b"content-type", b"content-length", b"set-cookie", b"x-vault-namespace", b"x-frame-options")
FIELDS = st.tuples(st.sampled_from(NAMES), st.sampled_from((b"200", b"a", b"b", b"c" * 500)))
BLOCKS = st.lists(st.lists(FIELDS, max_size=6), max_size=12)
HEAD = bytes([0x82, 0x84, 0x87, 0x01, 0x01]) + b"x"
"""GET / over https from authority x, in the tables' numbers; hpack remembers none of it."""

END, END_HEADERS = 1, 4


@given(BLOCKS, st.sampled_from((0, 100, 600, 4096)))
def test_what_the_encoder_remembers_is_read_alike(blocks: list[list[tuple[bytes, bytes]]], size: int) -> None:
    encoder, reader = BoundedEncoder(), hpack.Decoder()
    for number, fields in enumerate(blocks):
        if number == len(blocks) // 2:
            encoder.header_table_size = size
        assert list(reader.decode(encoder.encode(fields), raw=True)) == fields


@given(BLOCKS, st.sampled_from((0, 100, 600, 4096)))
def test_what_the_decoder_keeps_is_read_alike(blocks: list[list[tuple[bytes, bytes]]], size: int) -> None:
    writer, decoder = hpack.Encoder(), BoundedDecoder(lambda size: True)
    for number, fields in enumerate([*blocks, *blocks]):
        if number == len(blocks):
            writer.header_table_size = size
        block = writer.encode([(name, value, name == b"set-cookie") for name, value in fields])
        assert list(decoder.decode(block, raw=True)) == fields
        decoder.keep(block)


def test_an_answer_of_a_kind_costs_few_bytes_after_the_first() -> None:
    encoder = BoundedEncoder()
    sizes = [
        len(
            encoder.encode(
                [(b":status", b"200"), (b"x-frame-options", b"DENY"), (b"x-vault-request-id", b"%036d" % number)]
            )
        )
        for number in range(100)
    ]
    assert sizes[0] > sizes[1] == sizes[-1]
    assert len(encoder.header_table.dynamic_entries) == 1, "ids are not entered"


class Server:
    """h2's client, and the server's connection that reads what it sends."""

    def __init__(self) -> None:
        self.client = H2Connection(H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False))
        self.client.initiate_connection()
        self.connection = BoundedConnection(lambda size: True)
        self.connection.initiate_connection()
        self.connection.receive_data(self.client.data_to_send())

    def begins(self, stream_id: int, block: bytes, *, end: bool = True) -> RequestReceived:
        received = self.connection.receive_data(frame(1, END_HEADERS | (END if end else 0), stream_id, block))
        assert isinstance(received[0], RequestReceived)
        return received[0]


def test_a_known_block_gives_the_same_request() -> None:
    server = Server()
    first, second = server.begins(1, HEAD), server.begins(3, HEAD)
    assert server.connection.decoder.known(HEAD) is not None
    assert first.headers == second.headers


@pytest.mark.parametrize("bad", [b"\x00\x0aconnection\x01x", b"\x00\x01A\x01x", b"\x00\x01a\x03b\r\n"])
def test_fields_that_have_not_begun_a_request_are_validated(bad: bytes) -> None:
    server = Server()
    server.begins(1, HEAD)
    server.connection.reset_stream(1)
    server.connection.receive_data(frame(1, END | END_HEADERS, 1, HEAD + bad))  # Of a stream that is over.
    assert server.connection.decoder.known(HEAD + bad) is None
    with pytest.raises(ProtocolError):
        server.connection.receive_data(frame(1, END | END_HEADERS, 3, HEAD + bad))


def test_a_known_head_is_no_trailer() -> None:
    server = Server()
    server.begins(1, HEAD)
    server.begins(3, HEAD, end=False)
    with pytest.raises(ProtocolError):
        server.connection.receive_data(frame(1, END | END_HEADERS, 3, HEAD))


def test_only_a_few_short_blocks_are_kept() -> None:
    server = Server()
    for number in range(50):
        server.begins(2 * number + 1, HEAD + b"\x00\x01a\x03%03d" % number)
    assert len(server.connection.decoder._known) <= 4
    server.begins(201, long := HEAD + b"\x00\x01a\x7f\xff\x0f" + b"b" * (127 + 127 + 15 * 128))
    assert server.connection.decoder.known(long) is None
