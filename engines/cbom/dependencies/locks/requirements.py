"""Requirements of pip, and ``Pipfile.lock``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement

from engines.cbom.dependencies.locks.shapes import KeyLines, json_of, members, text
from engines.cbom.dependencies.model import Ecosystem, Package, normal_name

_COMMENT = re.compile(r"(^|\s)#.*")
_OPTION = re.compile(r"\s--?[a-zA-Z].*", re.DOTALL)
_PINS = ("==", "===")
_MAX_REQUIREMENT = 4096
_GROUPS = ("default", "develop")


def read_requirements(source: str) -> Iterator[Package]:
    """The packages of a requirements file; without a version where it isn't pinned.

    Options, other files that it names, addresses and lines that are no requirement are passed over: pip accepts more
    than one form, and a file may be a template.
    """
    for line, given in _logical_lines(source):
        requirement = _OPTION.sub("", given).strip()
        if not requirement or requirement.startswith("-") or len(requirement) > _MAX_REQUIREMENT:
            continue
        try:
            parsed = Requirement(requirement)
        except (InvalidRequirement, RecursionError):
            continue
        pins = [each.version for each in parsed.specifier if each.operator in _PINS and not each.version.endswith(".*")]
        version = pins[0] if len(parsed.specifier) == 1 and pins else ""
        yield Package(Ecosystem.PYPI, normal_name(Ecosystem.PYPI, parsed.name), text(version, "a version"), line)


def _logical_lines(source: str) -> Iterator[tuple[int, str]]:
    """Lines without comments, each joined with those that continue it, and the number of its first."""
    start, parts = 0, list[str]()
    for number, line in enumerate(source.split("\n"), 1):
        content = _COMMENT.sub("", line).rstrip()
        start = start or number
        if content.endswith("\\"):
            parts.append(content[:-1])
            continue
        yield start, "".join([*parts, content])
        start, parts = 0, []
    if parts:
        yield start, "".join(parts)


def read_pipenv(source: str) -> Iterator[Package]:
    """The packages of ``Pipfile.lock``. Raises ``Malformed``."""
    document = json_of(source)
    lines = KeyLines(source)
    for group in _GROUPS:
        for name, entry in members(document.get(group), group).items():
            line = lines.next(name)
            version = text(members(entry, "a package").get("version"), "a version")
            pinned = re.fullmatch(r"={2,3}\s*(\S+)", version)
            known = pinned[1] if pinned else ""
            yield Package(Ecosystem.PYPI, normal_name(Ecosystem.PYPI, text(name, "a name")), known, line)
