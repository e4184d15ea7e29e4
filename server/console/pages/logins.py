"""One's own sessions, tokens by their accessors, and locked accounts."""

from __future__ import annotations

from server.console.forms import Field, Form
from server.console.visit import Content, Page, Visit, listing, reading

_SHOWN = 200

FORMS = (
    Form(
        "look_up",
        "Look up",
        "auth/token/lookup-accessor",
        (Field("accessor", "Accessor", required=True),),
    ),
    Form(
        "revoke",
        "Revoke",
        "auth/token/revoke-accessor",
        (Field("accessor", "Accessor", required=True),),
        summary="The token, and all tokens made with it, end.",
        grave=True,
    ),
    Form(
        "unlock",
        "Unlock account",
        "sys/locked-users/{mount_accessor}/unlock/{alias_identifier}",
        (Field("mount_accessor", "Mount accessor", required=True), Field("alias_identifier", "Account", required=True)),
    ),
)


async def load(visit: Visit) -> Content:
    """The sessions of the caller, and what it may see of others."""
    assert visit.session is not None, "only the page of the seal has none"
    accessors = await visit.api.list("auth/token/accessors")
    locked = await visit.api.read("sys/locked-users")
    own = await visit.api.read("auth/token/lookup-self")
    found = accessors.data.get("keys") or []
    return Content(
        {
            "own": own,
            "accessors": found[:_SHOWN],
            "more": max(0, len(found) - _SHOWN),
            "may_list": accessors.ok,
            "locked": [
                {"mount_accessor": mount.get("mount_accessor"), "alias": alias}
                for namespace in locked.data.get("by_namespace") or []
                for mount in namespace.get("mount_accessors") or []
                for alias in mount.get("alias_identifiers") or []
            ],
            "sessions": await visit.sessions.of(visit.session.owner),
        },
        [reading("auth/token/lookup-self"), listing("auth/token/accessors"), reading("sys/locked-users")],
    )


LOGINS = Page("/ui/logins", "Logins", "logins.html", load, FORMS)
