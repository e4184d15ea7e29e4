"""The audit ledger: a search, and an entry with its proof."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from server.console.forms import Field, Form, Kind
from server.console.visit import Content, Page, Visit, reading

_STATUS = "sys/audit-ledger/status"

SEARCH = Form(
    "search",
    "Search",
    "sys/audit-ledger/query",
    (
        Field("request_id", "Request id"),
        Field("path_prefix", "Path begins with"),
        Field("key", "Key"),
        Field("entity_id", "Entity"),
        Field("operation", "Operation", Kind.CHOICE, "", ("", "create", "read", "update", "delete", "list")),
        Field("after", "After", hint="2026-01-31T00:00:00Z"),
        Field("before", "Before"),
        Field("limit", "At most", Kind.NUMBER, "50"),
        Field("cursor", "Cursor"),
    ),
    sudo=True,
)


async def load(visit: Visit) -> Content:
    """The state of the ledger; with ``?request_id=`` the entries of that request and their proofs."""
    status = await visit.api.read(_STATUS)
    wanted = visit.query.get("request_id", "")
    proof = await visit.api.read("sys/audit-ledger/proof", request_id=wanted) if wanted else None
    entries: list[dict[str, Any]] = [] if proof is None else proof.data.get("entries") or []
    if "download" in visit.query:
        chosen = [entry["proof"] for entry in entries if entry["type"] == visit.query["download"]]
        if chosen:
            return Content({}, download=_file(chosen[0], f"{visit.query['download']}.tlog-proof"))
    readings = [reading(_STATUS)] + ([reading("sys/audit-ledger/proof")] if wanted else [])
    return Content({"status": status, "wanted": wanted, "proof": proof, "entries": entries}, readings)


def _file(text: str, name: str) -> Response:
    safe = "".join(character for character in name if character.isalnum() or character in ".-")
    headers = {"content-disposition": f'attachment; filename="{safe}"'}
    return Response(text.encode(), media_type="text/plain; charset=utf-8", headers=headers)


AUDIT = Page("/ui/audit", "Audit", "audit.html", load, (SEARCH,))
