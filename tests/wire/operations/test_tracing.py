"""A trace over the wire: from a call of the SDK by way of the server's request to its storage, at a collector."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cryptoserve import AsyncCryptoServe, CryptoServe, Unavailable
from cryptoserve.otel import instrument
from tests.support.products import Product
from tests.support.servers import ROOT_TOKEN, Server
from tests.support.waiting import wait_until


class Collector(ThreadingHTTPServer):
    """Takes spans by OTLP over HTTP."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans: list[Span] = []
        self.services: set[str] = set()

    @property
    def endpoint(self) -> str:
        """Where it takes them."""
        return f"http://127.0.0.1:{self.server_port}/v1/traces"

    def named(self, name: str) -> list[Span]:
        """The spans of this name so far."""
        return [span for span in self.spans if span.name == name]


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        told = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        for resource in told.resource_spans:
            names = {each.key: each.value.string_value for each in resource.resource.attributes}
            self.server.services.add(names["service.name"])
            for scope in resource.scope_spans:
                self.server.spans += scope.spans
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def server(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = f'''
tracing "otlp" {{
  endpoint = "{collector.endpoint}"
  service_name = "ours"
}}
'''
    folder = tmp_path_factory.mktemp("traced")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")  # In milliseconds, instead of five seconds.
        with Server(Product.CRYPTOSERVE, folder, settings=settings) as started:
            started.initialize()
            started.unseal()
            started.request("POST", "sys/mounts/transit", {"type": "transit"})
            yield started


async def test_one_trace_from_the_client_to_the_store(server: Server, collector: Collector) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    address, token = server.address, server.root_token
    with instrument(CryptoServe("payments", "backend", addr=address, token=token), provider) as client:
        ciphertext = client.encrypt(b"plain text", "traced")
    async with instrument(AsyncCryptoServe("payments", "backend", addr=address, token=token), provider) as other:
        assert await other.decrypt(ciphertext, "traced") == b"plain text"
    sent = exporter.get_finished_spans()
    assert [span.name for span in sent] == ["POST", "POST"]
    first = dict(sent[0].attributes or {})
    request_id = first.pop("cryptoserve.request_id")
    assert first == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "server.port": int(server.address.rpartition(":")[2]),
        "url.full": f"{server.address}/v1/transit/encrypt/traced",
    }
    name = "POST /v1/transit/encrypt/{name}"
    (got,) = wait_until(lambda: collector.named(name))
    assert sent[0].context is not None
    assert got.parent_span_id == sent[0].context.span_id.to_bytes(8, "big")
    assert request_id in {each.value.string_value for each in got.attributes}
    children = [span for span in collector.spans if span.parent_span_id == got.span_id]
    assert "storage transaction" in {span.name for span in children}
    assert collector.services == {"ours"}
    assert b"plain text" not in b"".join(span.SerializeToString() for span in collector.spans)


def test_a_server_that_is_away_is_an_error_of_the_span() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    client = instrument(CryptoServe("a", "b", addr="http://127.0.0.1:1", token=ROOT_TOKEN, max_retries=0), provider)
    with client, pytest.raises(Unavailable):
        client.encrypt(b"plain text", "traced")
    (span,) = exporter.get_finished_spans()
    assert span.attributes is not None and span.attributes["error.type"] == "NotSent"
    assert not span.events and not span.status.description
