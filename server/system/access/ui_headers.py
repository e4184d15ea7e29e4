"""Headers that the console sends with its pages, set through the API; they replace its own of the same name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from engines.base import Body, Call, Nothing, Reply
from engines.faults import InvalidRequest, NotFound
from server.core.unsealed import Unsealed
from server.system.state import System
from storage.base import Transaction, transact
from storage.view import View

MAX_HEADERS = 100
MAX_BYTES = 8192
"""The longest header in bytes, its name and values together."""

_RECORD = "headers"
_RESERVED = "x-vault-"
_CONTENT_SECURITY_POLICY = "Content-Security-Policy"

_Headers = dict[str, tuple[str, ...]]


class HeaderBody(Body):
    """Names a header, in any case of letters."""

    header: str = ""
    multivalue: bool = False

    tells = {
        "header": "The name of the header, case-insensitive.",
        "multivalue": "Return all values, as `values`, instead of the first.",
    }


class WriteHeaderBody(HeaderBody):
    """The values of a header."""

    values: list[str] = []

    tells = {
        "multivalue": "Accepted and ignored.",
        "values": "Its values.",
    }


async def list_headers(system: System, call: Call, body: Nothing) -> Reply:
    """List the headers."""
    headers = await stored_headers(system.unsealed)
    if not headers:
        raise NotFound
    return Reply({"keys": sorted(headers)})


async def read_header(system: System, call: Call, body: HeaderBody) -> Reply:
    """Show the values of a header."""
    values = (await stored_headers(system.unsealed)).get(_canonical(body.header))
    if values is None:
        raise NotFound
    return Reply({"values": list(values)} if body.multivalue else {"value": values[0]})


async def write_header(system: System, call: Call, body: WriteHeaderBody) -> Reply:
    """Keep a header. Raises ``InvalidRequest`` for those of the API, and for what no header can be."""
    name = _canonical(body.header)
    if name.lower().startswith(_RESERVED):
        raise InvalidRequest("X-Vault headers cannot be set")
    if not body.values:
        raise InvalidRequest("header and values must be specified")
    if len(name.encode()) + sum(len(value.encode()) for value in body.values) > MAX_BYTES:
        raise InvalidRequest(f"a header takes at most {MAX_BYTES} bytes")
    if not all(value.isprintable() for value in body.values):
        raise InvalidRequest("the values of a header are printable")

    def put(headers: _Headers) -> _Headers:
        if len(headers) >= MAX_HEADERS and name not in headers:
            raise InvalidRequest(f"at most {MAX_HEADERS} headers can be kept")
        return {**headers, name: tuple(body.values)}

    await _change(system, put)
    if name == _CONTENT_SECURITY_POLICY:
        call.warn(f"overriding default {name} which is secure by default, proceed with caution")
    return Reply()


async def delete_header(system: System, call: Call, body: HeaderBody) -> None:
    """Forget a header; it is no error if it isn't kept."""
    name = _canonical(body.header)
    await _change(system, lambda headers: {other: values for other, values in headers.items() if other != name})


def _canonical(header: str) -> str:
    """A header's name with each word's first letter in upper case, and all else in lower case."""
    return "-".join(word[:1].upper() + word[1:].lower() for word in header.split("-"))


async def stored_headers(unsealed: Unsealed) -> Mapping[str, tuple[str, ...]]:
    """The values of each header, by its name in canonical case."""
    return await _view(unsealed).load(_RECORD, _decode) or {}


def _view(unsealed: Unsealed) -> View:
    return unsealed.root.view.within("sys/ui-headers/")


async def _change(system: System, change: Callable[[_Headers], _Headers]) -> None:
    async def rewrite_record(transaction: Transaction) -> None:
        value = await transaction.get(_RECORD)
        headers = change({} if value is None else _decode(value))
        transaction.put(_RECORD, msgspec.msgpack.encode(headers))

    await transact(_view(system.unsealed), rewrite_record)


def _decode(value: bytes) -> _Headers:
    return msgspec.msgpack.decode(value, type=_Headers)
