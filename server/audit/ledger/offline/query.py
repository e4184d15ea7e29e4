"""Finds entries by what they say. Of a request, both entries fit: what only responses state finds these alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import orjson

from server.audit.ledger.offline.entries import Clock
from server.audit.ledger.offline.proven import ProvenLog


@dataclass(frozen=True, slots=True)
class Query:
    """The criteria of a query: all that are given must match. Times are in nanoseconds since the epoch."""

    request_id: str | None = None
    after: int | None = None
    """The earliest time that fits."""

    before: int | None = None
    """The first time that doesn't fit any more."""

    namespace: str | None = None
    """A path or an id; the path of the root is ``""``, its id ``root``."""

    entity_id: str | None = None
    accessor: str | None = None
    """As it is logged."""

    operation: str | None = None
    mount: str | None = None
    path_prefix: str | None = None
    key: str | None = None
    key_version: int | None = None
    algorithm: str | None = None
    success: bool | None = None
    verdict: str | None = None
    crypto_operation: str | None = None

    def needles(self) -> list[bytes]:
        """Bytes that every entry has which fits, to tell most others without parsing them."""
        texts = (
            self.request_id, self.entity_id, self.accessor, self.operation, self.key, self.algorithm, self.verdict,
            self.crypto_operation,
        )  # fmt: skip
        return [orjson.dumps(text) for text in texts if text is not None and text.isascii() and text.isprintable()]

    def matches(self, entry: Mapping[str, Any], time: int | None) -> bool:
        """Whether an entry fits, whose time is ``time``."""
        if self.after is not None and (time is None or time < self.after):
            return False
        if self.before is not None and (time is None or time >= self.before):
            return False
        request, auth, crypto = (_member(entry, name) for name in ("request", "auth", "crypto"))
        asked = (
            (self.request_id, request.get("id")),
            (self.entity_id, auth.get("entity_id")),
            (self.accessor, auth.get("accessor")),
            (self.operation, request.get("operation")),
            (self.key, crypto.get("key")),
            (self.verdict, _member(entry, "crypto_policy").get("verdict")),
            (self.crypto_operation, crypto.get("operation")),
            (self.success, _success(entry, crypto)),
        )
        return (
            all(wanted is None or wanted == found for wanted, found in asked)
            and self._fits_places(request)
            and self._fits_uses(crypto)
        )

    def _fits_places(self, request: Mapping[str, Any]) -> bool:
        namespace = _member(request, "namespace")
        if self.namespace is not None and self.namespace != namespace.get("id"):
            if self.namespace.strip("/") != str(namespace.get("path", "")).strip("/") or not namespace:
                return False
        if self.mount is not None and self.mount.strip("/") != str(request.get("mount_point", "")).strip("/"):
            return False
        return self.path_prefix is None or str(request.get("path", "")).startswith(self.path_prefix)

    def _fits_uses(self, crypto: Mapping[str, Any]) -> bool:
        """Whether one use of a key has both the version and the algorithm."""
        if self.key_version is None and self.algorithm is None:
            return True
        uses = crypto.get("uses")
        return any(
            (self.key_version is None or use.get("key_version") == self.key_version)
            and (self.algorithm is None or use.get("algorithm") == self.algorithm)
            for use in (uses if isinstance(uses, list) else ())
            if isinstance(use, dict)
        )


FIELDS = tuple(field.name for field in fields(Query))


@dataclass(frozen=True, slots=True)
class Hit:
    """One entry that fits."""

    index: int
    entry: bytes


@dataclass(slots=True)
class Answer:
    """Entries that fit, and up to where there are no others."""

    hits: list[Hit]
    next_index: int
    """The position to continue at."""

    time: str = ""
    """The time of the last entry examined."""


def find(log: ProvenLog, query: Query, first: int, limit: int) -> Iterator[Answer]:
    """Look through a log from ``first`` on, until ``limit`` entries fit. Gives what it has after each bundle.

    Raises ``NotProven`` and ``Unreadable``.
    """
    needles = query.needles()
    answer = Answer([], first)
    clock = Clock()
    for start, entries in log.bundles(first):
        for index, entry in enumerate(entries, start):
            answer.next_index = index + 1
            if all(needle in entry for needle in needles):
                members = _members(entry)
                if members is not None and query.matches(members, clock.nanoseconds(str(members.get("time", "")))):
                    answer.hits.append(Hit(index, entry))
                    if len(answer.hits) >= limit:
                        break
        last = _members(entries[answer.next_index - start - 1]) or {}
        answer.time = str(last.get("time", ""))
        yield answer
        if len(answer.hits) >= limit:
            return


def _members(entry: bytes) -> dict[str, Any] | None:
    try:
        members = orjson.loads(entry)
    except orjson.JSONDecodeError:
        return None
    return members if isinstance(members, dict) else None


def _member(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = entry.get(name)
    return found if isinstance(found, dict) else {}


def _success(entry: Mapping[str, Any], crypto: Mapping[str, Any]) -> bool | None:
    """Whether a response tells of success; None for other entries."""
    if entry.get("type") != "response":
        return None
    stated = crypto.get("success")
    return stated if isinstance(stated, bool) else "error" not in entry
