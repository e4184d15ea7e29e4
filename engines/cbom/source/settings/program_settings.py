"""The settings of a program: property files, files that it reads by name, and variables of its environment."""

from __future__ import annotations

from collections.abc import Callable

from engines.cbom.source.locating import Tree, folders_above
from engines.cbom.source.settings.named import NamedSettings
from engines.cbom.source.settings.reading import is_environment, is_settings, read_settings
from engines.cbom.source.settings.text_files import read_environment
from engines.cbom.source.values import NOTHING, Values, known, union


class ProgramSettings:
    """The settings in the files of ``tree``, each read once. ``read`` gives a file's content."""

    def __init__(self, tree: Tree, read: Callable[[str], bytes | None]) -> None:
        self._tree = tree
        self._read = read
        self._named = NamedSettings(tree.paths, read)
        self._files: dict[str, Values] = {}
        self._environments: dict[str, dict[str, Values]] = {}
        """Variables by the folder of their files."""

    def value(self, name: str, *, relaxed: bool) -> Values:
        """What the property files say of ``name``: each file's text."""
        return self._named.find_relaxed(name) if relaxed else self._named.find(name)

    def file(self, source: str, name: str) -> Values:
        """The value of the file that the one at ``source`` reads as ``name``; NOTHING if there is none.

        A name is relative to a folder around the file: the one in which the program is started.
        """
        name = name.lstrip("./")
        for folder in folders_above(source):
            path = f"{folder}{name}"
            if path in self._tree.paths and is_settings(path):
                if path not in self._files:
                    self._files[path] = read_settings(path, self._read(path) or b"")
                return self._files[path]
        return NOTHING

    def environment(self, source: str) -> dict[str, Values]:
        """Variables that the nearest environment's files set, in the folder of ``source`` or one around it."""
        for folder in folders_above(source):
            if folder not in self._environments:
                found: dict[str, Values] = {}
                for path in filter(is_environment, self._tree.by_folder.get(folder.rstrip("/"), ())):
                    for name, text in read_environment(self._read(path) or b"").items():
                        found[name] = union((found.get(name, NOTHING), known(text)))
                self._environments[folder] = found
            if self._environments[folder]:
                return self._environments[folder]
        return {}
