"""Consistency of entries: a worker's are complete, in order and in time; and the location of large bodies.

Entries of other logs than ours may be anything; what has no ``ledger`` member is only part of the tree.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
import orjson

from engines.durations import SECOND
from server.audit.ledger.device.entries import large_references
from server.audit.ledger.offline.findings import Kind, Report
from server.audit.ledger.offline.sources import BadFile, Listing

_MAX_RUNS = 100_000
"""Runs of workers that are remembered; each start of a worker is one."""

_MAX_EVENTS = 100_000
_EVENTS = ("rotated", "pruned", "recovered")
_SLACK_NANOSECONDS = SECOND
_SLACK_SHARE = 1000
"""Clocks that are adjusted slowly fall back by less than a thousandth."""

_LARGE = b'"large":{'
_CHUNK_BYTES = 1024 * 1024


class LedgerMember(msgspec.Struct, gc=False):
    """The member ``ledger`` of our entries."""

    worker: int | str | None = None
    run: int | str | None = None
    n: int | None = None
    mono_ns: int | None = None


class Head(msgspec.Struct, gc=False):
    """The members of an entry that every entry is asked for."""

    time: str = ""
    type: str = ""
    ledger: LedgerMember | None = None


class _Run:
    """The newest entry of one run of a worker."""

    __slots__ = ("index", "mono_ns", "n", "time")

    def __init__(self, index: int, n: int, mono_ns: int | None, time: int | None) -> None:
        self.index, self.n, self.mono_ns, self.time = index, n, mono_ns, time


_decoder = msgspec.json.Decoder(Head)


class EntryCheck:
    """Looks at all entries of a log in their order."""

    def __init__(self, source: Listing | None, report: Report, first: int) -> None:
        """``source`` has the large bodies; ``first`` is the first entry looked at: runs may have begun before it."""
        self.events: list[tuple[int, dict[str, Any]]] = []
        """Entries about keys, pruning and recovery that were signed, by their index."""

        self.last_time: tuple[int, int] | None = None
        """Index and time, in nanoseconds since 1970, of the newest entry that was signed and states one."""

        self._source = source
        self._report = report
        self._next = first
        self._whole = first == 0
        self._runs: OrderedDict[tuple[Any, Any], _Run] = OrderedDict()
        self._clock = Clock()
        self._large: dict[str, int] = {}

    def visit(self, first: int, entries: list[bytes], authentic: bool) -> None:
        """Look at ``entries``, of which ``first`` is the index of the first."""
        if first != self._next:
            # What is missing is a finding already: runs go on behind it at any number.
            self._whole = False
            self._runs.clear()
        self._next = first + len(entries)
        decode = _decoder.decode
        for index, entry in enumerate(entries, first):
            try:
                head = decode(entry)
            except (msgspec.DecodeError, RecursionError):
                continue
            time = self._clock.nanoseconds(head.time)
            if head.ledger is not None and head.ledger.n is not None:
                self._follow(index, head.ledger, time)
            if authentic and time is not None:
                self.last_time = index, time
            if head.type == "ledger" and authentic:
                self._note(index, entry)
            if _LARGE in entry:
                self._look_into(index, entry)

    def _note(self, index: int, entry: bytes) -> None:
        """Remember an entry of the server's own, if something follows from it."""
        with suppress(orjson.JSONDecodeError):
            event = orjson.loads(entry)
            if "namespace" in event:
                return  # Of a tenant's log.
            if "accepted_loss" in event:
                self._report.note(f"an earlier log of this origin, whose loss was accepted: entry {index} says which")
            if event.get("event") in _EVENTS and len(self.events) < _MAX_EVENTS:
                self.events.append((index, event))
            elif event.get("event") in _EVENTS:
                self._report.note(f"what follows from more than {_MAX_EVENTS} entries about keys and recoveries")

    def _follow(self, index: int, member: LedgerMember, time: int | None) -> None:
        """Compare an entry with the one before it in its run."""
        assert member.n is not None
        key = member.worker, member.run
        run = self._runs.get(key)
        if run is None:
            if member.n != 0 and self._whole:
                self._report.add(Kind.SEQUENCE, f"a run of a worker begins with number {member.n}", index=index)
            self._remember(key, _Run(index, member.n, member.mono_ns, time))
            return
        if member.n != run.n + 1:
            message = f"number {member.n} of a run of a worker follows number {run.n}, which is entry {run.index}"
            self._report.add(Kind.SEQUENCE, message, index=index)
        if member.mono_ns is not None and run.mono_ns is not None:
            passed = member.mono_ns - run.mono_ns
            if passed < 0:
                self._report.add(Kind.TIME, f"the monotonic clock falls back from entry {run.index}", index=index)
            elif time is not None and run.time is not None:
                lost = passed - (time - run.time)
                if lost > _SLACK_NANOSECONDS + passed // _SLACK_SHARE:
                    message = f"the time was set back by {lost / 1e9:.1f} s since entry {run.index} of the same worker"
                    self._report.add(Kind.TIME, message, index=index)
        run.index, run.n, run.mono_ns, run.time = index, member.n, member.mono_ns, time

    def _remember(self, key: tuple[Any, Any], run: _Run) -> None:
        if len(self._runs) >= _MAX_RUNS:
            self._runs.popitem(last=False)
            self._whole = False
            self._report.note(f"the numbers of more than {_MAX_RUNS} runs of workers at once")
        self._runs[key] = run

    def _look_into(self, index: int, entry: bytes) -> None:
        """Check the large bodies that an entry refers to."""
        if self._source is None:
            return
        for name, size in large_references(entry):
            known = self._large.get(name)
            if known == size:
                continue
            if len(self._large) < _MAX_EVENTS:
                self._large[name] = size
            self._check_large(self._source, index, name, size)

    def _check_large(self, source: Listing, index: int, name: str, size: int) -> None:
        path = f"large/{name}"
        try:
            descriptor = source.open(path)
        except BadFile as error:
            self._report.add(Kind.LARGE, str(error), index=index, file=path)
            return
        if descriptor is None:
            self._report.add(Kind.LARGE, f"{path} is missing", index=index, file=path)
            return
        digest, length = sha256(), 0
        try:
            while length <= size and (part := os.read(descriptor, _CHUNK_BYTES)):
                digest.update(part)
                length += len(part)
        finally:
            os.close(descriptor)
        if length != size or digest.hexdigest() != name:
            self._report.add(Kind.LARGE, f"{path} isn't the body that the entry states", index=index, file=path)


class Clock:
    """Reads the times of entries, most of which share their second with the one before."""

    def __init__(self) -> None:
        self._second = ""
        self._nanoseconds = 0

    def of(self, entry: bytes) -> int | None:
        """The time of an entry, in nanoseconds since 1970, None if it states none."""
        try:
            return self.nanoseconds(_decoder.decode(entry).time)
        except (msgspec.DecodeError, RecursionError):
            return None

    def nanoseconds(self, text: str) -> int | None:
        """The nanoseconds since 1970 of a time in RFC 3339, None if it isn't one."""
        second = text[:19]
        if second != self._second or not second:
            try:
                read = datetime.fromisoformat(f"{second}+00:00")
            except ValueError:
                return None
            self._nanoseconds = int(read.timestamp()) * SECOND
            self._second = second
        fraction = text[19:-1]
        if not text.endswith("Z") or len(fraction) > 10:
            return _with_offset(text)
        if not fraction:
            return self._nanoseconds
        digits = fraction[1:]
        if fraction[0] != "." or not (digits.isascii() and digits.isdigit()):
            return _with_offset(text)
        return self._nanoseconds + int(digits.ljust(9, "0"))


def _with_offset(text: str) -> int | None:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    if read.tzinfo is None:
        return None
    return int(read.timestamp()) * SECOND + read.microsecond * 1000
