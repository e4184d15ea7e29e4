"""Spans of an automatic seal, also outside of requests: a start asks it for the root key."""

from __future__ import annotations

from opentelemetry.trace import Tracer

from server.pipeline.tracing.spans import call_span
from storage.seals.base import Seal


class TracedSeal:
    """``seal`` with spans; what it wraps and unwraps is in none."""

    def __init__(self, seal: Seal, tracer: Tracer) -> None:
        self._seal = seal
        self._tracer = tracer
        self._attributes = {"cryptoserve.seal": seal.type}

    @property
    def type(self) -> str:
        return self._seal.type

    @property
    def automatic(self) -> bool:
        return self._seal.automatic

    async def wrap(self, path: str, secret: bytes) -> bytes:
        with call_span(self._tracer, "seal wrap", self._attributes):
            return await self._seal.wrap(path, secret)

    async def unwrap(self, path: str, wrapped: bytes) -> bytes:
        with call_span(self._tracer, "seal unwrap", self._attributes):
            return await self._seal.unwrap(path, wrapped)

    def outdated(self, wrapped: bytes) -> bool:
        return self._seal.outdated(wrapped)

    def close(self) -> None:
        self._seal.close()
