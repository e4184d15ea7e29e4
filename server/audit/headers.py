"""Request headers that the audit devices write, selected through the API and stored in one record.

Values of headers with credentials are always hidden, whatever was selected: a log must not hold what opens the server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from engines.faults import InvalidRequest
from server.audit.entry import AuditHeader
from storage.base import Transaction, transact
from storage.view import View

MAX_HEADERS = 100
MAX_NAME_BYTES = 256

_RECORD = "headers"
_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization", "x-vault-token"})


class AuditedHeaders:
    """The selection below ``view``: name in lower case -> whether values are hidden."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.wanted: dict[bytes, bool] = {}
        """As of the last ``load``; the names as ASGI gives them."""

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` whenever the selection may have changed; then ``load`` is due."""
        self._view.watch(changed)

    async def load(self) -> None:
        """Load the stored selection."""
        self.wanted = {
            name.encode("latin-1", "replace"): hidden or name in _CREDENTIALS
            for name, hidden in (await self.all()).items()
        }

    async def all(self) -> dict[str, bool]:
        """The stored selection."""
        return await self._view.load(_RECORD, _decode) or {}

    async def put(self, name: str, *, hmac: bool) -> None:
        """Write the header ``name`` from now on. Raises ``InvalidRequest`` if there are too many."""
        if len(name.encode()) > MAX_NAME_BYTES:
            raise InvalidRequest(f"a header's name is at most {MAX_NAME_BYTES} bytes long")

        def add(headers: dict[str, bool]) -> dict[str, bool]:
            if len(headers) >= MAX_HEADERS and name.lower() not in headers:
                raise InvalidRequest(f"at most {MAX_HEADERS} headers can be audited")
            return {**headers, name.lower(): hmac}

        await self._change(add)

    async def delete(self, name: str) -> None:
        """Stop writing the header ``name``; no error if it wasn't selected."""
        await self._change(lambda headers: {other: hmac for other, hmac in headers.items() if other != name.lower()})

    def pick(self, sent: Iterable[tuple[bytes, bytes]]) -> tuple[AuditHeader, ...]:
        """The headers among ``sent`` that are to be written, by name."""
        found: dict[bytes, list[str]] = {}
        for name, value in sent:
            if name in self.wanted:
                found.setdefault(name, []).append(value.decode("latin-1"))
        return tuple(
            AuditHeader(name.decode("latin-1"), tuple(values), self.wanted[name])
            for name, values in sorted(found.items())
        )

    async def _change(self, change: Callable[[dict[str, bool]], dict[str, bool]]) -> None:
        async def rewrite_record(transaction: Transaction) -> None:
            value = await transaction.get(_RECORD)
            headers = change({} if value is None else _decode(value))
            transaction.put(_RECORD, msgspec.msgpack.encode(dict(sorted(headers.items()))))

        await transact(self._view, rewrite_record)


def _decode(value: bytes) -> dict[str, bool]:
    return msgspec.msgpack.decode(value, type=dict[str, bool])
