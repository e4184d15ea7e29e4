"""The API as pages ask it: through the dispatcher, in this process, with the caller's token.

So a page can do nothing that the API refuses, and each of its requests is audited as any other.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from msgspec import Struct

from compat.requests import LINES_TYPE, Request, Sent, parse_lines_request, parse_request, read_headers
from engines.faults import Fault, TooLarge
from server.listeners.deadlines import SMALL_BODY_BYTES
from server.pipeline.dispatch import Dispatcher
from server.pipeline.open_routes import ListenerPermissions
from server.pipeline.response import Answer, refusal
from server.pipeline.stream import Stream

_UNNAMED = "the request was refused"


class Result(Struct, frozen=True):
    """The answer to one request of a page."""

    status: int
    data: dict[str, Any] = {}
    """``data`` of the envelope, or the whole body of an answer without one."""

    errors: list[str] = []
    warnings: list[str] = []
    auth: dict[str, Any] = {}
    body: bytes = b""
    content_type: str = ""
    request_id: str = ""
    pieces: AsyncGenerator[bytes, None] | None = None
    """The rest of a long body, which is made while it is read."""

    @property
    def ok(self) -> bool:
        """Whether the request was carried out."""
        return self.status < 400

    @property
    def denied(self) -> bool:
        """Whether the caller lacks the right."""
        return self.status == 403

    async def document(self) -> AsyncGenerator[bytes, None]:
        """The whole body."""
        yield self.body
        if self.pieces is not None:
            async for piece in self.pieces:
                yield piece

    def __repr__(self) -> str:
        """Omits the contents, which may be secret."""
        return f"Result({self.status})"


_NO_PATH = Result(404, errors=["there is no such path"])


class Api:
    """The API for one caller: ``token`` (``""`` without one) in ``namespace``, from the address ``client``."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        permissions: ListenerPermissions,
        client: tuple[str, int] | None,
        token: str = "",
        namespace: str = "",
        *,
        max_bytes: int,
    ) -> None:
        self._dispatcher = dispatcher
        self._permissions = permissions
        self._client = client
        self._token = token
        self.namespace = namespace
        self.max_bytes = max_bytes
        """The largest body of a request, ``max_request_size`` of the listener."""

    def as_caller(self, token: str) -> Api:
        """The API for the caller with ``token``, from the same address and in the same namespace."""
        return self._other(token, self.namespace)

    def inside(self, namespace: str) -> Api:
        """The API for the same caller in ``namespace``; ``""`` for what is one for the whole server."""
        return self._other(self._token, namespace)

    def _other(self, token: str, namespace: str) -> Api:
        return Api(self._dispatcher, self._permissions, self._client, token, namespace, max_bytes=self.max_bytes)

    async def read(self, path: str, **query: str) -> Result:
        """Read ``path`` below ``/v1/``."""
        return await self.send("GET", path, query=query)

    async def list(self, path: str, **query: str) -> Result:
        """List ``path``; a list of nothing is an answer without keys, not an error."""
        result = await self.send("LIST", path, query=query)
        return Result(200, {"keys": []}) if result.status == 404 and not result.errors else result

    async def write(self, path: str, data: Mapping[str, Any] | None = None) -> Result:
        """Write ``data`` to ``path``."""
        return await self.send("POST", path, data or {})

    async def send(
        self, method: str, path: str, data: Mapping[str, Any] | None = None, query: Mapping[str, str] | None = None
    ) -> Result:
        """The answer to any request; ``path`` isn't escaped yet. Never raises a fault."""
        query_string = urlencode(dict(query or {})).encode()
        size = sum(len(value) for value in (data or {}).values() if isinstance(value, str))
        large = size > SMALL_BODY_BYTES
        try:
            if size > self.max_bytes:
                raise TooLarge(f"the request would be larger than max_request_size, which is {self.max_bytes} bytes")
            body = b"" if data is None or large else orjson.dumps(data)
            sent = self._sent(b"application/json")
            request = parse_request(method, _raw(path), query_string, sent, body, self._client)
            if not isinstance(request, Request):
                return _NO_PATH
        except Fault as fault:
            return result_of(refusal(fault))
        if not large:
            return result_of(await self._dispatcher.answer(request, self._permissions))
        async with self._dispatcher.turns.turn():
            request.data = dict(data or {})
            request.large = True
            answer = await self._dispatcher.answer(request, self._permissions)
        return result_of(answer)

    async def open_stream(self, path: str) -> Stream | Result:
        """The stream of lines at ``path``, which has to be closed; or why there is none."""
        try:
            request = parse_lines_request("POST", _raw(path), b"", self._sent(LINES_TYPE), self._client)
            opened = None if request is None else await self._dispatcher.open_stream(request)
        except Fault as fault:
            opened = refusal(fault)
        if opened is None:
            return _NO_PATH
        return result_of(opened) if isinstance(opened, Answer) else opened

    def _sent(self, content_type: bytes) -> Sent:
        headers = [(b"content-type", content_type)]
        if self._token:
            headers.append((b"x-vault-token", self._token.encode("latin-1", "replace")))
        if self.namespace:
            headers.append((b"x-vault-namespace", self.namespace.encode("utf-8", "replace")))
        return read_headers(headers)


def _raw(path: str) -> bytes:
    return f"/v1/{quote(path, safe='/')}".encode()


def result_of(answer: Answer) -> Result:
    """``answer`` as a page reads it."""
    kind = dict(answer.headers).get(b"content-type", b"").decode("latin-1")
    if answer.pieces is not None:
        return Result(answer.status, body=answer.body, content_type=kind, pieces=answer.pieces)
    return _result(answer.status, answer.body, kind, answer.request_id)


def _result(status: int, body: bytes, content_type: str, request_id: str) -> Result:
    if not content_type.startswith("application/json"):
        return Result(status, body=body, content_type=content_type, request_id=request_id)
    decoded = json.loads(body) if body else {}
    if not isinstance(decoded, dict):
        return Result(status, {"value": decoded}, body=body, content_type=content_type, request_id=request_id)
    errors = decoded.get("errors") or []
    if status >= 400 and not errors and "data" not in decoded:
        errors = [_UNNAMED] if status != 404 else []
    enveloped = "request_id" in decoded and "data" in decoded
    return Result(
        status,
        (decoded["data"] or {}) if enveloped else decoded,
        [str(error) for error in errors],
        [str(warning) for warning in decoded.get("warnings") or []] if enveloped else [],
        (decoded.get("auth") or {}) if enveloped else {},
        body,
        content_type,
        request_id,
    )
