"""Findings about the packages of a lock file: cryptography, and versions with known vulnerabilities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from engines.cbom.dependencies.advisories.bundle import AdvisorySet
from engines.cbom.dependencies.advisories.model import Advisory, Severity
from engines.cbom.dependencies.knowledge import cryptographic_packages
from engines.cbom.dependencies.model import Package
from engines.cbom.dependencies.versions import UnknownVersion, is_affected, later

USE = "use"
VULNERABLE = "vulnerable-dependency"
MAX_VERSIONS = 500
"""Versions of one package in one file that are compared: real files have a few."""

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MODERATE: "warning",
    Severity.UNKNOWN: "warning",
    Severity.LOW: "note",
    Severity.NOTICE: "note",
}


@dataclass(frozen=True, slots=True)
class Result:
    """A finding about a package."""

    finding: str
    """``use`` or ``vulnerable-dependency``."""

    package: Package
    level: str
    """SARIF's: ``error``, ``warning`` or ``note``."""

    message: str
    primitive: str = ""
    algorithm: str = ""
    library: str = ""
    advisories: tuple[Advisory, ...] = ()
    fixed: tuple[str, ...] = ()
    """The least version after the present one that each advisory calls fixed, in their order."""


def judge(packages: Iterable[Package], advisories: AdvisorySet) -> Iterator[Result]:
    """The findings about ``packages``, in their order, with one of each kind for a version.

    A version that stands in several places is direct if it is in one of them.
    """
    packages = tuple(packages)
    direct = {_version(package) for package in packages if package.direct}
    seen: set[Package] = set()
    versions: Counter[tuple[str, str]] = Counter()
    for package in packages:
        same = _version(package)
        if same in seen:
            continue
        seen.add(same)
        package = replace(package, direct=True) if same in direct else package
        versions[package.ecosystem, package.name] += 1
        if primitives := cryptographic_packages().get((package.ecosystem, package.name)):
            main = primitives[0]
            words = ", ".join(dict.fromkeys(each.name for each in primitives))
            message = f"{_named(package)} is a library of cryptography ({words})"
            yield Result(USE, package, "note", message, main.name, main.algorithm, package.name)
        if versions[package.ecosystem, package.name] <= MAX_VERSIONS:
            yield from _vulnerable(package, advisories.of(package.ecosystem, package.name))


def _version(package: Package) -> Package:
    """``package``, wherever it stands."""
    return Package(package.ecosystem, package.name, package.version, line=0)


def _vulnerable(package: Package, advisories: Sequence[Advisory]) -> Iterator[Result]:
    found = [each for each in advisories if _affects(each, package)]
    if not found:
        return
    fixes = [_fix(each, package) for each in found]
    known = [fix for fix in dict.fromkeys(fixes) if fix]
    fixed = later(package.ecosystem, package.version, known) if known else ()
    primitives = cryptographic_packages().get((package.ecosystem, package.name))
    severity = min((each.severity for each in found), key=list(Severity).index)
    yield Result(
        VULNERABLE,
        package,
        _LEVELS[severity],
        _message(package, found, fixes),
        primitives[0].name if primitives else "",
        primitives[0].algorithm if primitives else "",
        package.name,
        tuple(found),
        fixed,
    )


def _affects(advisory: Advisory, package: Package) -> bool:
    """Whether the version is affected; one that isn't pinned, or is none by the registry's rules, isn't known to be."""
    if package.version in advisory.versions:
        return True
    try:
        return bool(package.version) and is_affected(package.ecosystem, package.version, advisory.ranges)
    except UnknownVersion:
        return False


def _fix(advisory: Advisory, package: Package) -> str:
    """The least later version that the advisory calls fixed and that no other range of it has; "" without one."""
    try:
        candidates = later(package.ecosystem, package.version, advisory.fixed)
        return next((each for each in candidates if not is_affected(package.ecosystem, each, advisory.ranges)), "")
    except UnknownVersion:
        return ""


def _message(package: Package, advisories: Sequence[Advisory], fixes: Sequence[str]) -> str:
    """Why, and what to take instead."""
    parts = [
        f"{each.id}: {each.summary} ({f'fixed in {fix}' if fix else 'no version with a fix is known'})"
        for each, fix in zip(advisories, fixes, strict=True)
    ]
    return f"{_named(package)} is affected by {'; '.join(parts)}"


def _named(package: Package) -> str:
    return f"{package.name} {package.version}".rstrip()
