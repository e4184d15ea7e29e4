"""The namespaces below the one that is looked at."""

from __future__ import annotations

from server.console.forms import Field, Form
from server.console.visit import Content, Page, Visit, listing

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
    return Content(
        {
            "result": result,
            "tenants": [
                {"path": inside + name.rstrip("/"), "name": name, **(info.get(name) or {})}
                for name in result.data.get("keys") or []
                if visit.query.get("q", "").lower() in name.lower()
            ],
        },
        [listing("sys/namespaces")],
    )


TENANTS = Page("/ui/tenants", "Tenants", "tenants.html", load, FORMS)
