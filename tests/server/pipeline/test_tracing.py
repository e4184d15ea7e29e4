"""Spans of a server in this process: what they tell, what they don't, and whose they follow."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest
import pytest_asyncio
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from server.config import ConfigError
from server.config.settings import Tracing as Settings
from server.pipeline.tracing import provider
from server.pipeline.tracing.provider import Tracing, make_provider, open_tracing
from storage.seals.static import StaticSeal
from tests.house.sources import ROOT
from tests.support.systems import NewServer, Server

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"
SETTINGS = Settings("http://localhost/")


class Traced:
    """A server, and the spans that it has ended."""

    def __init__(self, sample_percent: int = 100) -> None:
        self.exporter = InMemorySpanExporter()
        settings = Settings(SETTINGS.endpoint, sample_percent=sample_percent)
        self.tracing = Tracing(make_provider(settings, SimpleSpanProcessor(self.exporter)))
        self.server: Server

    async def begin(self, new_server: NewServer) -> None:
        """Initialise, with an engine at ``notes/``; a static seal opens it at once."""
        self.server = await new_server(seal=StaticSeal(("one", bytes(range(32)))), tracing=self.tracing)
        self.server.root_token = (await self.server.core.initialize(0, 0)).root_token
        assert (await self.server.ask("POST", "sys/mounts/notes", {"type": "notes"}))[0] == 204

    def taken(self) -> list[ReadableSpan]:
        """The spans since the last call, in the order of their ends."""
        spans = self.exporter.get_finished_spans()
        self.exporter.clear()
        return list(spans)


@pytest_asyncio.fixture
async def traced(new_server: NewServer) -> Traced:
    made = Traced()
    await made.begin(new_server)
    made.taken()
    return made


async def test_a_request_and_its_commit(traced: Traced) -> None:
    body, headers = {"text": "a secret text"}, {"traceparent": PARENT}
    answer = await traced.server.send("POST", "notes/note/one", body, headers=headers)
    assert answer.status == 204
    *storage, request = traced.taken()
    assert (request.name, request.kind) == ("POST /v1/notes/note/{name}", SpanKind.SERVER)
    assert dict(request.attributes or {}) == {
        "http.request.method": "POST",
        "http.response.status_code": 204,
        "http.route": "/v1/notes/note/{name}",
        "cryptoserve.mount": "notes/",
        "cryptoserve.namespace": "",
        "cryptoserve.request_id": answer.request_id,
    }
    assert request.context is not None and request.parent is not None
    assert (f"{request.parent.trace_id:032x}", f"{request.parent.span_id:016x}") == (TRACE, SPAN)
    assert "storage transaction" in {span.name for span in storage}
    for span in storage:
        assert span.kind is SpanKind.CLIENT
        assert span.attributes == {"cryptoserve.storage": "inmem"}
        assert span.context is not None and span.parent is not None
        assert span.context.trace_id == request.context.trace_id
    everything = "".join(span.to_json() for span in (*storage, request))
    for secret in ("a secret text", traced.server.root_token, "note/one"):
        assert secret not in everything


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"traceparent": f"00-{'0' * 32}-{SPAN}-01"},
        {"traceparent": f"ff-{TRACE}-{SPAN}-01"},
        {"traceparent": "x" * 8000},
        {"traceparent": "\N{LATIN SMALL LETTER THORN}"},
        {"tracestate": "a=b"},
    ],
    ids=["none", "zeros", "unknown version", "long", "not ASCII", "state alone"],
)
async def test_without_a_valid_parent_a_trace_begins(traced: Traced, header: dict[str, str]) -> None:
    assert (await traced.server.send("GET", "notes/note/none", headers=header)).status == 404
    request = traced.taken()[-1]
    assert request.parent is None
    assert request.context is not None and not request.context.trace_state


async def test_a_caller_decides_whether_it_is_traced(new_server: NewServer) -> None:
    made = Traced(sample_percent=0)
    await made.begin(new_server)
    await made.server.send("GET", "notes/note/none", headers={"traceparent": f"{PARENT[:-1]}0"})
    assert made.taken() == []
    await made.server.send("GET", "notes/note/none", headers={"traceparent": PARENT})
    assert made.taken()


async def test_seals_and_requests_outside_of_mounts(new_server: NewServer) -> None:
    made = Traced()
    await made.begin(new_server)
    (seal,) = (span for span in made.taken() if span.name == "seal wrap")
    assert seal.attributes == {"cryptoserve.seal": "static"}
    await made.server.core.seal()
    await made.server.core.start()
    assert "seal unwrap" not in {span.name for span in made.taken()}  # It is kept sealed until it is asked.
    await made.server.core.stored_seal.unlock()
    assert [span.name for span in made.taken()] == ["seal unwrap"]
    assert (await made.server.ask("GET", "sys/health", token=""))[0] == 503
    assert [span.name for span in made.taken()] == ["storage get", "GET"]


async def test_faults_have_no_texts(traced: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*arguments: object) -> None:
        raise OSError("secret of the medium")

    store = traced.server.core.runtime.store
    monkeypatch.setattr(store._store, "get", fail)  # type: ignore[attr-defined]
    with pytest.raises(AssertionError, match="nobody planned"):
        await traced.server.send("GET", "notes/note/one")
    *_, storage, request = traced.taken()
    assert (storage.name, storage.status.status_code) == ("storage get", StatusCode.ERROR)
    assert storage.status.description == "OSError"
    assert request.status.status_code is StatusCode.ERROR
    assert "secret" not in storage.to_json() + request.to_json()
    assert not storage.events and not request.events


async def test_what_waits_for_a_collector_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    made = Traced().tracing
    monkeypatch.setattr(made._provider, "shutdown", lambda: held.wait())
    monkeypatch.setattr(provider, "CLOSE_SECONDS", 0.05)
    before = set(threading.enumerate())
    await made.close()
    (waiting,) = set(threading.enumerate()) - before
    assert waiting.daemon and waiting.is_alive()
    held.set()
    waiting.join()


def test_without_the_extra_the_configuration_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for needed in ("missing_package", "missing_package.inner"):
        monkeypatch.setattr(provider, "_NEEDED", needed)
        with pytest.raises(ConfigError, match="tracing needs OpenTelemetry: the extra otel of cryptoserve-server"):
            open_tracing(SETTINGS)
    assert open_tracing(None) is None


def test_a_server_without_tracing_loads_none_of_it() -> None:
    script = "import sys, server.service; print([name for name in sys.modules if name.startswith('opentelemetry')])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_queue_is_bounded_and_closed() -> None:
    opened = open_tracing(SETTINGS)
    assert opened is not None
    (processor,) = opened._provider._active_span_processor._span_processors
    queue = processor._batch_processor._queue  # type: ignore[attr-defined]
    assert queue.maxlen == provider.MAX_WAITING_SPANS
    asyncio.run(opened.close())
