"""Streams of a hundred thousand records against a real server process, whose memory they must not fill."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pytest

from tests.support import processes
from tests.support.certificates import issue
from tests.support.products import Product
from tests.support.servers import Server
from tests.wire.raw import RawConnection

RECORDS = 100_000
BLOCK = 1000
MAX_GROWTH_BYTES = 24 * 1024 * 1024
"""By how much a server may grow for the sake of a stream, however long: less than half of what goes through."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A durable server with the key ``k``."""
    with Server(Product.CRYPTOSERVE, tmp_path_factory.mktemp("plain"), settings="max_batch_items = 5\n") as started:
        yield prepared(started)


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same behind TLS."""
    directory = tmp_path_factory.mktemp("secure")
    with Server(Product.CRYPTOSERVE, directory, tls=issue(directory)) as started:
        yield prepared(started)


def prepared(server: Server) -> Server:
    server.initialize()
    server.unseal()
    server.request("POST", "sys/mounts/transit", {"type": "transit"}).data()
    server.request("POST", "transit/keys/k", {}).data()
    return server


def blocks() -> Iterator[bytes]:
    """Lines with a plaintext each, many to a block."""
    for start in range(0, RECORDS, BLOCK):
        yield b"".join(
            b'{"plaintext":"%s","reference":"%d"}\n' % (base64.b64encode(bytes(200) + b"%d" % number), number)
            for number in range(start, start + BLOCK)
        )


def stream(server: Server, path: str, sent: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces of the answer to a stream, which is sent by a thread of its own: the recipe of the documentation."""
    connection = server.connect()
    connection.putrequest("POST", f"/v1/{path}")
    connection.putheader("X-Vault-Token", server.root_token)
    connection.putheader("Content-Type", "application/x-ndjson")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()

    def send() -> None:
        for block in sent:
            connection.send(b"%x\r\n%s\r\n" % (len(block), block))
        connection.send(b"0\r\n\r\n")

    sending = threading.Thread(target=send)
    sending.start()
    response = connection.getresponse()
    assert response.status == 200
    while piece := response.read(65536):
        yield piece
    sending.join()
    connection.close()


def numbered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Whole lines out of pieces, of which none is an error."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            assert b'"error' not in line
            yield line + b"\n"
    assert rest == b""


def together(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Lines in blocks."""
    block = []
    for line in lines:
        block.append(line)
        if len(block) == BLOCK:
            yield b"".join(block)
            block = []
    yield b"".join(block) or b"\n"


def test_a_hundred_thousand_records_in_bounded_memory(server: Server) -> None:
    first = server.request("POST", "transit/encrypt/k", {"plaintext": "YQ=="}).data()
    assert first["key_version"] == 1
    before = processes.memory_bytes(server.group)
    highest = before
    # Encrypted, encrypted anew and decrypted by three streams at the same time, each fed by the one before.
    encrypted = numbered(stream(server, "transit/stream/encrypt/k", blocks()))
    rewrapped = numbered(stream(server, "transit/stream/rewrap/k", together(encrypted)))
    decrypted = numbered(stream(server, "transit/stream/decrypt/k", together(rewrapped)))
    expected = (line for block in blocks() for line in block.splitlines(keepends=True))
    count = 0
    for line, sent in zip(decrypted, expected, strict=True):
        assert line == sent
        count += 1
        if count % 5000 == 0:
            highest = max(highest, processes.memory_bytes(server.group))
    assert count == RECORDS
    assert highest - before < MAX_GROWTH_BYTES


def test_a_reader_that_is_slow_slows_the_server_down(server: Server) -> None:
    before = processes.memory_bytes(server.group)
    taken = threading.Event()

    def watched() -> Iterator[bytes]:
        for number, block in enumerate(blocks()):
            if number == RECORDS // BLOCK - 1:
                # Far more was sent than fits between the two: the reader must have begun.
                assert taken.wait(20)
            yield block

    answers = numbered(stream(server, "transit/stream/encrypt/k", watched()))
    for _ in range(10):
        next(answers)
    assert server.request("POST", "transit/encrypt/k", {"plaintext": "YQ=="}).status == 200
    assert processes.memory_bytes(server.group) - before < MAX_GROWTH_BYTES
    taken.set()
    assert sum(1 for _ in answers) == RECORDS - 10


def test_http_2(secure: Server) -> None:
    assert secure.tls is not None
    context = ssl.create_default_context(cafile=str(secure.tls.authority))
    context.set_alpn_protocols(["h2"])
    before = processes.memory_bytes(secure.group)
    with RawConnection(secure, context) as raw:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        connection.initiate_connection()
        number = connection.get_next_available_stream_id()
        headers = {
            ":method": "POST",
            ":scheme": "https",
            ":authority": "x",
            ":path": "/v1/transit/stream/encrypt/k",
            "x-vault-token": secure.root_token,
            "content-type": "application/x-ndjson",
        }
        connection.send_headers(number, list(headers.items()))
        body, position = b"".join(blocks()), 0
        received = bytearray()
        ended = closed = False
        while not ended:
            while position < len(body):
                room = min(connection.local_flow_control_window(number), connection.max_outbound_frame_size)
                if room <= 0:
                    break
                connection.send_data(number, body[position : position + room])
                position += room
            if position >= len(body) and not closed:
                connection.end_stream(number)
                closed = True
            raw.send(connection.data_to_send())
            for event in connection.receive_data(raw.receive()):
                if isinstance(event, h2.events.DataReceived):
                    received += event.data or b""
                    connection.acknowledge_received_data(event.flow_controlled_length or 0, number)
                ended = ended or isinstance(event, h2.events.StreamEnded)
    lines = bytes(received).splitlines()
    assert len(lines) == RECORDS
    assert json.loads(lines[-1])["reference"] == str(RECORDS - 1)
    assert processes.memory_bytes(secure.group) - before < MAX_GROWTH_BYTES


def test_batches_have_the_limit_of_the_configuration(server: Server) -> None:
    for count, status in ((5, 200), (6, 400)):
        answer = server.request("POST", "transit/encrypt/k", {"batch_input": [{"plaintext": "YQ=="}] * count})
        assert answer.status == status


def test_the_audit_has_two_entries_for_a_stream(server: Server) -> None:
    path = server.audit_path
    before = path.stat().st_size
    assert sum(1 for _ in numbered(stream(server, "transit/stream/encrypt/k", iter([next(blocks())])))) == BLOCK
    entries = [json.loads(line) for line in Path(path).read_bytes()[before:].splitlines()]
    assert [entry["type"] for entry in entries] == ["request", "response"]
    assert entries[1]["response"]["data"]["items"] == BLOCK
