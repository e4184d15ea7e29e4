"""Rights of the caller, asked once a page: the forms, menus and links that a page shows follow them.

A form whose path has a part that is still to be typed in is shown if the caller may use it with some value. The rules
of its policies tell that (``sys/internal/ui/resultant-acl``, which leaves out rules with ``+``). They are read only if
the answer isn't yes for names in general.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from server.console.api import Api
from server.console.forms import Form

OPEN = "+"
"""The part of a path that is still to be typed in; a rule with ``+`` or ``*`` there is one for all values."""

_NEEDED = {
    "GET": frozenset({"read"}),
    "LIST": frozenset({"list"}),
    "DELETE": frozenset({"delete"}),
    "POST": frozenset({"create", "update"}),
}
_DENIED = ["deny"]


@dataclass(frozen=True, slots=True)
class Rights:
    """Capabilities of the caller on the paths that were asked for; all of them if it may not ask."""

    capabilities: Mapping[str, Sequence[str]] = field(default_factory=dict)
    known: bool = True

    def touch(self, path: str) -> bool:
        """Whether the caller has any right on ``path``."""
        return not self.known or self.capabilities.get(path, _DENIED) != _DENIED

    def allow(self, method: str, path: str, *, sudo: bool = False) -> bool:
        """Whether the caller may send ``method`` to ``path``."""
        return not self.known or _suffice(self.capabilities.get(path, _DENIED), method, sudo=sudo)


async def rights_of(api: Api, paths: Sequence[str]) -> Rights:
    """The rights of the caller of ``api`` on ``paths``."""
    result = await api.write("sys/capabilities-self", {"paths": list(dict.fromkeys(paths))})
    return Rights(result.data) if result.ok else Rights(known=False)


def paths_of(form: Form, values: Mapping[str, str], choices: Mapping[str, Sequence[str]]) -> list[str]:
    """The paths that ``form`` may be for: with ``values``, each of ``choices``, and ``OPEN`` for other parts."""
    names = sorted(form.path_names)
    possible = [[values[name]] if values.get(name) else list(choices.get(name, ())) or [OPEN] for name in names]
    return [form.path.format_map(dict(zip(names, chosen, strict=True))) for chosen in product(*possible)]


async def usable(api: Api, rights: Rights, forms: Mapping[Form, Sequence[str]]) -> list[Form]:
    """Those of ``forms`` that the caller of ``api`` may use on one of their paths."""
    allowed = {
        form for form, paths in forms.items() if any(rights.allow(form.method, path, sudo=form.sudo) for path in paths)
    }
    undecided = [form for form in forms if form not in allowed and any(OPEN in path for path in forms[form])]
    if undecided:
        rules = await api.read("sys/internal/ui/resultant-acl")
        allowed |= {
            form for form in undecided if not rules.ok or _reached(form, forms[form], rules.data, api.namespace)
        }
    return [form for form in forms if form in allowed]


def _reached(form: Form, paths: Sequence[str], rules: Mapping[str, Any], namespace: str) -> bool:
    """Whether one of ``rules`` allows ``form`` for some value of the open part."""
    inside = f"{namespace}/" if namespace else ""
    for path in paths:
        whole = inside + path
        head, tail = whole.partition(OPEN)[0], whole.rpartition(OPEN)[2]
        exact = (
            rule
            for rule in (rules.get("exact_paths") or {}).items()
            if len(rule[0]) > len(head) + len(tail) and rule[0].startswith(head) and rule[0].endswith(tail)
        )
        globs = (
            rule
            for rule in (rules.get("glob_paths") or {}).items()
            if head.startswith(rule[0].rstrip("*")) or rule[0].startswith(head)
        )
        for _, rule in (*exact, *globs):
            if _suffice(rule.get("capabilities") or _DENIED, form.method, sudo=form.sudo):
                return True
    return False


def _suffice(capabilities: Sequence[str], method: str, *, sudo: bool) -> bool:
    found = set(capabilities)
    return "root" in found or (bool(found & _NEEDED[method]) and (not sudo or "sudo" in found))
