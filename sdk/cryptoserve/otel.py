"""Traces by OpenTelemetry, with the extra ``otel``: a span for each request to the server, which gets ``traceparent``.

    crypto = instrument(CryptoServe("payments", "backend"))

Spans hold method, URL, status and request id: names of contexts, but no data, tokens or texts of errors. What the
client does by itself, in ``Local`` mode, makes none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, TracerProvider, get_tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from cryptoserve.aio import AsyncCryptoServe
from cryptoserve.client import CryptoServe
from cryptoserve.http.steps import Received, Send, TransportFault
from cryptoserve.http.transports import AsyncTransport, Transport
from cryptoserve.settings import Address

Client = TypeVar("Client", CryptoServe, AsyncCryptoServe)

_propagator = TraceContextTextMapPropagator()


def instrument(client: Client, tracer_provider: TracerProvider | None = None) -> Client:
    """``client``, whose requests have spans from now on, by ``tracer_provider`` or the global one."""
    tracer = get_tracer("cryptoserve", tracer_provider=tracer_provider)
    if isinstance(client, CryptoServe):
        client._transport = _Traced(client._transport, tracer)
    else:
        client._transport = _AsyncTraced(client._transport, tracer)
    return client


class _Traced:
    def __init__(self, transport: Transport, tracer: Tracer) -> None:
        self._transport = transport
        self._tracer = tracer

    @property
    def address(self) -> Address:
        return self._transport.address

    def send(self, step: Send) -> Received:
        with _span(self._tracer, self.address, step) as sending:
            return sending.told(self._transport.send(sending.step))

    def close(self) -> None:
        self._transport.close()


class _AsyncTraced:
    def __init__(self, transport: AsyncTransport, tracer: Tracer) -> None:
        self._transport = transport
        self._tracer = tracer

    @property
    def address(self) -> Address:
        return self._transport.address

    async def send(self, step: Send) -> Received:
        with _span(self._tracer, self.address, step) as sending:
            return sending.told(await self._transport.send(sending.step))

    async def close(self) -> None:
        await self._transport.close()


@dataclass(frozen=True, slots=True)
class _Sending:
    span: Span
    step: Send

    def told(self, received: Received) -> Received:
        self.span.set_attribute("http.response.status_code", received.status)
        self.span.set_attribute("cryptoserve.request_id", received.headers.get("x-vault-request-id", ""))
        if received.status >= 400:
            self.span.set_status(StatusCode.ERROR)
        return received


@contextmanager
def _span(tracer: Tracer, address: Address, step: Send) -> Iterator[_Sending]:
    scheme = "https" if address.secure else "http"
    attributes: dict[str, str | int] = {
        "http.request.method": step.method,
        "server.address": address.host,
        "server.port": address.port,
        "url.full": f"{scheme}://{address.authority}{step.path}",
    }
    with tracer.start_as_current_span(
        step.method, kind=SpanKind.CLIENT, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        try:
            yield _Sending(span, replace(step, headers=(*step.headers, *carrier.items())))
        except TransportFault as fault:
            span.set_attribute("error.type", type(fault).__name__)
            span.set_status(StatusCode.ERROR)
            raise
