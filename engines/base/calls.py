"""Calls to handlers, and their replies."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from msgspec import Struct

from engines.base.operations import Operation
from engines.crypto_policy.gate import CryptoRecord, PolicyRecord


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller, as an engine may know it. ``handle`` has a meaning for the token store alone."""

    display_name: str
    policies: tuple[str, ...]
    entity_id: str = ""
    accessor: str = ""
    handle: object = field(default=None, repr=False)
    namespace: str = ""
    """The path of the namespace that the caller's token belongs to, ending in ``/``; ``""`` for the root."""


class Call(Struct):
    """One request, as a handler sees it."""

    request_id: str
    operation: Operation
    path: str
    """The path below the mount, as called."""

    caller: Caller | None
    """None on public routes without a token."""

    given: Mapping[str, Any]
    """The parameters as sent, before conversion: to tell which were supplied."""

    now: float
    """The time of the request's arrival, by the server's clock, in seconds since the epoch."""

    remote_address: str = ""
    client_certificate: bytes = b""
    """The client certificate in DER, whose key was proved in the TLS handshake; empty if there is none."""

    in_namespace: bool = False
    """Whether the client named a namespace, even the root: some paths of ``sys`` are refused then."""

    sudo: bool = False
    """Whether the caller's policies grant ``sudo`` on this path."""

    wrap_ttl_seconds: float = 0
    """The requested TTL of a wrapped answer, in seconds; 0 for none. The core does the wrapping."""

    existing: object = None
    """The result of the row's ``exists``."""

    warnings: list[str] = []

    crypto: CryptoRecord | None = None
    """The handler's uses of keys, for the audit."""

    crypto_policy: PolicyRecord | None = None
    """The crypto policy's decisions where a rule applied; set by the gate."""

    def warn(self, text: str) -> None:
        """Add ``text`` to the ``warnings`` of the answer."""
        self.warnings.append(text)

    def __repr__(self) -> str:
        """Omits the parameters, which may be secret."""
        return f"Call({self.operation.value} {self.path!r})"


Answers: TypeAlias = Callable[[list[Any]], Awaitable[list[dict[str, Any]]]]
"""Answers a group of a stream's items, one result for each in order; a failed one has ``error``.

Raising a fault ends the stream. State is looked at anew with each group, since a stream may take hours.
"""


@dataclass(frozen=True, slots=True)
class Raw:
    """A body that isn't JSON, for the few paths whose readers aren't clients of this API."""

    content_type: str
    body: bytes
    pieces: AsyncGenerator[bytes, None] | None = None
    """The rest of a long body, which is made while it is sent."""


class Reply(Struct):
    """A handler's result. Its ``repr`` omits the contents."""

    data: Mapping[str, Any] | None = None
    """The envelope's ``data``: str, int, float, bool, None, lists and dicts."""

    status: int | None = None
    """An HTTP status that the request asks for or that is part of Vault's API (202, or the
    ``partial_failure_response_code`` of a batch); None leaves the choice to ``compat``."""

    each: Answers | None = None
    """For a stream: the function that answers its items, a group at a time."""

    raw: Raw | None = None
    """A body sent instead of ``data`` and the envelope."""

    max_age_seconds: int = 0
    """The seconds for which clients may cache a bare answer, which holds no secret; 0 for none."""

    accessor: str = ""
    """The accessor of a secret in ``data``: shown beside a wrapped answer, so that its requester can revoke the secret
    without having seen it."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(status={self.status!r})"
