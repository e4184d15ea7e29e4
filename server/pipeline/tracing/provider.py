"""The tracing of one process: its tracer, and the bounded queue of the exporter.

OpenTelemetry is imported where a configuration asks for it, and not before.
"""

from __future__ import annotations

import asyncio
import threading
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING

from server.config import ConfigError
from server.config.settings import Tracing as Settings
from server.core.lifecycle import Core
from server.pipeline.dispatch import Dispatcher
from server.runtime.version import VERSION
from storage.base import Store
from storage.seals.base import Seal

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

EXPORT_SECONDS = 5
"""The longest that one export may take, with its repeats."""

CLOSE_SECONDS = 3.0
"""How long the end of a process waits for the last spans."""

MAX_WAITING_SPANS = 2048
"""Spans in the queue; of more, the oldest are dropped."""

MAX_ATTRIBUTE_CHARACTERS = 256
_POLL_SECONDS = 0.02
_NEEDED = "opentelemetry.exporter.otlp.proto.http"


class Tracing:
    """Makes the traced kinds of what serves."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("cryptoserve", VERSION)

    def dispatcher(self, core: Core) -> Dispatcher:
        """A dispatcher with a span for each request."""
        from server.pipeline.tracing.requests import TracedDispatcher

        return TracedDispatcher(core, self._tracer)

    def store(self, store: Store, type_: str) -> Store:
        """``store``, of type ``type_``, with spans for what requests do with it."""
        from server.pipeline.tracing.storage import TracedStore

        return TracedStore(store, type_, self._tracer)

    def seal(self, seal: Seal) -> Seal:
        """``seal`` with spans, if it is automatic: others work in memory."""
        from server.pipeline.tracing.seal import TracedSeal

        return TracedSeal(seal, self._tracer) if seal.automatic else seal

    async def close(self) -> None:
        """Send the spans that wait, for at most ``CLOSE_SECONDS``.

        The thread is a daemon's: asyncio's own would hold up the end of the process until each batch was given up.
        """
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        deadline = time.monotonic() + CLOSE_SECONDS
        while closing.is_alive() and time.monotonic() < deadline:
            await asyncio.sleep(_POLL_SECONDS)


def check_installed(settings: Settings | None) -> None:
    """Raise ``ConfigError`` if there are ``settings`` and no OpenTelemetry."""
    try:
        missing = settings is not None and find_spec(_NEEDED) is None
    except ModuleNotFoundError:
        missing = True
    if settings is not None and missing:
        raise ConfigError("tracing needs OpenTelemetry: the extra otel of cryptoserve-server", settings.place)


def open_tracing(settings: Settings | None) -> Tracing | None:
    """The tracing that ``settings`` describe, for this process: a fork would lose it. Raises ``ConfigError``."""
    check_installed(settings)
    if settings is None:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = OTLPSpanExporter(endpoint=settings.endpoint, timeout=EXPORT_SECONDS)
    return Tracing(make_provider(settings, BatchSpanProcessor(exporter, max_queue_size=MAX_WAITING_SPANS)))


def make_provider(settings: Settings, processor: SpanProcessor) -> TracerProvider:
    """The maker of spans, which ``processor`` gets when they end."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanLimits, TracerProvider
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(settings.sample_percent / 100)),
        resource=Resource.create({"service.name": settings.service_name, "service.version": VERSION}),
        span_limits=SpanLimits(max_attributes=16, max_attribute_length=MAX_ATTRIBUTE_CHARACTERS),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(processor)
    return provider
