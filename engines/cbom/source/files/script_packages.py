"""Names of modules in JavaScript that stand for files of the program: aliases of paths, and packages of a workspace.

Aliases are those of ``tsconfig.json`` and ``jsconfig.json`` (``paths``, ``baseUrl``, ``extends``), and ``imports`` of
``package.json``, in a folder around the file; packages are those whose ``package.json`` is in the tree.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engines.cbom.source.files.followers import Locate
from engines.cbom.source.locating import FROM_ROOT, Found, Tree, folders_above, javascript_files

_CONFIGURATIONS = ("tsconfig.json", "jsconfig.json", "tsconfig.base.json")
_MANIFEST = "package.json"
_MAX_BYTES = 262_144
_MAX_EXTENDS = 4
_MAX_PACKAGES = 2000
_MAX_ALIASES = 256
_MAX_TARGETS = 8
_MARK = re.compile(r'"|//|/\*')
_REST_OF_TEXT = re.compile(r'(?:[^"\\]|\\.)*"')
_LAST_COMMA = re.compile(r",(?=\s*[}\]])")

_BUILT = re.compile(r"(?:^|/)(?:dist|build|out|lib|es|esm|cjs)(?:/(?:esm|cjs|es|src))?(?=/)")
"""A folder of compiled code, which isn't in the tree."""

_TREE_FOLDERS = ("", "src/", "lib/")
_ENTRIES = ("source", "module", "main", "types")

Alias = tuple[str, str, list[str]]
"""What stands before and behind the ``*`` of a name, and the paths that it stands for, with ``*``."""


@dataclass(slots=True)
class ScriptPackages:
    """The packages and aliases of a tree. ``read`` gives a file's content."""

    tree: Tree
    read: Callable[[str], bytes | None]
    _aliases: dict[str, list[Alias]] = field(default_factory=dict)
    """By folder."""

    _packages: dict[str, tuple[str, Mapping[str, Any]]] | None = None
    """The folder and the manifest of each package, by its name."""

    def modules(self, path: str, module: str) -> Iterator[str]:
        """Paths from the root of the tree that ``module`` may mean in the file ``path``, without suffixes."""
        for folder in folders_above(path):
            for before, behind, targets in self._aliases_of(folder):
                if module.startswith(before) and module.endswith(behind) and len(module) >= len(before + behind):
                    inner = module[len(before) : len(module) - len(behind)]
                    yield from (f"{FROM_ROOT}{target.replace('*', inner, 1)}" for target in targets)
        yield from (f"{FROM_ROOT}{base}" for base in self._in_package(module))

    def _aliases_of(self, folder: str) -> list[Alias]:
        if folder not in self._aliases:
            found: list[Alias] = []
            for name in _CONFIGURATIONS:
                if f"{folder}{name}" in self.tree.paths:
                    found += self._configured(f"{folder}{name}")
            if f"{folder}{_MANIFEST}" in self.tree.paths:
                found += _aliases_in(_table(self._json(f"{folder}{_MANIFEST}").get("imports")), folder)
            self._aliases[folder] = found[:_MAX_ALIASES]
        return self._aliases[folder]

    def _configured(self, path: str) -> Iterator[Alias]:
        """The aliases of a configuration of the compiler, or of the one that it extends."""
        for _ in range(_MAX_EXTENDS):
            content = self._json(path)
            options, folder = _table(content.get("compilerOptions")), posixpath.dirname(path)
            base = options.get("baseUrl")
            root = _joined(folder, base) if isinstance(base, str) else folder
            if options.keys() & {"paths", "baseUrl"}:
                yield from _aliases_in(_table(options.get("paths")), f"{root}/" if root else "")
                if isinstance(base, str):
                    yield "", "", [_joined(root, "*")]
                return
            above = content.get("extends")
            if not isinstance(above, str) or not above.startswith("."):
                return
            path = _joined(folder, above if above.endswith(".json") else f"{above}.json")

    def _in_package(self, module: str) -> Iterator[str]:
        """The files of a package of the tree: its entry, or one below it."""
        parts = module.split("/")
        size = 2 if module.startswith("@") else 1
        name, inner = "/".join(parts[:size]), "/".join(parts[size:])
        if self._packages is None:
            self._packages = dict(self._read_packages())
        if name not in self._packages:
            return
        folder, manifest = self._packages[name]
        entries = [inner] if inner else [*_entries_of(manifest), "index"]
        for entry in entries:
            plain = _BUILT.sub("", entry, count=1).lstrip("/")
            stem = plain.removesuffix(".d.ts").removesuffix(".cjs").removesuffix(".mjs").removesuffix(".js")
            yield from (_joined(folder, path) for path in (entry, *(f"{each}{stem}" for each in _TREE_FOLDERS)))

    def _read_packages(self) -> Iterator[tuple[str, tuple[str, Mapping[str, Any]]]]:
        for path in self.tree.by_name.get(_MANIFEST, ())[:_MAX_PACKAGES]:
            manifest = self._json(path)
            name = manifest.get("name")
            if isinstance(name, str):
                kept = {word: manifest[word] for word in (*_ENTRIES, "exports") if word in manifest}
                yield name, (posixpath.dirname(path), kept)

    def _json(self, path: str) -> Mapping[str, Any]:
        content = self.read(path) or b""
        if len(content) > _MAX_BYTES:
            return {}
        try:
            return _table(json.loads(_LAST_COMMA.sub("", _without_comments(content.decode("utf-8-sig", "replace")))))
        except (ValueError, RecursionError):
            return {}


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _without_comments(text: str) -> str:
    """JSON without the comments that configurations may have."""
    parts, position = [], 0
    while (mark := _MARK.search(text, position)) is not None:
        parts.append(text[position : mark.start()])
        if mark[0] == '"':
            rest = _REST_OF_TEXT.match(text, mark.end())
            position = rest.end() if rest is not None else len(text)
            parts.append(text[mark.start() : position])
        else:
            end = text.find("*/" if mark[0] == "/*" else "\n", mark.end())
            position = len(text) if end < 0 else end + (len("*/") if mark[0] == "/*" else 0)
    return "".join([*parts, text[position:]])


def _joined(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))


def _aliases_in(table: Mapping[str, Any], folder: str) -> Iterator[Alias]:
    for name, given in table.items():
        targets = [given] if isinstance(given, str) else given if isinstance(given, list) else [*_table(given).values()]
        paths = [_joined(folder, each) for each in targets[:_MAX_TARGETS] if isinstance(each, str)]
        before, _, behind = name.partition("*")
        yield before, behind, paths


def _entries_of(manifest: Mapping[str, Any]) -> Iterator[str]:
    """The entries that a manifest names, best first."""
    exported = manifest.get("exports")
    main = exported if isinstance(exported, str) else _table(exported).get(".", exported)
    conditions = [main] if isinstance(main, str) else [*_table(main).values()]
    for each in [*(manifest.get(word) for word in _ENTRIES), *conditions[:_MAX_TARGETS]]:
        if isinstance(each, str):
            yield posixpath.normpath(each)


def locator(tree: Tree, read: Callable[[str], bytes | None]) -> Locate:
    """The function that finds the files of the program that an import means."""
    packages = ScriptPackages(tree, read)
    known: dict[tuple[str, str], list[str]] = {}

    def locate(path: str, module: str, member: str) -> Found:
        key = posixpath.dirname(path), module
        if key not in known:
            modules = [module, *(() if module[:1] in (".", "/") else packages.modules(path, module))]
            known[key] = [file for each in modules for file, _ in javascript_files(tree, path, each, "")]
        return ((file, member) for file in known[key])

    return locate
