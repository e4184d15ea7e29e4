"""Selection of a key's versions by the path of an export."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from msgspec import Meta

from engines.faults import InvalidRequest
from engines.fields import READING, plain_integer
from engines.keys.keyring import Keyring, KeyVersion

_VERSION = re.compile(r"v?[+-]?[0-9]{1,18}", re.ASCII)


def plain_version(text: str) -> str:
    """The canonical text of a version in a path, which ``select_versions`` accepts in several forms."""
    number = text.removeprefix("v")
    return plain_integer(number) if _VERSION.fullmatch(text) else text


VersionSegment: TypeAlias = Annotated[str, Meta(extra={READING: plain_version})]
"""A version of a key as a segment of a path."""


def select_versions(keyring: Keyring, text: str) -> list[KeyVersion]:
    """The version that ``text`` (``3``, ``v3``, ``latest``) names; all usable ones for "". Raises a fault."""
    if not text:
        return list(keyring.versions.values())
    if text == "latest":
        return [keyring.latest]
    if not _VERSION.fullmatch(text):
        raise InvalidRequest("invalid key version")
    number = int(text.removeprefix("v"))
    if number < keyring.record.min_decryption_version:
        raise InvalidRequest("version for export is below minimum decryption version")
    version = keyring.versions.get(number)
    if version is None:
        raise InvalidRequest("version does not exist or cannot be found")
    return [version]
