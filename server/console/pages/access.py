"""Policies: their text, and dry runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from engines.faults import InvalidRequest
from server.console.forms import Field, Form, Kind
from server.console.pages.difference import Line, difference
from server.console.visit import Content, Page, Visit, listing, reading

_ROOT = "root"
_SHOWN = 500
_CONTEXT_LINES = 3
_POSITION = re.compile(r"\bAt (\d{1,7}):\d")
_RULE = re.compile(r'path "[^"]{1,1000}"')
"""How errors name a place: by line and column, or by the rule."""

_OPERATIONS = ("create", "read", "update", "patch", "delete", "list", "scan")


def _draft(submitted: Mapping[str, str]) -> dict[str, str]:
    """The edited policy by its name, as it is typed in."""
    name = submitted.get("name", "").strip()
    if not name:
        raise InvalidRequest("missing name")
    return {name: _rules(submitted)}


def _rules(submitted: Mapping[str, str]) -> str:
    return submitted.get("policy", "").replace("\r\n", "\n")


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
            Field("drafts", "Edited policy", Kind.COMPOSED, required=True, compose=_draft),
            Field("from", "Requests from", hint="Such as 2026-01-31T00:00:00Z; all there are if empty"),
            Field("until", "Until"),
        ),
        summary="Which recorded requests the rules above would decide otherwise. Nothing is saved.",
        sudo=True,
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
    text = "" if shown is None else str(shown.data.get("policy") or "")
    done = "" if visit.outcome is None else visit.outcome.form
    changes: list[Line] = []
    if done == "replay":
        name = visit.submitted.get("name", "").strip()
        stored = text if name == wanted else (await visit.api.read(f"sys/policies/acl/{name}")).data.get("policy")
        changes = difference(str(stored or ""), _rules(visit.submitted))
    names = [name for name in policies.data.get("keys") or [] if visit.query.get("q", "").lower() in name.lower()]
    return Content(
        {
            "policies": policies,
            "names": names[:_SHOWN],
            "more": max(0, len(names) - _SHOWN),
            "shown": shown,
            "wanted": wanted,
            "changes": changes,
            "wrong": _around(visit.submitted.get("policy", ""), visit.outcome.result.errors)
            if visit.outcome is not None and done in ("write", "replay")
            else [],
        },
        readings,
        values={"name": wanted, "policy": text},
    )


def _wrong_line(text: str, errors: Sequence[str]) -> int:
    """The line of a policy's ``text`` that ``errors`` are about, from 1 on; 0 if they don't tell."""
    for error in errors:
        found = _POSITION.search(error)
        if found is not None:
            return int(found[1])
        named = _RULE.search(error)
        at = -1 if named is None else text.find(named[0])
        if at >= 0:
            return text.count("\n", 0, at) + 1
    return 0


def _around(text: str, errors: Sequence[str]) -> list[tuple[int, str, bool]]:
    """The lines of ``text`` around the wrong one: the number, the line, and whether it is the wrong one."""
    wrong = _wrong_line(text, errors)
    lines = text.splitlines()
    numbers = range(max(1, wrong - _CONTEXT_LINES), min(len(lines), wrong + _CONTEXT_LINES) + 1) if wrong else ()
    return [(number, lines[number - 1], number == wrong) for number in numbers]


ACCESS = Page("/ui/access", "Access", "access.html", load, FORMS)
