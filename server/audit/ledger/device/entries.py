"""Entries of the ledger: the broker's lines with ``ledger`` added, and the server's own.

``{"worker", "run", "n", "mono_ns"}`` lets a verifier see gaps and clocks that were set back: ``n`` counts from 0
without gaps in a run, ``mono_ns`` is the monotonic clock. An entry of more than 65,535 bytes gives way to one with its
hash and size; so does one whose data look like that, since they come from a caller.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from time import monotonic_ns, time_ns
from typing import Any

import orjson
from zlib_ng.zlib_ng import crc32

from engines.durations import format_time_nanoseconds
from server.audit.ledger.log.frames import frame_header
from server.audit.ledger.log.tiles import MAX_ENTRY_BYTES
from server.runtime.identifiers import new_request_id

_TIME = b'{"time":"'
_KEPT = frozenset({"id", "operation", "path", "mount_point"})
"""The stored part of a request that is too long without its data."""

_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MAX_NAME_CHARACTERS = 1024


class Run:
    """One run of a worker, and the number of its next entry."""

    def __init__(self, worker: int) -> None:
        self.n = 0
        self._tail = b',"ledger":{"worker":%d,"run":"%b","n":%%d,"mono_ns":%%d}}' % (worker, new_request_id().encode())
        """The end of an entry, which takes its number and the time."""

    def frames(self, lines: bytes) -> tuple[bytes, int]:
        """The frames of the entries of ``lines``, as ``stamp`` and ``encode_frames`` make them, and how many they are.

        A request waits for this, with all else that it does between: code that isn't in the processor's caches costs
        more here than copies do.
        """
        parts: list[bytes] = []
        n, start, tail, now = self.n, 0, self._tail, monotonic_ns()
        while start < len(lines):
            newline = lines.index(b"\n", start)
            entry = lines[start : newline - 1] + tail % (n, now)
            parts += (frame_header(len(entry), crc32(entry)), entry)
            start = newline + 1
            n += 1
        return b"".join(parts), n - self.n

    def stamp(self, lines: bytes) -> list[bytes]:
        """The entries of ``lines`` as they follow the last one; the caller advances ``n`` once they are written."""
        now = monotonic_ns()
        return [line[:-1] + self._tail % (n, now) for n, line in enumerate(lines[:-1].split(b"\n"), self.n)]


def retimed(lines: bytes) -> bytes:
    """``lines`` with the present time: those that had to wait are written now, and ``mono_ns`` says so too."""
    time = format_time_nanoseconds(time_ns()).encode()
    return b"".join(
        b"%b%b%b\n" % (_TIME, time, line[line.index(b'"', len(_TIME)) :]) if line.startswith(_TIME) else line + b"\n"
        for line in lines[:-1].split(b"\n")
    )


def own_line(event: str, members: Mapping[str, Any]) -> bytes:
    """The line of one of the server's own entries."""
    entry = {"time": format_time_nanoseconds(time_ns()), "type": "ledger", "event": event, **members}
    return orjson.dumps(entry) + b"\n"


def recovered_skip(entry: bytes) -> tuple[int, int] | None:
    """The segment and offset of the skip that ``entry`` tells of, None if it is another entry."""
    if b'"type":"ledger","event":"recovered"' not in entry[:128]:
        return None
    try:
        value = orjson.loads(entry)
        if value["type"] == "ledger" and value["event"] == "recovered":
            return int(value["segment"]), int(value["offset"])
    except (ValueError, KeyError, TypeError):
        pass
    return None


RESERVED = "large"
"""The member in place of data that are stored elsewhere."""


def looks_shortened(entry: bytes) -> bool:
    """Whether data in ``entry`` may be taken for what ``shortened`` puts in their place."""
    return b'"data":{"large":{' in entry


def large_name(entry: bytes) -> str:
    """The name of a long entry's body in ``large/``: its SHA-256."""
    return sha256(entry).hexdigest()


def shortened(entry: bytes, name: str) -> bytes:
    """The log's entry for a long ``entry`` whose body is stored under ``name``: without its data."""
    body = {RESERVED: {"sha256": name, "size": len(entry)}}
    value = _decode(entry)
    for part in ("request", "response"):
        if isinstance(value.get(part), dict) and "data" in value[part]:
            value[part]["data"] = body
    short = _encode(value)
    if len(short) <= MAX_ENTRY_BYTES:
        return short
    # What is long isn't the data: headers, policies or metadata, say.
    request = value.get("request")
    members = request.items() if isinstance(request, dict) else ()
    kept: dict[str, Any] = {key: value[key] for key in ("time", "type") if key in value}
    kept["request"] = {
        name: text[:_MAX_NAME_CHARACTERS] for name, text in members if name in _KEPT and isinstance(text, str)
    }
    namespace = request.get("namespace") if isinstance(request, dict) else None
    if isinstance(namespace, dict):
        kept["request"]["namespace"] = {
            name: text[:_MAX_NAME_CHARACTERS] for name, text in namespace.items() if isinstance(text, str)
        }
    return _encode({**kept, **body, "ledger": value["ledger"]})


def large_references(entry: bytes) -> Iterator[tuple[str, int]]:
    """Name and size of the large bodies that stand in place of an entry's data, or of nearly all of the entry."""
    try:
        members = orjson.loads(entry)
    except orjson.JSONDecodeError:
        return
    if not isinstance(members, dict):
        return
    references = [members.get("large")]
    for part in ("request", "response"):
        block = members.get(part)
        data = block.get("data") if isinstance(block, dict) else None
        references.append(data.get("large") if isinstance(data, dict) and len(data) == 1 else None)
    found = set()
    for reference in references:
        if isinstance(reference, dict) and reference.keys() == {"sha256", "size"}:
            name, size = reference["sha256"], reference["size"]
            if isinstance(name, str) and _HEX.fullmatch(name) and isinstance(size, int) and size >= 0:
                found.add((name, size))
    yield from sorted(found)


def _decode(entry: bytes) -> dict[str, Any]:
    value: dict[str, Any]
    try:
        value = orjson.loads(entry)
    except orjson.JSONDecodeError:
        value = json.loads(entry)
    return value


def _encode(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except (orjson.JSONEncodeError, TypeError):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
