"""Requirements of pip, and ``Pipfile.lock``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement

from engines.cbom.dependencies.locks.places import is_archive, python_archive, python_version
from engines.cbom.dependencies.locks.shapes import KeyLines, json_of, members, place, text
from engines.cbom.dependencies.model import Ecosystem, Package, normal_name

_COMMENT = re.compile(r"(^|\s)#.*")
_OPTION = re.compile(r"\s--?[a-zA-Z].*", re.DOTALL)
_PINS = ("==", "===")
_MAX_REQUIREMENT = 4096
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_EDITABLE = re.compile(r"(?:-e|--editable)[ =]\s*(.+)")
_END_OF_ADDRESS = re.compile(r"[\s;\[]")


def read_requirements(source: str) -> Iterator[Package]:
    """The packages of a requirements file; without a version where it isn't pinned.

    Options, other files that it names, folders and lines that are no requirement are passed over: pip accepts more
    than one form, and a file may be a template.
    """
    for line, given in _logical_lines(source):
        stripped = given.strip()
        editable = _EDITABLE.match(stripped)
        requirement = _OPTION.sub("", editable[1] if editable else stripped).strip()
        if not requirement or requirement.startswith("-") or len(requirement) > _MAX_REQUIREMENT:
            continue
        try:
            name, version = _required(Requirement(requirement))
        except (InvalidRequirement, RecursionError):
            name, version = _at(requirement)
        if name:
            yield Package(Ecosystem.PYPI, normal_name(Ecosystem.PYPI, name), text(version, "a version"), line)


def _required(requirement: Requirement) -> tuple[str, str]:
    """The name and the pinned version of a requirement; "" without one, and both for one that is a folder."""
    if requirement.url:
        folder = requirement.url.startswith("file:") and not is_archive(requirement.url)
        return ("", "") if folder else (requirement.name, python_version(requirement.name, requirement.url))
    pins = [each.version for each in requirement.specifier if each.operator in _PINS]
    pinned = len(requirement.specifier) == 1 and pins and not pins[0].endswith(".*")
    return requirement.name, pins[0] if pinned else ""


def _at(address: str) -> tuple[str, str]:
    """The name and the version that an address or a path tells of, in ``#egg=`` or in its file name."""
    plain = _END_OF_ADDRESS.split(address, maxsplit=1)[0]
    eggs = (part.removeprefix("egg=") for part in plain.partition("#")[2].split("&") if part.startswith("egg="))
    egg = next(eggs, "")
    return (egg, "") if _NAME.fullmatch(egg) else python_archive(plain)


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
    for group in document:
        if group == "_meta":
            continue
        for name, entry in members(document[group], "a category").items():
            line = lines.next(name)
            version = text(members(entry, "a package").get("version"), "a version")
            archive = place(entry.get("file") or entry.get("path"), "a path")
            if "path" in entry and not is_archive(archive):
                continue
            pinned = re.fullmatch(r"={2,3}\s*(\S+)", version)
            known = pinned[1] if pinned else text(python_version(text(name, "a name"), archive), "a version")
            yield Package(Ecosystem.PYPI, normal_name(Ecosystem.PYPI, text(name, "a name")), known, line)
