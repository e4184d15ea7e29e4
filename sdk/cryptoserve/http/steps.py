"""Steps: what a call asks of the network, as values. Calls are generators that yield these, without input or output.

So the order of requests, the waits between them and all that is made of answers is written once. ``CryptoServe`` and
``AsyncCryptoServe`` carry the steps out, each in its manner, and send back what came.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Send:
    """Send one request, and give the whole answer back as ``Received``. Throws ``NotSent`` or ``Lost``."""

    method: str
    path: str
    """Behind the address, with ``/v1/``; plain ASCII."""
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    content: bytes = field(repr=False)
    deadline: float
    """On the clock of ``time.monotonic``."""
    answer_limit: int
    """Bytes of the answer's body; of more, nothing is read, and it is ``TooLarge``."""


@dataclass(frozen=True, slots=True)
class Received:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """By lower-case name; of a repeated header, the last."""
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Work:
    """Do what takes long without the network: beside the event loop, where there is one."""

    work: Callable[[], None]


@dataclass(frozen=True, slots=True)
class SignIn:
    """Carry out ``steps`` while no other call of the client carries out such steps."""

    steps: Generator[Send | Pause | Work | SignIn, Received | None, None]
    deadline: float


Step: TypeAlias = Send | Pause | Work | SignIn
Steps: TypeAlias = Generator[Step, Received | None, T]
"""A call that comes to a ``T``."""


class TransportFault(Exception):
    """No answer came; the message says why and holds nothing that was sent."""


class NotSent(TransportFault):
    """There was no connection, so the server has seen nothing of the request."""


class Untrusted(TransportFault):
    """The certificate that the other side has shown is not one of the server's."""


class Lost(TransportFault):
    """The server may have carried out the request, or not."""


class TooLarge(TransportFault):
    """The answer has more bytes than any answer to that request."""


class Garbled(TransportFault):
    """An answer that is not HTTP, or is compressed though that wasn't asked for."""
