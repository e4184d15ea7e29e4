"""The crypto policy: its documents, what a draft would stop, how profiles judge algorithms, and exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.console.forms import Field, Form, Kind, read_field
from server.console.pages.difference import Line, difference
from server.console.render import pretty
from server.console.visit import Content, Page, Visit, listing, reading

_MAX_COMPARED = 8
_DOCUMENT = (
    Field("description", "Description"),
    Field("mode", "Mode", Kind.CHOICE, "enforce", ("enforce", "warn", "audit")),
    Field("profile", "Profile", hint="Such as nist-transition@2024-11"),
    Field("profile_parameters", "Parameters of the profile, as JSON", Kind.PAIRS),
    Field("scope", "Scope, as JSON", Kind.PAIRS),
    Field("rules", "Rules, as JSON", Kind.PAIRS, hint='[{"name": ..., "operations": ["encrypt"], "require": ...}]'),
    Field("tests", "Tests, as JSON", Kind.PAIRS),
    Field("defaults", "Defaults of new keys, as JSON", Kind.PAIRS),
)
"""The fields of a policy."""


def _draft(submitted: Mapping[str, str]) -> dict[str, Any]:
    """The edited document, as it is typed in."""
    name = submitted.get("name", "").strip()
    found = {field.name: read_field(field, submitted) for field in _DOCUMENT}
    named: dict[str, Any] = {"name": name} if name else {}
    return named | {field: value for field, value in found.items() if value is not None}


FORMS = (
    Form(
        "impact",
        "Show impact",
        "sys/crypto-policies/impact",
        (
            Field("policy", "Edited document", Kind.COMPOSED, required=True, compose=_draft),
            Field("at", "Also at", hint="A later time, such as 2031-01-01T00:00:00Z"),
        ),
        summary="Which key versions the document above would stop. Nothing is saved.",
    ),
    Form(
        "write",
        "Save crypto policy",
        "sys/crypto-policies/{name}",
        (Field("name", "Name", required=True), *_DOCUMENT),
        sudo=True,
    ),
    Form(
        "delete",
        "Delete crypto policy",
        "sys/crypto-policies/{name}",
        (Field("name", "Name", required=True),),
        "DELETE",
        grave=True,
        sudo=True,
    ),
)


async def load(visit: Visit) -> Content:
    """The documents, the rules in force, the matrix of profiles and the exceptions."""
    policies = await visit.api.list("sys/crypto-policies")
    effective = await visit.api.read("sys/crypto-policies/effective")
    profiles = await visit.api.list("sys/crypto-profiles")
    exceptions = await visit.api.list("sys/crypto-exceptions")
    names = (profiles.data.get("keys") or [])[:_MAX_COMPARED]
    at = visit.query.get("at", "")
    asked = {"profiles": ",".join(names)} | ({"at": at} if at else {})
    matrix = await visit.api.read("sys/crypto-policies/matrix", **asked) if names else profiles
    wanted = visit.query.get("policy", "")
    shown = await visit.api.read(f"sys/crypto-policies/{wanted}") if wanted else None
    changes: list[Line] = []
    if visit.outcome is not None and visit.outcome.form == "impact" and visit.outcome.result.ok:
        draft = _draft(visit.submitted)
        stored = await visit.api.read(f"sys/crypto-policies/{draft['name']}") if "name" in draft else None
        changes = difference(_text({} if stored is None else stored.data), _text(draft))
    return Content(
        {
            "policies": policies,
            "effective": effective,
            "profiles": names,
            "rows": _rows(matrix.data.get("algorithms") or []),
            "matrix": matrix,
            "at": at,
            "exceptions": exceptions,
            "shown": shown,
            "wanted": wanted,
            "changes": changes,
        },
        [
            listing("sys/crypto-policies"),
            reading("sys/crypto-policies/effective"),
            reading("sys/crypto-policies/matrix"),
            listing("sys/crypto-exceptions"),
        ],
        values={"name": wanted} | ({} if shown is None else _values(shown.data)),
    )


def _values(data: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a document as its form has them."""
    found = {field.name: data[field.name] for field in _DOCUMENT if data.get(field.name)}
    return {name: value if isinstance(value, str) else pretty(value) for name, value in found.items()}


def _text(document: Mapping[str, Any]) -> str:
    """A document as it is compared with others."""
    found = {field.name: document[field.name] for field in _DOCUMENT if document.get(field.name)}
    return pretty(found) if found else ""


def _rows(algorithms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each algorithm what each profile says of its first protecting operation."""
    rows: dict[str, dict[str, Any]] = {}
    for entry in algorithms:
        rows.setdefault(entry["algorithm"], entry)
    return list(rows.values())


CRYPTO_POLICY = Page("/ui/crypto-policy", "Crypto policy", "crypto_policy.html", load, FORMS)
