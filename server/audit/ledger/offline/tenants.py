"""Tenants' logs below ``ns/``, and the heads of them that the server's log has."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from server.audit.ledger.log.tiles import BadTile
from server.audit.ledger.log.tree import MissingTile, TreeReader
from server.audit.ledger.offline.findings import Kind, Report
from server.audit.ledger.offline.listing import listed
from server.audit.ledger.offline.sources import BadFile, Below, DirectorySource

TENANTS = "ns"
_MAX_HEADS = 100_000


class TenantHead(NamedTuple):
    """Size and root of a tenant's log, as an entry of the server's has them."""

    at: int
    """The index of the entry."""

    name: str
    size: int
    root: bytes


def tenant_names(source: DirectorySource, report: Report) -> list[str]:
    """The ids of namespaces that have a log."""
    return [name for name in listed(source, TENANTS, Kind.TENANT, report) if not name.startswith(".")]


class Heads:
    """The heads of tenants' logs in a server's log: the newest of each tenant, and as many as fit of the others."""

    def __init__(self) -> None:
        self._newest: dict[str, TenantHead] = {}
        self._recent: deque[TenantHead] = deque(maxlen=_MAX_HEADS)
        self.are_all = True
        """Whether none was left out."""

    def add(self, index: int, event: Mapping[str, Any]) -> None:
        """Take the heads of the entry ``index``."""
        for name, size, root in heads_of(event):
            head = TenantHead(index, name, size, root)
            self.are_all = self.are_all and len(self._recent) < _MAX_HEADS
            self._recent.append(head)
            if name in self._newest or len(self._newest) < _MAX_HEADS:
                self._newest[name] = head

    def __iter__(self) -> Iterator[TenantHead]:
        yield from self._recent
        yield from self._newest.values()


def check_heads(verified: Mapping[str, tuple[Below, Report]], report: Report, heads: Heads) -> None:
    """Compare each tenant's log with the heads that the server's log has of it."""
    readers: dict[str, TreeReader] = {}
    told: set[str] = set()
    for head in heads:
        index, name = head.at, head.name
        if name in told:
            continue
        known = verified.get(name)
        if known is None:
            told.add(name)
            report.add(Kind.TENANT, f"{TENANTS}/{name}, of which entry {index} tells, is missing", index=index)
            continue
        below, tenant = known
        if tenant.size is None:
            continue
        if name not in readers:
            readers[name] = TreeReader(below.read, tenant.size)
        wrong = _compare(readers[name], tenant, head.size, head.root)
        if wrong:
            told.add(name)
            message = f"{TENANTS}/{name} isn't what entry {index} says: {wrong}"
            report.add(Kind.TENANT, message, index=index, file=f"{TENANTS}/{name}/checkpoint")
    if not heads.are_all:
        report.note(f"that tenants' logs extend heads before the newest {_MAX_HEADS}")
    for name, (_, tenant) in verified.items():
        if tenant.size and name not in readers and name not in told:
            tenant.note("that the server's log has a head of this one")


def heads_of(event: Mapping[str, Any]) -> Iterator[tuple[str, int, bytes]]:
    """Namespace, size and root of each head in an entry; what has another form is left out."""
    if event.get("event") != "head":
        return
    heads = event.get("heads", [event])
    for head in heads if isinstance(heads, list) else ():
        if not isinstance(head, dict):
            continue
        name, size, root = head.get("namespace"), head.get("size"), head.get("root")
        if isinstance(name, str) and isinstance(size, int) and isinstance(root, str):
            try:
                yield name, size, base64.b64decode(root, validate=True)
            except ValueError:
                continue


def _compare(reader: TreeReader, tenant: Report, size: int, root: bytes) -> str:
    """The error of a head; "" if there is none."""
    if tenant.size is None or size > tenant.size:
        return f"it has {tenant.size} entries, not {size}"
    try:
        return "" if reader.root(size) == root else f"its root at {size} entries is another"
    except (MissingTile, BadTile, BadFile) as error:
        return str(error)
