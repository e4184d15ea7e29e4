"""Places that packages come from besides a registry: folders, archives and repositories."""

from __future__ import annotations

import re

from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename
from packaging.version import InvalidVersion, Version

_ARCHIVES = (".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar", ".zip", ".whl")
_LOCAL = ("file:", "link:", "portal:", "workspace:", "root:")
_SEPARATOR = re.compile(r"[/\\:]")
_END = re.compile(r"[?#]|::")
_NPM_ARCHIVE = re.compile(r"-(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)\.tgz")
_WHEEL_PARTS = (5, 6)


def is_archive(place: str) -> bool:
    """Whether a path or an address names an archive; what follows ``?``, ``#`` or Yarn's ``::`` doesn't count."""
    return _path(place).lower().endswith(_ARCHIVES)


def is_folder(place: str) -> bool:
    """Whether what a tool of npm resolved to is a folder, so part of the project."""
    return place.startswith(_LOCAL) and not is_archive(place)


def npm_version(name: str, place: str) -> str:
    """The version that ``place`` tells of a package of npm: itself, or that in the name of its archive, or ""."""
    if "/" not in place and ":" not in place:
        return place
    file = _file(place)
    for prefix in (name.rpartition("/")[2], name.lstrip("@").replace("/", "-")):
        if file.startswith(prefix) and (found := _NPM_ARCHIVE.fullmatch(file, len(prefix))):
            return found[1]
    return ""


def python_archive(place: str) -> tuple[str, str]:
    """The normal name and the version in the file name of a wheel or an sdist at ``place``; "" for any other file."""
    file = _file(place)
    try:
        if not file.endswith(".whl"):
            name, version = parse_sdist_filename(file)
            return name, str(version)
        # ``parse_wheel_filename`` also makes each combination of the tags, which are as many as the name likes.
        parts = file.removesuffix(".whl").split("-")
        return (canonicalize_name(parts[0]), str(Version(parts[1]))) if len(parts) in _WHEEL_PARTS else ("", "")
    except (InvalidSdistFilename, InvalidVersion):
        return "", ""


def python_version(name: str, place: str) -> str:
    """The version of the package ``name`` in the file name at ``place``, or ""."""
    found, version = python_archive(place)
    return version if found == canonicalize_name(name) else ""


def _path(place: str) -> str:
    return _END.split(place, maxsplit=1)[0]


def _file(place: str) -> str:
    return _SEPARATOR.split(_path(place))[-1]
