"""Policies: their text, and what they would allow."""

from __future__ import annotations

from server.console.forms import Field, Form, Kind
from server.console.visit import Content, Page, Visit, listing, reading

_ROOT = "root"
_SHOWN = 500

FORMS = (
    Form(
        "write",
        "Save policy",
        "sys/policies/acl/{name}",
        (Field("name", "Name", required=True), Field("policy", "Rules", Kind.AREA, required=True)),
    ),
    Form(
        "delete",
        "Delete policy",
        "sys/policies/acl/{name}",
        (Field("name", "Name", required=True),),
        "DELETE",
        grave=True,
    ),
    Form(
        "capabilities",
        "Ask",
        "sys/capabilities-self",
        (Field("paths", "Path", required=True, hint="Such as transit/encrypt/orders"),),
        summary="What this session may do on a path.",
    ),
)


async def load(visit: Visit) -> Content:
    """The policies, and the text of the one in ``?policy=``."""
    policies = await visit.api.list("sys/policies/acl")
    wanted = visit.query.get("policy", "")
    readings = [listing("sys/policies/acl")]
    shown = None
    if wanted and wanted != _ROOT:
        shown = await visit.api.read(f"sys/policies/acl/{wanted}")
        readings.append(reading(f"sys/policies/acl/{wanted}"))
    names = [name for name in policies.data.get("keys") or [] if visit.query.get("q", "").lower() in name.lower()]
    return Content(
        {
            "policies": policies,
            "names": names[:_SHOWN],
            "more": max(0, len(names) - _SHOWN),
            "shown": shown,
            "wanted": wanted,
        },
        readings,
        values={"name": wanted, "policy": "" if shown is None else str(shown.data.get("policy") or "")},
    )


ACCESS = Page("/ui/access", "Access", "access.html", load, FORMS)
