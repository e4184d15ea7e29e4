"""An exported entry, and the fields that formats read from it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import orjson

from server.audit.ledger.offline.entries import Clock

_MAX_INTEGER = 2**63
"""The numbers of other systems have 64 bits: nanoseconds since 1970 up to the year 2262."""

_REDUCED_CHARACTERS = 64


@dataclass(frozen=True)
class Record:
    """One entry. What isn't a JSON object, as in other logs, has no members."""

    origin: str
    index: int
    entry: bytes

    @cached_property
    def members(self) -> Mapping[str, Any]:
        """The entry's members."""
        try:
            found = orjson.loads(self.entry)
        except orjson.JSONDecodeError:
            return {}
        return found if isinstance(found, dict) else {}

    def block(self, name: str) -> Mapping[str, Any]:
        """A member that is an object, or an empty one."""
        found = self.members.get(name)
        return found if isinstance(found, dict) else {}

    def text(self, *names: str) -> str:
        """A text in nested objects, "" if there is none."""
        found: Any = self.members
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, str) else ""

    def number(self, *names: str) -> int | None:
        """A whole number in nested objects."""
        found: Any = self.members
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    @property
    def type(self) -> str:
        """``request``, ``response``, ``ledger`` or "" for what states none."""
        return self.text("type")

    @cached_property
    def nanoseconds(self) -> int | None:
        """The time of writing, in nanoseconds since the epoch."""
        found = Clock().nanoseconds(self.text("time"))
        return found if found is not None and -_MAX_INTEGER <= found < _MAX_INTEGER else None

    @property
    def failed(self) -> bool:
        """Whether it tells of an error, a refusal or a use of a key that failed."""
        return "error" in self.members or self.block("crypto").get("success") is False

    @property
    def error(self) -> str:
        """The error's text, "" if there is none."""
        return self.text("error")

    @property
    def namespace(self) -> str:
        """The namespace's path, or else its id."""
        return self.text("request", "namespace", "path") or self.text("request", "namespace", "id")

    def uses(self) -> list[Mapping[str, Any]]:
        """The uses of versions of a key."""
        found = self.block("crypto").get("uses")
        return [use for use in found if isinstance(use, dict)] if isinstance(found, list) else []

    def line(self) -> bytes:
        """The entry on one line: as it is, or of other logs' in JSON without line ends or in base64."""
        if self.members:
            return orjson.dumps(self.members) if b"\n" in self.entry or b"\r" in self.entry else self.entry
        return orjson.dumps({"entry_base64": base64.b64encode(self.entry).decode()})

    def reduced(self) -> Record:
        """The record without what may be long, for a sink that takes no long messages."""
        size, digest = len(self.entry), sha256(self.entry).hexdigest()
        kept = {name: self.text(name)[:_REDUCED_CHARACTERS] for name in ("time", "type")}
        left = {**kept, "omitted": {"size": size, "sha256": digest}}
        return Record(self.origin, self.index, orjson.dumps(left))
