"""The seal: progress of unsealing, without a session; and sealing, with one."""

from __future__ import annotations

from server.console.forms import Field, Form, Kind
from server.console.visit import Content, Page, Visit, reading

FORMS = (
    Form("unseal", "Unseal", "sys/unseal", (Field("key", "Share of the unseal key", Kind.HIDDEN, required=True),)),
    Form("restart", "Start over", "sys/unseal", (Field("reset", "Forget the shares given so far", Kind.FLAG, "true"),)),
    Form(
        "seal",
        "Seal",
        "sys/seal",
        summary="No request is answered until it is unsealed again.",
        grave=True,
        sudo=True,
        confirm="I have the shares of the unseal key at hand",
    ),
)


async def load(visit: Visit) -> Content:
    """The state of the seal."""
    status = (await visit.api.inside("").read("sys/seal-status")).data
    sealed = bool(status.get("sealed"))
    shown = FORMS[:2] if sealed else FORMS[2:] if visit.session is not None else ()
    return Content(
        {"status": status, "shown": [form.name for form in shown]}, [reading("sys/seal-status", of_server=True)]
    )


SEAL = Page("/ui/seal", "Seal", "seal.html", load, FORMS)
