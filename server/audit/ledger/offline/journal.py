"""Compares the journal, where there is one, with the entries of the tree."""

from __future__ import annotations

import os
from typing import Any

from server.audit.ledger.device.entries import recovered_skip
from server.audit.ledger.log.frames import Frames, SegmentReader, Skip, first_index, segment_name
from server.audit.ledger.offline.findings import Kind, Report
from server.audit.ledger.offline.sources import BadFile, Listing, Unreadable, listed, read_at

FOLDER = "journal"
_MAX_SKIPS = 100_000
_MAX_SKIPS_OF_A_SEGMENT = 1000
"""Each costs milliseconds to find its end, and is a write that a full disk or a loss of power has cut."""


class JournalCheck:
    """Follows the segments while the entries of the tree go by. Of each segment the first difference is told."""

    def __init__(self, source: Listing, report: Report) -> None:
        """Raises ``Unreadable``."""
        self.pending = 0
        """Entries behind those of the tree."""

        self._source = source
        self._report = report
        self._skips: list[tuple[int, int, Skip]] = []
        """Bytes that are no entries, with the first index of their segment and that of the entry behind them."""
        names = listed(source, FOLDER, Kind.JOURNAL, report)
        self._firsts = [first for name in names if (first := first_index(name)) is not None]
        self._told_end = False
        self._skipped = 0
        self._at = -1
        """Which segment is open."""

        self._descriptor: int | None = None
        self._reader: SegmentReader | None = None
        self._entries: list[bytes] = []
        self._index = 0
        """The index of the first of ``_entries``."""

    def visit(self, first: int, entries: list[bytes]) -> None:
        """Compare these entries of the tree, of which ``first`` is the index of the first, with the journal's."""
        done = 0
        while done < len(entries):
            index = first + done
            start = self._seek(index)
            if start is None:
                self._ended_early(index)
                return
            if start > index:
                done += start - index
                continue
            mine = self._entries[index - self._index : index - self._index + len(entries) - done]
            others = entries[done : done + len(mine)]
            if mine != others:
                differing = next(at for at, pair in enumerate(zip(mine, others, strict=True)) if pair[0] != pair[1])
                self._differs(index + differing, "the journal's entry isn't that of the tree")
            done += len(mine)

    def finish(self, size: int, events: list[tuple[int, dict[str, Any]]]) -> None:
        """Count what lies behind the ``size`` entries of the tree, and compare what was skipped with the entries."""
        at = size
        told: set[tuple[int, int] | None] = set()
        while (start := self._seek(at)) is not None:
            told.update(recovered_skip(entry) for entry in self._entries[start - self._index :])
            at = max(start, self._index + len(self._entries))
            self._entries, self._index = [], at
        self.pending = max(0, at - size)
        self.close()
        # An entry may state anything; as texts, all of it can be compared.
        stated = {
            tuple(str(event.get(name)) for name in ("segment", "offset", "skipped_bytes", "sha256"))
            for _, event in events
            if event.get("event") == "recovered"
        }
        unexplained = 0
        for segment, following, skip in self._skips:
            rest = str(skip.offset), str(skip.skipped_bytes), skip.sha256
            if (str(segment), *rest) in stated or ("None", *rest) in stated:
                continue
            # Behind the tree, and where the entry that tells of them is, they aren't signed yet.
            if following >= size or (segment, skip.offset) in told:
                unexplained += skip.skipped_bytes
                continue
            message = f"{skip.skipped_bytes} bytes at {skip.offset} are no entries, and no entry says so"
            self._report.add(Kind.JOURNAL, message, index=segment, file=_path(segment))
        if unexplained:
            self._report.note(f"what {unexplained} bytes in the newest segment of the journal were")

    def close(self) -> None:
        """Give back what is open."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        self._reader = None

    def _ended_early(self, index: int) -> None:
        if self._firsts and not self._told_end:
            self._told_end = True
            path = _path(self._firsts[-1])
            self._report.add(Kind.JOURNAL, "the journal ends before the tree does", index=index, file=path)

    def _seek(self, index: int) -> int | None:
        """Read on until the entry ``index``; the index of the next that is there, None if there is none."""
        while index >= self._index + len(self._entries):
            if self._reader is None:
                if not self._next_segment(index):
                    return None
                continue
            part = self._reader.read()
            if isinstance(part, Frames):
                self._index += len(self._entries)
                self._entries = part.entries
                self._bound()
            elif isinstance(part, Skip):
                if len(self._skips) < _MAX_SKIPS:
                    self._skips.append((self._firsts[self._at], self._index + len(self._entries), part))
                self._skipped += 1
                if self._skipped > _MAX_SKIPS_OF_A_SEGMENT:
                    reached = self._index + len(self._entries)
                    self._differs(
                        reached, f"the segment has more than {_MAX_SKIPS_OF_A_SEGMENT} places without entries"
                    )
            else:
                self._end_of_segment(index)
        return max(index, self._index)

    def _bound(self) -> None:
        """A segment ends where the next one begins."""
        end = self._following()
        if end is not None and self._index + len(self._entries) > end:
            self._differs(end, "the segment goes on behind the first entry of the next one")

    def _end_of_segment(self, index: int) -> None:
        end, reached = self._following(), self._index + len(self._entries)
        if end is not None and reached < end:
            self._differs(reached, f"the segment has {end - reached} entries less than the next one's name says")
        self.close()

    def _next_segment(self, index: int) -> bool:
        """Open the segment with the entry ``index``, or the next one behind it."""
        self.close()
        self._at += 1
        while self._at + 1 < len(self._firsts) and self._firsts[self._at + 1] <= index:
            self._at += 1
        if self._at >= len(self._firsts):
            return False
        first = self._firsts[self._at]
        self._skipped = 0
        path = _path(first)
        self._entries, self._index = [], first
        try:
            self._descriptor = self._source.open(path)
        except BadFile as error:
            self._report.add(Kind.JOURNAL, str(error), index=first, file=path)
            return True
        if self._descriptor is None:
            self._report.add(Kind.MISSING, f"{path} is missing", index=first, file=path)
            return True
        read = read_at(self._descriptor, lambda error: Unreadable(f"can't read {path}: {error.strerror}"))
        self._reader = SegmentReader(read, sealed=self._following() is not None)
        return True

    def _following(self) -> int | None:
        """The first index of the next segment, if there is one."""
        return self._firsts[self._at + 1] if self._at + 1 < len(self._firsts) else None

    def _differs(self, index: int, message: str) -> None:
        """Tell a difference, and leave the rest of the segment alone: what follows would all be shifted."""
        self._report.add(Kind.JOURNAL, message, index=index, file=_path(self._firsts[self._at]))
        following = self._following()
        self.close()
        if following is None:
            self._at = len(self._firsts)
            self._told_end = True
        self._entries, self._index = [], index if following is None else following


def _path(first: int) -> str:
    return f"{FOLDER}/{segment_name(first)}"
