"""The one way of a request through the server, from a parsed request to the bytes of its answer.

    1  namespace and mount        4  quota (its place; there are none yet)     7  answer
    2  token                      5  audit: "request"                          8  audit: "response"
    3  policies                   6  handler

Whatever goes wrong after the namespace is known is audited too. A fault is answered in Vault's words; anything else is
a bug, logged under the request's id and answered with a fixed text, so that nothing leaks.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from compat.requests import Request

from engines.base import Call, Operation, Route
from server.acl import Decision
from server.mounts import Found
from server.tokens import Token

log = logging.getLogger("cryptoserve.requests")

_SYSTEM = "sys/"
_LISTS = (Operation.LIST, Operation.SCAN)
_NO_DECISION = Decision(allowed=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response, but for the headers that every one has."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    json: bool = True


@dataclass(slots=True)
class Exchange:
    """What is known of one request so far; the audit entries are made from it."""

    request: Request
    request_id: str
    operation: Operation
    path: str
    """The path as policies and the audit see it: that of a list ends in ``/``."""

    found: Found | None = None
    route: Route | None = None
    token: Token | None = None
    decision: Decision = _NO_DECISION
    call: Call | None = None
