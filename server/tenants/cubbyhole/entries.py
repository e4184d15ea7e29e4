"""Entries of cubbyholes: reading, listing, writing and deleting them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Protocol

from msgspec import Meta

from engines.base import Body, Call, Caller, Reply
from engines.faults import Failed
from engines.fields import READING

WRAPPED = "response"
"""The key of the wrapped answer in a wrapping token's cubbyhole."""

_OLD_WAY = (
    "Reading from 'cubbyhole/response' is deprecated. Please use sys/wrapping/unwrap to unwrap responses, as it "
    "provides additional security checks and other benefits."
)


class Cubbyholes(Protocol):
    """Storage of cubbyholes. Raises ``InvalidRequest`` for callers whose token has none, and for wrong paths."""

    async def read(self, caller: Caller, path: str) -> dict[str, Any] | None: ...

    async def list(self, caller: Caller, path: str) -> list[str]: ...

    async def write(self, caller: Caller, path: str, data: Mapping[str, Any]) -> None: ...

    async def delete(self, caller: Caller, path: str) -> None: ...


class Cubbyhole:
    """The cubbyholes of one namespace's tokens; the core opens it with their storage."""

    def __init__(self, cubbyholes: Cubbyholes) -> None:
        self.cubbyholes = cubbyholes


def _from_the_top(path: str) -> str:
    """The path without leading slashes; a final one makes it a folder."""
    return path.lstrip("/")


class PathBody(Body):
    """A path in the cubbyhole."""

    path: Annotated[str, Meta(extra={READING: _from_the_top})] = ""

    tells = {"path": "The place, of any depth."}


class WriteBody(PathBody):
    """Any parameters, which are stored."""

    takes_anything: ClassVar[bool] = True


async def read(cubbyhole: Cubbyhole, call: Call, body: PathBody) -> Reply | None:
    """Read the entry at a path."""
    path = _path(call)
    data = await cubbyhole.cubbyholes.read(_caller(call), path) if path else None
    if path == WRAPPED:
        call.warn(_OLD_WAY)
    return None if data is None else Reply(data)


async def list_names(cubbyhole: Cubbyhole, call: Call, body: PathBody) -> Reply:
    """List the names below a path."""
    path = call.path.strip("/")
    return Reply({"keys": await cubbyhole.cubbyholes.list(_caller(call), f"{path}/" if path else "")})


async def write(cubbyhole: Cubbyhole, call: Call, body: WriteBody) -> None:
    """Store an entry, replacing the present one."""
    path = _path(call)
    if not call.given:
        raise Failed("missing data fields")
    await cubbyhole.cubbyholes.write(_caller(call), path, call.given)


async def delete(cubbyhole: Cubbyhole, call: Call, body: PathBody) -> None:
    """Delete the entry at a path."""
    path = call.path.strip("/")
    if path and not call.path.endswith("/"):
        await cubbyhole.cubbyholes.delete(_caller(call), path)


async def exists(cubbyhole: Cubbyhole, call: Call, body: PathBody) -> bool:
    """Whether there is an entry at the path, so that a write is an update."""
    path = call.path.strip("/")
    return bool(path) and await cubbyhole.cubbyholes.read(_caller(call), path) is not None


def _path(call: Call) -> str:
    """The path of a call; a folder has no entry, and answers as if it were empty."""
    if not call.path:
        raise Failed("missing path")
    return "" if call.path.endswith("/") else call.path


def _caller(call: Call) -> Caller:
    assert call.caller is not None, "routes of this engine need a token"
    return call.caller
