"""Spans of calls to dependencies of the server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.trace import SpanKind, StatusCode, Tracer


@contextmanager
def call_span(tracer: Tracer, name: str, attributes: Mapping[str, str]) -> Iterator[None]:
    """A span of the block. Of an exception it has the type alone: the text may hold what a client has sent."""
    with tracer.start_as_current_span(
        name, kind=SpanKind.CLIENT, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield
        except Exception as error:
            span.set_status(StatusCode.ERROR, type(error).__name__)
            raise
