"""Causes of failed fetches, in words for operators: by the types of exceptions, never by their texts."""

from __future__ import annotations

import logging
import socket
import ssl

import httpx2

_log = logging.getLogger(__name__)

_MAX_CAUSES = 20
_TIMEOUTS: tuple[tuple[type[Exception], str], ...] = (
    (httpx2.ConnectTimeout, "there was no connection in time"),
    (httpx2.TimeoutException, "there was no answer in time"),
    (TimeoutError, "it took too long"),
)


def report(message: str, *arguments: object, **fields: object) -> None:
    """Log a failure, with ``fields``. Unauthenticated clients can cause it, so the log may drop some."""
    _log.warning(message, *arguments, extra={"fields": fields, "limited": True})


def cause_of(error: BaseException) -> str:
    """The cause of ``error``: no such host, a refused connection, a certificate, or another."""
    causes = _causes(error)
    for found in reversed(causes):
        if isinstance(found, ssl.SSLCertVerificationError):
            return f"the certificate isn't trusted: {found.verify_message}"
        if isinstance(found, ssl.SSLError):
            return f"TLS failed: {found.reason or type(found).__name__}"
        if isinstance(found, socket.gaierror):
            unknown = found.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
            return "there is no such host" if unknown else f"the host can't be looked up: {found.strerror}"
        if isinstance(found, ConnectionRefusedError):
            return "the connection was refused"
        if isinstance(found, OSError) and found.errno and found.strerror:
            return found.strerror.lower()
    for found in causes:
        for kind, words in _TIMEOUTS:
            if isinstance(found, kind):
                return words
    return type(error).__name__


def _causes(error: BaseException) -> list[BaseException]:
    """``error`` and its causes, the innermost last."""
    found, waiting = list[BaseException](), [error]
    while waiting and len(found) < _MAX_CAUSES:
        one = waiting.pop(0)
        found.append(one)
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
        deeper = one.__cause__ or one.__context__  # httpcore hides the context, which has the most detail.
        if deeper is not None:
            waiting.append(deeper)
    return found
