"""Policies: their text, and what they would allow."""

from __future__ import annotations

from server.console.forms import Field, Form, Kind
from server.console.visit import Content, Page, Visit, listing, reading

_ROOT = "root"
_SHOWN = 500
_OPERATIONS = ("create", "read", "update", "patch", "delete", "list", "scan")

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
        "evaluate",
        "Try a request",
        "sys/policies/acl-evaluate",
        (
            Field("path", "Path", required=True, hint="Such as transit/encrypt/orders"),
            Field("operation", "Operation", Kind.CHOICE, "update", _OPERATIONS, required=True),
            Field("policies", "Policies", hint="Names with commas between; or one of the next two; or this session's"),
            Field("accessor", "Accessor of a token"),
            Field("entity_id", "Entity"),
            Field("parameters", "Parameters, as JSON", Kind.PAIRS),
        ),
        summary="Whether it would be allowed, and by which rule. Nothing is executed.",
    ),
    Form(
        "replay",
        "Replay",
        "sys/policies/acl-replay",
        (
            Field(
                "drafts",
                "Edited policies, as JSON",
                Kind.PAIRS,
                required=True,
                hint='{"NAME": "RULES"}',
            ),
            Field("from", "From", hint="2026-01-31T00:00:00Z; all there is if empty"),
            Field("until", "Until"),
        ),
        summary="Which recorded requests the edit would decide otherwise. Nothing is changed.",
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
