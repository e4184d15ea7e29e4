"""Paths with several spellings, judged in the one of the object that the route acts on.

``auth/userpass/users/Bob`` and ``users/bob`` are one user, ``sys/mounts//a/`` and ``sys/mounts/a`` are one mount. A
route states which of its parameters have several spellings (``engines.fields.Reading``). Policies are evaluated for
the canonical spelling, ``Endpoint.canonical``, and their rules are converted to it too, so neither the spelling of a
request nor that of a rule decides.
"""

from __future__ import annotations

from dataclasses import replace

from compat.policies.rules import Rule
from engines.base.routing import Endpoint
from engines.fields import fold_case
from server.tenants.mounts.table import Match
from server.tenants.policies.acl import Acl


def judged(acl: Acl, below: str, match: Match | None, path: str, *, listing: bool) -> tuple[Acl, str]:
    """The ACL and the path to evaluate for a request for ``path``, which leads to ``match``.

    ``path`` begins where the request's namespace does, and that of a list ends in a slash; ``below`` is the path of
    that namespace below the policies'.
    """
    if match is None or match.endpoint is None or not match.endpoint.readings:
        return acl, below + path
    endpoint, mount_path = match.endpoint, below + match.mounted.entry.path
    name = path[len(match.mounted.entry.path) :]
    canonical = mount_path + endpoint.canonical(name.rstrip("/") if listing else name)
    beginning = mount_path + endpoint.pattern.partition("{")[0]
    spelt = acl.respelt(
        (mount_path, endpoint.pattern), beginning, lambda rule: _spelt(rule, mount_path, beginning, endpoint)
    )
    return spelt, f"{canonical}/" if listing else canonical


def _spelt(rule: Rule, mount_path: str, beginning: str, endpoint: Endpoint) -> Rule:
    """``rule``, with its part behind ``beginning`` in the canonical spelling."""
    path = rule.path
    if not (rule.prefix or rule.segments):
        below = path[len(mount_path) :]
        listed = below.endswith("/") and endpoint.expression.fullmatch(below) is None
        path = mount_path + endpoint.canonical(below.removesuffix("/") if listed else below) + ("/" if listed else "")
    elif not endpoint.folds:
        return rule
    elif rule.segments:
        kept = beginning.count("/")
        segments = path.split("/")
        path = "/".join([*segments[:kept], *map(fold_case, segments[kept:])])
    else:
        path = path[: len(beginning)] + fold_case(path[len(beginning) :])
    return rule if path == rule.path else replace(rule, path=path)
