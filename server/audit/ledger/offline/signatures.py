"""Valid signatures of a checkpoint: those of keys in the policy that weren't rotated out before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from server.audit.ledger.log.checkpoints import Checkpoint
from server.audit.ledger.log.keys import SignatureType, VerifierKey
from server.audit.ledger.log.notes import Note
from server.audit.ledger.log.policy import CheckedSignature, Policy, check_signatures
from server.audit.ledger.offline.entries import Clock
from server.audit.ledger.offline.findings import Kind, Report

_NANOSECONDS = 1_000_000_000
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999, in seconds since 1970: a cosignature may state a later time."""


@dataclass(frozen=True, slots=True)
class Retired:
    """A key that was rotated away by the entry ``index``; it signs until ``until``, in nanoseconds since 1970."""

    key: str
    index: int
    until: int


def retired_keys(events: Sequence[tuple[int, dict[str, Any]]]) -> list[Retired]:
    """The keys that ``rotated`` entries have ended."""
    found = []
    clock = Clock()
    for index, event in events:
        old, overlap = event.get("old"), event.get("overlap_seconds", 0)
        time = clock.nanoseconds(str(event.get("time", "")))
        if event.get("event") != "rotated" or not isinstance(old, list) or not isinstance(overlap, int | float):
            continue
        until = (time or 0) + int(min(max(overlap, 0), 10**9) * _NANOSECONDS)
        found += [Retired(key, index, until) for key in old if isinstance(key, str)]
    return found


def later_keys(events: Sequence[tuple[int, dict[str, Any]]], size: int) -> set[str]:
    """The keys that need not have signed the first ``size`` entries: ``rotated`` entries name them later, or last."""
    found: set[str] = set()
    for index, event in events:
        new = event.get("new")
        if event.get("event") == "rotated" and index + 1 >= size and isinstance(new, list):
            found.update(key for key in new if isinstance(key, str))
    return found


def judged(
    checkpoint: Checkpoint,
    checked: Sequence[CheckedSignature],
    events: Sequence[tuple[int, dict[str, Any]]],
    last_time: int | None,
) -> list[tuple[CheckedSignature, str]]:
    """Each signature of a checkpoint with its status: ``valid``, which counts, ``invalid``, ``unknown`` or ``rotated``.

    ``events`` are the log's ``rotated`` entries; ``last_time`` is the time of the tree's newest entry, in nanoseconds
    since 1970.
    """
    retired = {one.key: one for one in retired_keys(events)}
    # Not all signatures state a time: the latest that anything states is taken for all.
    times = [one.time for one in checked if one.valid and one.time is not None]
    newest = max([last_time or 0, *(time * _NANOSECONDS for time in times)])
    return [(one, _status(checkpoint, one, retired, newest)) for one in checked]


def _status(checkpoint: Checkpoint, one: CheckedSignature, retired: dict[str, Retired], newest: int) -> str:
    if one.key is None:
        return "unknown"
    if not one.valid:
        return "invalid"
    if not one.is_log:
        return "valid"
    if one.key.name != checkpoint.origin:
        return "unknown"
    gone = retired.get(str(one.key))
    if gone is None or checkpoint.size <= gone.index + 1:
        return "valid"
    return "valid" if newest <= gone.until else "rotated"


class SignatureCheck:
    """The signatures of one of the log's checkpoints, in the file ``file``."""

    def __init__(self, checkpoint: Checkpoint, note: Note, policy: Policy, file: str) -> None:
        self._checkpoint = checkpoint
        self._file = file
        self._policy = policy
        self._checked = check_signatures(note, policy)

    def judge(
        self, report: Report, events: Sequence[tuple[int, dict[str, Any]]], last_time: tuple[int, int] | None
    ) -> None:
        """Write all signatures of the newest checkpoint into the report, and what is wrong with them or missing.

        ``events`` are the log's own entries, which are only as good as these signatures; ``last_time`` is that of the
        newest entry.
        """
        counted = self._counted(report, events, last_time, shown=True)
        self._judge_log(report, counted, events)
        self._judge_witnesses(report, counted)

    def judge_earlier(self, report: Report, events: Sequence[tuple[int, dict[str, Any]]]) -> None:
        """Write into the report what is wrong with the log's signatures of an earlier checkpoint, or missing.

        The keys of its time may be others than the policy's: whether it is the log's is in the tree then.
        """
        counted = self._counted(report, events, None)
        if not counted and not current_keys(self._checkpoint, self._policy, events):
            report.note(f"who signed {self._file}: the policy doesn't have the keys of that time")
            return
        self._judge_log(report, counted, events)

    def _counted(
        self,
        report: Report,
        events: Sequence[tuple[int, dict[str, Any]]],
        last_time: tuple[int, int] | None,
        *,
        shown: bool = False,
    ) -> list[CheckedSignature]:
        """The signatures that count."""
        counted: list[CheckedSignature] = []
        for one, status in judged(self._checkpoint, self._checked, events, last_time and last_time[1]):
            if shown:
                report.signatures.append(_shown(one, status))
            if status == "valid":
                counted.append(one)
            elif status == "invalid":
                message = f"the signature of {one.name} with the key {one.key_id.hex()} isn't good"
                report.add(Kind.SIGNATURE, message, file=self._file)
        return counted

    def _judge_log(
        self, report: Report, counted: list[CheckedSignature], events: Sequence[tuple[int, dict[str, Any]]]
    ) -> None:
        if not self._policy.logs:
            report.weaken("who signed this: the policy has no key of a log")
            return
        signed = {one.key.type for one in counted if one.is_log and one.key is not None}
        if not signed:
            message = f"no key that the policy has for {self._checkpoint.origin} has signed {self._file}"
            report.add(Kind.SIGNATURE, message, file=self._file)
            return
        for kind in missing_types(self._checkpoint, self._policy, events, counted):
            report.weaken(f"{self._file} has no {kind.title} of the log, for which the policy has a key")

    def _judge_witnesses(self, report: Report, counted: list[CheckedSignature]) -> None:
        witnesses = {one.witness for one in counted if one.witness is not None}
        if not self._policy.is_met(witnesses):
            report.weaken(f"the quorum {self._policy.quorum} of witnesses hasn't signed the checkpoint")
        if not witnesses:
            report.note("that this is the newest state of the log: an older one looks the same, without a witness")
            report.note("that others are shown the same history: that takes a witness, or comparing checkpoints")
            return
        times = [one.time for one in counted if one.witness is not None and one.time is not None]
        since = (
            f" since {datetime.fromtimestamp(min(max(times), _LAST_SECOND), UTC):%Y-%m-%d %H:%M:%S} UTC"
            if times
            else ""
        )
        report.note(f"what was signed{since}: a witness has the last checkpoint that it signed, which --kept takes")


def current_keys(
    checkpoint: Checkpoint, policy: Policy, events: Sequence[tuple[int, dict[str, Any]]]
) -> list[VerifierKey]:
    """The policy's keys of the log that have to sign a tree of this size."""
    later = later_keys(events, checkpoint.size)
    gone = {one.key for one in retired_keys(events) if checkpoint.size > one.index + 1}
    keys = trusted_keys(policy, checkpoint.origin)
    return [key for key in keys if str(key) not in gone and str(key) not in later]


def missing_types(
    checkpoint: Checkpoint,
    policy: Policy,
    events: Sequence[tuple[int, dict[str, Any]]],
    counted: Sequence[CheckedSignature],
) -> list[SignatureType]:
    """The types of the log's keys that have to sign a tree of this size, and of which no signature counts."""
    keys = current_keys(checkpoint, policy, events) or trusted_keys(policy, checkpoint.origin)
    return sorted({key.type for key in keys} - {one.key.type for one in counted if one.is_log and one.key is not None})


def trusted_keys(policy: Policy, origin: str) -> list[VerifierKey]:
    """The log's keys that the policy has for ``origin``."""
    return [log.key for log in policy.logs if log.key.name == origin]


def _shown(one: CheckedSignature, status: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": one.name, "key_id": one.key_id.hex(), "status": status}
    if one.key is not None:
        shown["role"] = "log" if one.is_log else "witness"
        shown["type"] = one.key.type.title
    if one.time is not None:
        shown["time"] = one.time
    return shown
