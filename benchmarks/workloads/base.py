"""The contract of workloads: each prepares its keys on a server and returns the requests to send.

Both servers get the same plaintexts. The requests of one workload differ among each other, so that no server gains from
having seen the very same one; signatures and ciphertexts are made by the server itself while it is prepared.
"""

from __future__ import annotations

import base64
import itertools
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeAlias

from benchmarks.limits.openssl import Maker, Speed
from benchmarks.load import CONNECTIONS, Requests, build_request
from engines.algorithms.registry import ALGORITHMS
from tests.support.products import HOST, ServerFailed, Tls
from tests.support.servers import Answer, Server

VARIETY = 64
"""How many different requests a workload sends in turn."""

PLAINTEXT_BYTES = 64

NUMBER = "{number}"
"""Stands in a path for a number that no other request of the run has."""

Operation: TypeAlias = Maker | Speed
"""A workload's cryptography alone."""


class NotOffered(Exception):
    """The server has no such engine or type of key, so there is nothing to measure; the message says what it lacks."""


class UnknownName(Exception):
    """There is nothing of that name to measure; the message says what there is."""


class Transport(Enum):
    """The transport of requests; the value is for people."""

    HTTP = "HTTP/1.1"
    HTTPS = "HTTP/1.1 over TLS"
    HTTP2 = "HTTP/2 over TLS"


@dataclass(frozen=True, slots=True)
class Target:
    """The target of requests, and their token."""

    port: int
    token: str
    tls: Tls | None = None

    @classmethod
    def of(cls, server: Server) -> Target:
        """The server's listener, with its root token."""
        return cls(server.port, server.root_token, server.tls)


@dataclass(slots=True)
class Task:
    """The requests of a workload: bodies for a path below ``/v1/``, in turn, or a path for each request."""

    path: str
    bodies: Sequence[bytes]
    method: str = "POST"
    token: str | None = None
    """Whose requests they are; None for the root token."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def requests(self, target: Target) -> Requests:
        """The bytes to send over HTTP/1.1."""
        host, token = f"{HOST}:{target.port}", target.token if self.token is None else self.token
        requests = [build_request(self.method, f"/v1/{self.path}", host, body, token) for body in self.bodies]
        return self._numbered(requests) if NUMBER in self.path else requests

    def ask(self, server: Server) -> Answer:
        """The answer to one of the requests."""
        path = self.path.replace(NUMBER, f"{next(self._numbers):08x}")
        body = json.loads(self.bodies[0]) if self.bodies[0] else None
        return server.request(self.method, path, body, token=self.token)

    def _numbered(self, requests: Sequence[bytes]) -> Iterator[bytes]:
        parts = [request.split(NUMBER.encode(), 1) for request in requests]
        for before, after in itertools.cycle(parts):
            yield b"%s%08x%s" % (before, next(self._numbers), after)


@dataclass(frozen=True, slots=True)
class Workload:
    """One row of the table."""

    name: str
    what: str
    """In words, with the sizes and algorithms that a figure depends on."""
    group: str
    """A name for several rows that belong together."""
    prepare: Callable[[Server], Task]
    """Raises ``NotOffered``."""
    result: str
    """Where in the answer the result is found: names of fields, joined by dots."""
    operation: Operation | None = None
    """The cryptography of one item; None where there is nothing that could be measured by itself."""
    items: int = 1
    """How many items one request carries."""
    anchored: bool = True
    """Whether OpenBao has this at all."""
    transport: Transport = Transport.HTTP
    connections: int = CONNECTIONS

    def answer_bytes(self, server: Server, task: Task) -> int:
        """The size of an answer's body, having made sure that it holds a result for every item."""
        answer = task.ask(server)
        if answer.status != 200:
            raise ServerFailed(f"{self.name}: answered {answer.status}: {answer.body[:500]!r}")
        result: Any = answer.json()
        for name in self.result.split("."):
            result = result.get(name)
        complete = bool(result)
        if self.items > 1:
            complete = len(result) == self.items and not any("error" in item for item in result)
        if not complete:
            raise ServerFailed(f"{self.name}: not a complete answer: {answer.body[:500]!r}")
        return len(answer.body)


def with_few(workload: Workload) -> Workload:
    """``workload`` with four connections: it takes so long that the server would turn some of more away."""
    return replace(workload, connections=4, what=f"{workload.what}, 4 connections")


def plaintexts(count: int, size: int = PLAINTEXT_BYTES) -> list[str]:
    """So many plaintexts of ``size`` bytes in base64, the same for both servers and in every run."""
    source = random.Random(20260101)
    return [base64.b64encode(source.randbytes(size)).decode() for _ in range(count)]


def encode(body: Mapping[str, Any]) -> bytes:
    """A body as clients send it, without needless spaces."""
    return json.dumps(body, separators=(",", ":")).encode()


def post(path: str, bodies: Sequence[Mapping[str, Any]]) -> Task:
    """A task that sends ``bodies`` to ``path``."""
    return Task(path, [encode(body) for body in bodies])


def ensure(server: Server, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Write ``body`` to ``path``, which may have been done before; the answer's data.

    Raises ``NotOffered`` if the server says that it doesn't know what is asked of it, as of an unknown type of key.
    """
    answer = server.request("POST", path, body)
    if answer.status in (400, 404, 405) or (answer.status == 500 and b"unsupported" in answer.body):
        raise NotOffered(
            f"POST {path} {json.dumps(body)}: {answer.status} {answer.body.decode(errors='replace').strip()}"
        )
    return answer.data()


def key_of(name: str) -> dict[str, str]:
    """What a key of the row ``name`` of the registry is asked for by; what is no row is asked for as it is."""
    row = ALGORITHMS.get(name)
    return {"type": name} if row is None else {"type": row.key_type, **row.type_parameters}


def ensure_mount(server: Server, engine: str) -> None:
    """Mount an engine at its own name unless it is there. Raises ``NotOffered`` if the server has none of that type."""
    if f"{engine}/" in server.request("GET", "sys/mounts").data():
        return
    if server.request("POST", f"sys/mounts/{engine}", {"type": engine}).status >= 300:
        raise NotOffered(f"no engine of type {engine}")
