"""HTTP statuses and texts of faults: the one module that knows them."""

from __future__ import annotations

from engines.crypto_policy.gate import PolicyRefused
from engines.faults import (
    Denied,
    Failed,
    Fault,
    InvalidRequest,
    NotFound,
    RateLimited,
    Sealed,
    TooLarge,
    Unavailable,
    UnsupportedOperation,
    UnsupportedPath,
)

_STATUSES: dict[type[Fault], int] = {
    InvalidRequest: 400,
    Denied: 403,
    NotFound: 404,
    UnsupportedPath: 404,
    UnsupportedOperation: 405,
    TooLarge: 413,
    RateLimited: 429,
    Failed: 500,
    Sealed: 503,
    Unavailable: 503,
}


def status_of(fault: Fault) -> int:
    """The status of ``fault``, by the nearest of its classes; 500 for a fault without one."""
    for kind in type(fault).__mro__:
        if kind in _STATUSES:
            return _STATUSES[kind]
    return 500


def texts_of(fault: Fault, *, public: bool = False) -> tuple[str, ...]:
    """The texts of ``fault`` for the list of errors. Texts of ``public`` routes are never wrapped."""
    if isinstance(fault, PolicyRefused):
        return fault.refusals
    if fault.message is None:
        return ()
    if fault.wrapped and not public:
        return (wrap_text(fault.message),)
    return (fault.message,)


def wrap_text(message: str) -> str:
    """``message`` as Vault shows an error that a handler returned."""
    return f"1 error occurred:\n\t* {message}\n\n"


def internal_error_text(request_id: str) -> str:
    """The caller's text for a bug: only the request id, to find it in the log."""
    return f"internal error (request id {request_id})"
