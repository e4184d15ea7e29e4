"""Cargo's manifests: packages that a crate knows by another name than their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engines.cbom.source.locating import Tree, folders_above
from engines.cbom.toml_text import parse_toml

_MANIFEST = "Cargo.toml"
_MAX_BYTES = 1 << 20
_TABLES = ("dependencies", "dev-dependencies", "build-dependencies")


@dataclass(slots=True)
class Manifests:
    """The manifests of a tree. ``read`` gives a file's content."""

    tree: Tree
    read: Callable[[str], bytes | None]
    _renamed: dict[str, dict[str, str]] = field(default_factory=dict)

    def package(self, path: str, crate: str) -> str:
        """The package that a file knows as ``crate``, by its manifest or the workspace's; ``crate`` if none says so."""
        for folder in folders_above(path):
            manifest = f"{folder}{_MANIFEST}"
            if manifest in self.tree.paths:
                if manifest not in self._renamed:
                    self._renamed[manifest] = dict(_renames(self.read(manifest) or b""))
                if crate in self._renamed[manifest]:
                    return self._renamed[manifest][crate]
        return crate


def _renames(content: bytes) -> Iterator[tuple[str, str]]:
    if len(content) > _MAX_BYTES:
        return
    try:
        manifest = parse_toml(content.decode("utf-8", "replace"))
    except ValueError:
        return
    targets = manifest.get("target", {})
    for place in (manifest, manifest.get("workspace", {}), *(targets.values() if isinstance(targets, dict) else ())):
        for name in _TABLES:
            table = place.get(name) if isinstance(place, Mapping) else None
            for crate, entry in table.items() if isinstance(table, Mapping) else ():
                package: Any = entry.get("package") if isinstance(entry, Mapping) else None
                if isinstance(package, str):
                    yield crate.replace("-", "_"), package.replace("-", "_")
