"""Differences from one version of an application to another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from server.inventory.applications.contents import Contents


def difference(before: Contents, after: Contents) -> dict[str, Any]:
    """What was added and removed of each kind, and the algorithms whose places in the code are more or fewer."""
    old = {each.name: each.occurrences for each in before.algorithms}
    new = {each.name: each.occurrences for each in after.algorithms}
    return {
        "algorithms": {
            **_changes(old, new),
            "changed": [
                {"name": name, "occurrences": {"from": old[name], "to": number}}
                for name, number in new.items()
                if name in old and old[name] != number
            ],
        },
        "key_versions": _changes((each.ref for each in before.keys), (each.ref for each in after.keys)),
        "libraries": _changes(before.libraries, after.libraries),
        "vulnerabilities": _changes(_vulnerable(before), _vulnerable(after)),
    }


def _changes(before: Iterable[str] | Mapping[str, int], after: Iterable[str] | Mapping[str, int]) -> dict[str, Any]:
    old, new = dict.fromkeys(before), dict.fromkeys(after)
    return {
        "added": [each for each in new if each not in old],
        "removed": [each for each in old if each not in new],
    }


def _vulnerable(contents: Contents) -> Iterable[str]:
    return (f"{each.id} {each.library}" for each in contents.vulnerabilities)
