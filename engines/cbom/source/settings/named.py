"""Settings that Java's programs read by name, from property files and from Spring's ``application.yml``.

The order of Spring's sources isn't followed: each file's value of a name may be the program's. Files of tests tell
nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from engines.cbom.source.own_tests import is_test
from engines.cbom.source.program import Constant
from engines.cbom.source.settings.property_files import SUFFIX, read_properties
from engines.cbom.source.settings.text_files import read_yaml
from engines.cbom.source.values import NOTHING, Known, Table, Values, known, union

MAX_FILES = 64
"""The most files that are read."""

_YAML = re.compile(r"(?:^|/)(?:application|bootstrap)[\w.-]*\.ya?ml$")
_MARKS = str.maketrans("", "", "-_")
_MAX_DEPTH = 12
_MAX_NAME = 256
"""Characters of a name; no program asks for longer ones, and each in a table has all of the table's name."""


@dataclass(slots=True)
class NamedSettings:
    """The settings of one program, read when the first is asked for."""

    paths: Iterable[str]
    read: Callable[[str], bytes | None]
    _exact: dict[str, Values] | None = None
    _relaxed: dict[str, Values] = field(default_factory=dict)

    def find(self, name: str) -> Values:
        """What the files say of ``name``, as each writes it; NOTHING if none has it."""
        if self._exact is None:
            self._exact = {}
            for key, values in self._pairs():
                self._exact[key] = union((self._exact.get(key, NOTHING), values))
        return self._exact.get(name, NOTHING)

    def find_relaxed(self, name: str) -> Values:
        """As ``find``, for any case and with or without hyphens: ``rsaBits`` is ``rsa-bits`` (Spring Boot)."""
        self.find(name)
        if not self._relaxed:
            for key, values in (self._exact or {}).items():
                same = _relaxed(key)
                self._relaxed[same] = union((self._relaxed.get(same, NOTHING), values))
        return self._relaxed.get(_relaxed(name), NOTHING)

    def _pairs(self) -> Iterator[tuple[str, Values]]:
        named = sorted(path for path in self.paths if path.endswith(SUFFIX) or _YAML.search(path))
        for path in [path for path in named if not is_test(path)][:MAX_FILES]:
            content = self.read(path) or b""
            if path.endswith(SUFFIX):
                yield from ((key, known(text)) for key, text in read_properties(content).items())
            else:
                for value in read_yaml(content):
                    yield from _flat(value, "", 0)


def _flat(value: object, prefix: str, depth: int) -> Iterator[tuple[str, Values]]:
    """The scalars in nested tables, each under the names of all around it: ``a.b.c``."""
    if len(prefix) > _MAX_NAME:
        return
    if isinstance(value, Table) and depth < _MAX_DEPTH:
        for name, inner in value.entries.items():
            for each in inner:
                yield from _flat(each, f"{prefix}.{name!s}".removeprefix("."), depth + 1)
    elif isinstance(value, Known):
        yield prefix, known(_text(value.value))


def _text(value: Constant) -> Constant:
    """A scalar as a property file has it."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _relaxed(name: str) -> str:
    return name.translate(_MARKS).lower()
