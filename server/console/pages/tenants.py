"""The namespaces below the current one."""

from __future__ import annotations

from server.console.forms import Field, Form
from server.console.visit import Content, Page, Visit, listing

_SHOWN = 200
"""The most namespaces on one page; the search finds the others."""

FORMS = (
    Form("create", "Create namespace", "sys/namespaces/{path}", (Field("path", "Path", required=True),)),
    Form("lock", "Lock", "sys/namespaces/api-lock/lock/{path}", (Field("path", "Path", required=True),),
         summary="Its API answers nothing until it is unlocked with the key that this gives.", grave=True),
    Form("unlock", "Unlock", "sys/namespaces/api-lock/unlock/{path}",
         (Field("path", "Path", required=True), Field("unlock_key", "Unlock key"))),
    Form("delete", "Delete", "sys/namespaces/{path}", (Field("path", "Path", required=True),), "DELETE",
         "All of its keys and data are lost.", grave=True),
)  # fmt: skip


async def load(visit: Visit) -> Content:
    """The namespaces with what they are described by."""
    result = await visit.api.list("sys/namespaces")
    info = result.data.get("key_info") or {}
    inside = f"{visit.namespace}/" if visit.namespace else ""
    wanted = visit.query.get("q", "").lower()
    names = [name for name in result.data.get("keys") or [] if wanted in name.lower()]
    return Content(
        {
            "result": result,
            "tenants": [
                {"path": inside + name.rstrip("/"), "name": name, **(info.get(name) or {})} for name in names[:_SHOWN]
            ],
            "more": max(0, len(names) - _SHOWN),
        },
        [listing("sys/namespaces")],
    )


TENANTS = Page("/ui/tenants", "Tenants", "tenants.html", load, FORMS)
