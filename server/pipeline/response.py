"""The answer of the dispatcher to the application, and those that need no request: to faults, and of raw bodies."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TypeAlias

from msgspec import Struct

from compat.envelope import errors_body
from compat.statuses import status_of, texts_of
from engines.base import Raw
from engines.faults import Fault, NotYet, RateLimited

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

JSON = (b"content-type", b"application/json")
JSON_ALONE: Headers = (JSON,)


REQUEST_ID = b"x-vault-request-id"
"""The header of every answer that says which audit entries are the request's."""


class Answer(Struct, gc=False):
    """An HTTP response, without the headers that all responses have."""

    status: int
    body: bytes
    headers: Headers = JSON_ALONE
    request_id: str = ""
    """Set by the dispatcher; an answer from elsewhere has none, and no audit entries."""
    pieces: AsyncGenerator[bytes, None] | None = None
    """The rest of a long body, which is made while it is sent."""

    def __repr__(self) -> str:
        """Omits the body, which may be secret."""
        return f"Answer({self.status}, {len(self.body)} bytes)"


class GoneError(Exception):
    """The client has closed the connection, or doesn't read the answer."""


def raw_answer_to(status: int, raw: Raw) -> Answer:
    """An answer that isn't JSON."""
    return Answer(status, raw.body, ((b"content-type", raw.content_type.encode()),), pieces=raw.pieces)


def marked(answer: Answer, marks: Headers) -> Answer:
    """``answer`` with further headers; its own ones win."""
    present = {name for name, _ in answer.headers}
    headers = (*answer.headers, *(mark for mark in marks if mark[0] not in present))
    return Answer(answer.status, answer.body, headers, pieces=answer.pieces)


def refusal(fault: Fault) -> Answer:
    """The answer to ``fault``."""
    headers: Headers = (JSON,)
    if isinstance(fault, RateLimited | NotYet) and fault.retry_after_seconds:
        headers = (JSON, (b"retry-after", b"%d" % fault.retry_after_seconds))
    return Answer(status_of(fault), errors_body(texts_of(fault)), headers)
