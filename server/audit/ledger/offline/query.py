"""Search for entries by their fields. Both entries of a request match, except for fields of responses only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import orjson

from server.audit.ledger.offline.entries import Clock
from server.audit.ledger.offline.proven import ProvenLog

_TEXTS = (
    "request_id", "entity_id", "accessor", "operation", "path_prefix", "key", "algorithm", "verdict",
    "crypto_operation",
)  # fmt: skip
"""Criteria that stand in an entry as they are given."""


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

    def needles(self, criteria: Collection[str] | None = None) -> list[bytes]:
        """Bytes that every entry has which fits, by the given ``criteria`` or by all, to tell most others unparsed."""
        found = []
        for name in _TEXTS:
            text = getattr(self, name) if criteria is None or name in criteria else None
            if text is not None and text.isascii() and text.isprintable():
                # A prefix goes on where the text would end.
                found.append(orjson.dumps(text)[: -1 if name == "path_prefix" else None])
        return found

    def matches(self, entry: Mapping[str, Any], time: int | None) -> bool:
        """Whether an entry fits, whose time is ``time``."""
        if self.after is not None and (time is None or time < self.after):
            return False
        if self.before is not None and (time is None or time >= self.before):
            return False
        facts = facts_of(entry)
        return (
            (self.request_id is None or self.request_id == facts.request_id)
            and self.fits_kind(facts.kind)
            and self.fits_caller(facts.caller)
            and self.fits_path(facts.path)
            and self.fits_key(facts.key)
        )

    def asks(self, criteria: tuple[str, ...]) -> bool:
        """Whether one of ``criteria`` is given: ``KIND``, ``CALLER``, ``PATH`` or ``KEY``."""
        return any(getattr(self, name) is not None for name in criteria)

    def fits_kind(self, kind: Sequence[Any]) -> bool:
        """Whether ``Facts.kind`` of an entry fits, as it is or as JSON has it."""
        namespace, mount, uses, operation, verdict, crypto_operation, success = kind
        return (
            self.operation in (None, operation)
            and self.verdict in (None, verdict)
            and self.crypto_operation in (None, crypto_operation)
            and self.success in (None, success)
            and (self.namespace is None or self._fits_namespace(namespace))
            and (self.mount is None or self.mount.strip("/") == mount)
            and self._fits_uses(uses)
        )

    def fits_caller(self, caller: Sequence[Any]) -> bool:
        """Whether ``Facts.caller`` fits, likewise."""
        entity_id, accessor = caller
        return self.entity_id in (None, entity_id) and self.accessor in (None, accessor)

    def fits_path(self, path: str) -> bool:
        """Whether ``Facts.path`` fits."""
        return self.path_prefix is None or path.startswith(self.path_prefix)

    def fits_key(self, key: Any) -> bool:
        """Whether ``Facts.key`` fits."""
        return self.key in (None, key)

    def _fits_namespace(self, namespace: Sequence[Any] | None) -> bool:
        assert self.namespace is not None
        if namespace is None:
            return False
        ident, path = namespace
        return ident == self.namespace or bool(path == self.namespace.strip("/"))

    def _fits_uses(self, uses: Sequence[Sequence[Any]]) -> bool:
        """Whether one use of a key has both the version and the algorithm."""
        if self.key_version is None and self.algorithm is None:
            return True
        return any(
            self.key_version in (None, version) and self.algorithm in (None, algorithm) for version, algorithm in uses
        )


KIND = ("namespace", "mount", "key_version", "algorithm", "operation", "verdict", "crypto_operation", "success")
CALLER = ("entity_id", "accessor")
PATH, KEY = ("path_prefix",), ("key",)
"""Criteria on each part of ``Facts``."""


class Facts(NamedTuple):
    """The parts of an entry that queries ask for, besides its time, grouped by how often they differ."""

    request_id: Any
    kind: tuple[Any, ...]
    """Namespace (id and path, None without one), mount, version and algorithm of each use, operation, verdict, crypto
    operation, success."""

    caller: tuple[Any, ...]
    """Entity and accessor."""

    path: str
    key: Any


def facts_of(entry: Mapping[str, Any]) -> Facts:
    """The facts of an entry, whose members may have any type."""
    request, auth, crypto = (_member(entry, name) for name in ("request", "auth", "crypto"))
    namespace = _member(request, "namespace")
    uses = crypto.get("uses")
    return Facts(
        request.get("id"),
        (
            (namespace.get("id"), str(namespace.get("path", "")).strip("/")) if namespace else None,
            str(request.get("mount_point", "")).strip("/"),
            tuple((use.get("key_version"), use.get("algorithm")) for use in uses if isinstance(use, dict))
            if isinstance(uses, list)
            else (),
            request.get("operation"),
            _member(entry, "crypto_policy").get("verdict"),
            crypto.get("operation"),
            _success(entry, crypto),
        ),
        (auth.get("entity_id"), auth.get("accessor")),
        str(request.get("path", "")),
        crypto.get("key"),
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

    ``first`` is at most the log's size. Raises ``NotProven`` and ``Unreadable``.
    """
    size = log.checkpoint.size
    if 0 < first == size:
        yield Answer([], size, time_of(log.entry(size - 1)))
    yield from scan(log, query, Answer([], first), size, limit)


def scan(
    log: ProvenLog,
    query: Query,
    answer: Answer,
    end: int,
    limit: int,
    read: Callable[[int, list[bytes]], None] = lambda start, entries: None,
) -> Iterator[Answer]:
    """Go on with ``answer`` through all entries before ``end``, likewise; ``read`` is told what was read."""
    needles = query.needles()
    clock = Clock()
    for start, entries in log.bundles(answer.next_index, end):
        for index, entry in enumerate(entries, start):
            answer.next_index = index + 1
            if all(needle in entry for needle in needles) and fits(query, entry, clock):
                answer.hits.append(Hit(index, entry))
                if len(answer.hits) >= limit:
                    break
        answer.time = time_of(entries[answer.next_index - start - 1])
        read(start, entries)
        yield answer
        if len(answer.hits) >= limit:
            return


def fits(query: Query, entry: bytes, clock: Clock) -> bool:
    """Whether an entry fits, by its text."""
    members = members_of(entry)
    return members is not None and query.matches(members, clock.nanoseconds(str(members.get("time", ""))))


def time_of(entry: bytes) -> str:
    """The time that an entry states; ``""`` if it states none."""
    return str((members_of(entry) or {}).get("time", ""))


def members_of(entry: bytes) -> dict[str, Any] | None:
    """The members of an entry; None if it is no JSON object."""
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
