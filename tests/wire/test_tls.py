"""A TLS listener: certificates, versions, and HTTP/1.1 and HTTP/2 as ALPN chooses."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator

import h2.config
import h2.connection
import h2.events
import pytest

from tests.support.certificates import issue
from tests.support.products import Product
from tests.support.servers import Server
from tests.wire.raw import RawConnection


@pytest.fixture(scope="module")
def server(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a TLS listener."""
    directory = tmp_path_factory.mktemp(product.value)
    with Server(product, directory, tls=issue(directory)) as started:
        started.initialize()
        started.unseal()
        started.request("POST", "sys/mounts/transit", {"type": "transit"}).data()
        yield started


def context(server: Server, *protocols: str) -> ssl.SSLContext:
    """A client's context that trusts the server's authority."""
    assert server.tls is not None
    made = ssl.create_default_context(cafile=str(server.tls.authority))
    if protocols:
        made.set_alpn_protocols(list(protocols))
    return made


@pytest.mark.parametrize("protocols", [(), ("http/1.1",)], ids=["without ALPN", "http/1.1"])
def test_http_1_1(server: Server, protocols: tuple[str, ...]) -> None:
    with RawConnection(server, context(server, *protocols)) as raw:
        assert raw.protocol == (protocols[0] if protocols else None)
        for _ in range(2):
            answer = raw.ask("POST", "/v1/transit/encrypt/orders", b'{"plaintext": "YXR0YWNr"}')
            assert answer.status == 200
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000; includeSubDomains")


class Http2:
    """As much of an HTTP/2 client as asking takes."""

    def __init__(self, raw: RawConnection, server: Server) -> None:
        self._raw = raw
        self._server = server
        self._connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self._connection.initiate_connection()
        self._raw.send(self._connection.data_to_send())
        self._statuses: dict[int, int] = {}
        self._bodies: dict[int, bytes] = {}
        self._ended: set[int] = set()

    def send(self, method: str, path: str, body: bytes = b"") -> int:
        """Open a stream with one request."""
        stream = self._connection.get_next_available_stream_id()
        headers = [
            (":method", method),
            (":scheme", "https"),
            (":authority", f"127.0.0.1:{self._server.port}"),
            (":path", path),
            ("x-vault-token", self._server.root_token),
        ]
        self._connection.send_headers(stream, headers, end_stream=not body)
        if body:
            self._connection.send_data(stream, body, end_stream=True)
        self._raw.send(self._connection.data_to_send())
        return stream

    def answer(self, stream: int) -> tuple[int, bytes]:
        """The status and body of a stream's answer."""
        while stream not in self._ended:
            data = self._raw.receive()
            assert data, "closed by the server"
            for event in self._connection.receive_data(data):
                self._take(event)
            self._raw.send(self._connection.data_to_send())
        return self._statuses[stream], self._bodies.get(stream, b"")

    def _take(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.ResponseReceived):
            headers = {str(name): str(text) for name, text in event.headers or []}
            assert event.stream_id is not None
            self._statuses[event.stream_id] = int(headers[":status"])
        elif isinstance(event, h2.events.DataReceived):
            assert event.stream_id is not None
            self._bodies[event.stream_id] = self._bodies.get(event.stream_id, b"") + (event.data or b"")
            self._connection.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            assert event.stream_id is not None
            self._ended.add(event.stream_id)


def test_http_2(server: Server) -> None:
    with RawConnection(server, context(server, "h2", "http/1.1")) as raw:
        assert raw.protocol == "h2"
        client = Http2(raw, server)
        streams = [client.send("POST", "/v1/transit/encrypt/orders", b'{"plaintext": "YXR0YWNr"}') for _ in range(20)]
        answers = [client.answer(stream) for stream in streams]
        assert {status for status, _ in answers} == {200}
        assert len({body for _, body in answers}) == len(streams)
        assert client.answer(client.send("GET", "/v1/transit/keys/nope"))[0] == 404


def test_http_1_1_is_never_changed_to_http_2_on_the_way(server: Server) -> None:
    """A proxy that passes the offer on would let its client past its own rules."""
    upgrade = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAARAAAAAAAIAAAAA"}
    with RawConnection(server, context(server, "http/1.1")) as raw:
        for _ in range(2):
            answer = raw.ask("GET", "/v1/sys/health", headers=upgrade)
            assert (answer.status, answer.json()["sealed"]) == (200, False)


def test_length_and_chunks_together_are_one_request(product: Product, server: Server) -> None:
    with RawConnection(server, context(server)) as raw:
        smuggled = raw.head("GET", "/v1/sys/mounts")
        headers = {"Content-Length": str(5 + len(smuggled)), "Transfer-Encoding": "chunked"}
        raw.send(raw.head("POST", "/v1/sys/policies/acl/nope", headers) + b"0\r\n\r\n" + smuggled)
        assert raw.answer("POST").status == 400
        if product is Product.CRYPTOSERVE:
            assert raw.receive() == b""


def test_old_versions_are_refused(server: Server) -> None:
    old = context(server)
    with pytest.warns(DeprecationWarning):
        old.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        RawConnection(server, old)


def test_plain_http_is_refused(server: Server) -> None:
    with RawConnection(server) as raw:
        raw.send(raw.head("GET", "/v1/sys/health"))
        answer = raw.receive()
    assert answer.partition(b" ")[2].startswith(b"400 Bad Request\r\n")
    assert b"Client sent an HTTP request to an HTTPS server." in answer


def test_an_unknown_authority_is_not_trusted(server: Server) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        RawConnection(server, ssl.create_default_context())
    assert server.request("GET", "sys/health", token="").status == 200


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("protocol", ["--http1.1", "--http2"])
@pytest.mark.parametrize(("path", "status"), [("sys/health", "200"), ("sys/mounts", "403"), ("transit/none", "403")])
def test_every_answer_names_its_request(
    server: Server, product: Product, protocol: str, path: str, status: str
) -> None:
    assert server.tls is not None
    authority = str(server.tls.authority)
    command = ["curl", "-si", protocol, "--cacert", authority, f"{server.address}/v1/{path}"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.lower()
    assert shown.startswith(f"http/{'2' if protocol == '--http2' else '1.1'} {status}")
    named = re.search(r"^x-vault-request-id: [0-9a-f-]{36}\s*$", shown, re.MULTILINE)
    assert (named is not None) == (product is Product.CRYPTOSERVE)
