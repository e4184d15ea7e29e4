"""Faults of the pipeline: for exceptions, and for paths and methods that aren't served."""

from __future__ import annotations

from engines.base import LISTS, Operation
from engines.base.routing import Endpoint, route_table
from engines.faults import (
    Fault,
    InvalidRequest,
    Sealed,
    TooLarge,
    Unavailable,
    UnsupportedOperation,
    UnsupportedPath,
)
from server.access.request_context import RequestContext
from server.tenants.mounts.table import Match
from storage.base import BarrierSealed, Conflict, Full, KeyTooLong, ValueTooLarge
from storage.base import Unavailable as StorageUnavailable

_REST = ":path}"


def fault_of(error: BaseException) -> Fault | None:
    """The fault for ``error``; None if it is a bug."""
    if isinstance(error, Fault):
        return error
    if isinstance(error, BarrierSealed):
        return Sealed()  # It was sealed during this request.
    if isinstance(error, KeyTooLong):
        return InvalidRequest("a name in the request is too long")
    if isinstance(error, Full):
        return Unavailable("the disk of the server's storage is full: nothing can be written at present")
    if isinstance(error, ValueTooLarge):
        return TooLarge("put failed due to value being too large")
    if isinstance(error, Conflict | StorageUnavailable):
        return Unavailable("storage is unavailable")
    return None


def unserved(match: Match) -> Fault:
    """The fault if no pattern matches; a path that can be listed also matches with a trailing slash."""
    if match.path.endswith("/"):
        listed = route_table(match.mounted.type).match(match.path[:-1])
        if listed is not None and Operation.LIST in listed[0].routes:
            return UnsupportedOperation()
    return UnsupportedPath()


def without_route(endpoint: Endpoint, context: RequestContext) -> Fault:
    """The fault if a path matches without the operation; a list's path ends in a slash, which few patterns have."""
    if context.operation in LISTS and Operation.LIST not in endpoint.routes and not endpoint.pattern.endswith(_REST):
        return UnsupportedPath()
    return UnsupportedOperation()
