"""Tenants' logs below ``ns/``, and the heads of them that the server's log has."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from server.audit.ledger.log.tiles import BadTile
from server.audit.ledger.log.tree import MissingTile, TreeReader
from server.audit.ledger.offline.findings import Kind, Report
from server.audit.ledger.offline.sources import BadFile, Below, DirectorySource

TENANTS = "ns"


def tenant_names(source: DirectorySource) -> list[str]:
    """The ids of namespaces that have a log."""
    return [name for name in source.names(TENANTS) if not name.startswith(".")]


def check_heads(
    verified: Mapping[str, tuple[Below, Report]], report: Report, events: Sequence[tuple[int, dict[str, Any]]]
) -> None:
    """Compare each tenant's log with every head that the server's log has of it."""
    readers: dict[str, TreeReader] = {}
    told: set[str] = set()
    for index, event in events:
        for name, size, root in heads_of(event):
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
            wrong = _compare(readers[name], tenant, size, root)
            if wrong:
                told.add(name)
                message = f"{TENANTS}/{name} isn't what entry {index} says: {wrong}"
                report.add(Kind.TENANT, message, index=index, file=f"{TENANTS}/{name}/checkpoint")
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
