"""The span of a request. It follows the caller's, which comes as ``traceparent`` (W3C Trace Context, level 1)."""

from __future__ import annotations

from time import time_ns

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from compat.requests import Headers, Request
from server.access.request_context import RequestContext
from server.core.lifecycle import Core
from server.pipeline.dispatch import Dispatcher
from server.pipeline.open_routes import NOTHING, ListenerPermissions
from server.pipeline.response import Answer
from server.pipeline.stream import Stream

_TRACEPARENT = b"traceparent"
_propagator = TraceContextTextMapPropagator()


class TracedDispatcher(Dispatcher):
    """A dispatcher that makes spans."""

    def __init__(self, core: Core, tracer: Tracer) -> None:
        super().__init__(core)
        self._tracer = tracer

    async def answer(self, request: Request, permissions: ListenerPermissions = NOTHING) -> Answer:
        with self._tracer.start_as_current_span(
            request.method,
            caller_of(request.headers),
            SpanKind.SERVER,
            record_exception=False,  # Its text may hold what a client has sent.
            set_status_on_exception=False,
        ) as span:
            answer = await super().answer(request, permissions)
            _tell(span, request, answer.status, answer.request_id)
        return answer

    async def open_stream(self, request: Request) -> Stream | Answer | None:
        began = time_ns()
        opened = await super().open_stream(request)
        if opened is not None:
            # It is known only now that the request is one of a stream, which has no other span.
            span = self._tracer.start_span(
                request.method, caller_of(request.headers), SpanKind.SERVER, start_time=began
            )
            _tell(span, request, opened.status if isinstance(opened, Answer) else 200, opened.request_id)
            span.end()
        return opened

    def _located(self, context: RequestContext) -> None:
        super()._located(context)
        span, match = get_current_span(), context.match
        if not span.is_recording():
            return
        span.set_attribute("cryptoserve.namespace", context.tenant.namespace.path)
        if match is not None:
            mount = match.mounted.entry.path
            span.set_attribute("cryptoserve.mount", mount)
            if match.endpoint is not None:
                span.set_attribute("http.route", f"/v1/{mount}{match.endpoint.pattern}")
                span.update_name(f"{context.request.method} /v1/{mount}{match.endpoint.pattern}")


def caller_of(headers: Headers) -> Context:
    """The caller's span as the parent; none without a valid ``traceparent``, or with several."""
    found = [value for name, value in headers if name == _TRACEPARENT]
    carrier = {"traceparent": found[0].decode("latin-1")} if len(found) == 1 else {}
    return _propagator.extract(carrier, Context())


def _tell(span: Span, request: Request, status: int, request_id: str) -> None:
    span.set_attribute("http.request.method", request.method)
    span.set_attribute("http.response.status_code", status)
    span.set_attribute("cryptoserve.request_id", request_id)
    if status >= 500:
        span.set_status(StatusCode.ERROR)
