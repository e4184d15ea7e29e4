"""ACL policies: ``policies/acl``, and ``policy`` for old clients."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Meta, UnsetType

from engines.base import Body, Call, Nothing, Reply
from engines.durations import format_time
from engines.faults import InvalidRequest, NotFound
from engines.fields import READING, Duration, FoldedName
from server.system.state import System
from server.tenants.policies.builtin import ROOT
from server.tenants.policies.stored import StoredPolicy, plain_text

_MAX_EPOCH_DIGITS = 11


class PolicyBody(Body):
    """The name of a policy, in any case."""

    path_only: ClassVar[frozenset[str]] = frozenset({"name"})

    name: FoldedName = ""

    tells = {
        "name": "The name of the policy, case-insensitive.",
    }


def _plain_instant(text: str) -> str:
    """A canonical text of a time, for comparison."""
    try:
        return str(_instant(text))
    except InvalidRequest:
        return text


class WritePolicyBody(PolicyBody):
    """A policy, and the conditions of writing it."""

    policy: Annotated[str, Meta(extra={READING: plain_text})] | UnsetType = UNSET
    cas: int | UnsetType = UNSET
    cas_required: bool | UnsetType = UNSET
    expiration: Annotated[Any, Meta(extra={READING: _plain_instant})] = UNSET
    ttl: Duration | UnsetType = UNSET
    allow_slashes_in_identity_templates: bool | UnsetType = UNSET
    allow_wildcards_in_identity_templates: bool | UnsetType = UNSET

    tells = {
        "policy": "The rules in HCL or JSON, or base64 of them.",
        "cas": "Check-and-set: the present version; -1 if the policy must not exist.",
        "cas_required": "Whether each write needs `cas`.",
        "expiration": "When the policy ends, in RFC 3339 or seconds since the epoch.",
        "ttl": "The lifetime of the policy, as a duration; instead of `expiration`.",
        "allow_slashes_in_identity_templates": "Allow `/` in the values of templates.",
        "allow_wildcards_in_identity_templates": (
            "Allow `*` and `+` in the values of templates, as ordinary characters."
        ),
    }


class WriteOldPolicyBody(WritePolicyBody):
    """As ``WritePolicyBody``; the text may come as ``rules``, its old name."""

    other_names: ClassVar[Mapping[str, str]] = {"rules": "policy"}

    rules: Annotated[str, Meta(extra={READING: plain_text})] = ""

    tells = {
        "rules": "The old name of `policy`.",
    }


async def list_policies(system: System, call: Call, body: Nothing) -> Reply:
    """List the names of all policies."""
    return Reply({"keys": await system.tenant.policies.list()})


async def list_policies_below(system: System, call: Call, body: PolicyBody) -> Reply:
    """List the names of the policies below a prefix that ends in a slash."""
    return Reply({"keys": await system.tenant.policies.list(body.name.lower().rstrip("/") + "/")})


async def list_detailed(system: System, call: Call, body: PolicyBody) -> Reply:
    """Show all policies, or those below a prefix; in the root namespace, ``root`` is always among them."""
    prefix = body.name.lower().rstrip("/")
    names = await system.tenant.policies.list(f"{prefix}/" if prefix else "")
    if not system.tenant.namespace.path:
        names = [name for name in names if name != ROOT] + [ROOT]
    found = {name: await system.tenant.policies.shown(name) for name in names}
    shown = {name: _shown(stored, "policy") for name, stored in found.items() if stored is not None}
    return Reply({"keys": list(shown), "key_info": shown})


async def list_old_policies(system: System, call: Call, body: Nothing) -> Reply:
    """List the names of all policies, also under the old key."""
    names = await system.tenant.policies.list()
    return Reply({"keys": names, "policies": names})


async def read_policy(system: System, call: Call, body: PolicyBody) -> Reply:
    """Show a policy."""
    return Reply(_shown(await _present(system, body), "policy"))


async def read_old_policy(system: System, call: Call, body: PolicyBody) -> Reply:
    """Show a policy, its text as ``rules``."""
    return Reply(_shown(await _present(system, body), "rules"))


async def _present(system: System, body: PolicyBody) -> StoredPolicy:
    stored = await system.tenant.policies.shown(body.name)
    if stored is None:
        raise NotFound
    return stored


def _shown(stored: StoredPolicy, text_name: str) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": stored.name,
        text_name: stored.text,
        "version": stored.version,
        "cas_required": stored.cas_required,
        "allow_slashes_in_identity_templates": stored.allow_slashes_in_identity_templates,
        "allow_wildcards_in_identity_templates": stored.allow_wildcards_in_identity_templates,
    }
    if stored.modified is not None:
        data["modified"] = format_time(stored.modified)
    if stored.expiration is not None:
        data["expiration"] = format_time(stored.expiration)
    return data


async def write_policy(system: System, call: Call, body: WritePolicyBody) -> None:
    """Write a policy, replacing an earlier one."""
    await _write(system, call, body, body.policy)


async def write_old_policy(system: System, call: Call, body: WriteOldPolicyBody) -> Reply | None:
    """As ``write_policy``, with a warning if the text came as ``rules``."""
    if body.policy or not body.rules:
        await _write(system, call, body, body.policy)
        return None
    await _write(system, call, body, body.rules)
    call.warn("'rules' is deprecated, please use 'policy' instead")
    return Reply()


async def _write(system: System, call: Call, body: WritePolicyBody, text: str | UnsetType) -> None:
    await system.tenant.policies.put(
        body.name,
        "" if text is UNSET else text,
        cas=None if body.cas is UNSET else body.cas,
        cas_required=body.cas_required is True,
        expiration=_expiration(body, call.now),
        allow_slashes_in_identity_templates=body.allow_slashes_in_identity_templates is True,
        allow_wildcards_in_identity_templates=body.allow_wildcards_in_identity_templates is True,
    )


async def patch_policy(system: System, call: Call, body: WritePolicyBody) -> Reply:
    """Change parts of a policy, unless it is changed meanwhile; omitted fields are unchanged."""
    present = await system.tenant.policies.get(body.name)
    if present is None:
        raise InvalidRequest("policy not found")
    expiration = _expiration(body, call.now)
    await system.tenant.policies.put(
        body.name,
        _given(body.policy, present.text),
        cas=_given(body.cas, present.version),
        cas_required=_given(body.cas_required, present.cas_required),
        expiration=present.expiration if expiration is None else expiration,
        allow_slashes_in_identity_templates=_given(
            body.allow_slashes_in_identity_templates, present.allow_slashes_in_identity_templates
        ),
        allow_wildcards_in_identity_templates=_given(
            body.allow_wildcards_in_identity_templates, present.allow_wildcards_in_identity_templates
        ),
    )
    return Reply()


def _given(value: Any, present: Any) -> Any:
    return present if value is UNSET else value


def _expiration(body: WritePolicyBody, now: float) -> float | None:
    """The policy's end in seconds since the epoch; None if not given."""
    if body.ttl is not UNSET and body.ttl:
        if body.expiration is not UNSET and body.expiration is not None:
            raise InvalidRequest("cannot supply both 'expiration' and 'ttl' for policies")
        return now + body.ttl
    if body.expiration is UNSET or body.expiration is None:
        return None
    return _instant(str(body.expiration))


def _instant(text: str) -> float:
    """The time in ``text``, in RFC 3339 or in seconds since the epoch."""
    if text.isascii() and text.isdecimal() and len(text) <= _MAX_EPOCH_DIGITS:
        return float(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidRequest(
            'Field validation failed: error converting input for field "expiration": could not parse string as date '
            "and time"
        )
    return moment.timestamp()


async def delete_policy(system: System, call: Call, body: PolicyBody) -> None:
    """Delete a policy; no error if there is none."""
    await system.tenant.policies.delete(body.name)
