"""Ledger device: appends frames to the journal of a transparency log, which an integrator makes the tree from.

A line costs what the file device's costs, its number, its CRC-32 and a copy. All workers append to one segment.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Mapping
from typing import Any, ClassVar, Never

from engines.faults import InvalidRequest
from server.audit.devices.base import DeviceFault
from server.audit.devices.file_systems import is_local
from server.audit.ledger.device.directory import Held, LedgerDirectory
from server.audit.ledger.device.entries import RESERVED, Run, large_name, looks_shortened, own_line, retimed, shortened
from server.audit.ledger.device.journal import JournalWriter
from server.audit.ledger.device.options import OPTIONS, read_ledger_options
from server.audit.ledger.device.witnesses import read_witness_policy
from server.audit.ledger.log.frames import encode_frames, take_frames
from server.audit.ledger.log.policy import Policy
from server.audit.ledger.log.tiles import MAX_ENTRY_BYTES
from server.runtime.version import VERSION

log = logging.getLogger(__name__)

_STAMP_BYTES = 160
"""More than ``ledger`` adds to a line."""


class LedgerDevice:
    """The writing end of a ledger, in one process. Its directory is prepared by ``server.audit.ledger.leading.ledger``.

    Opening it writes an ``opened`` entry, closing it one of the event ``ending``, if that is set.
    """

    options: ClassVar[Mapping[str, str]] = OPTIONS
    reserved: ClassVar[str] = RESERVED
    """Data with this member may look like a reference to ``large/``, which ``write`` looks for."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.settings = read_ledger_options(settings)
        self.directory = LedgerDirectory(self.settings.directory)
        self.worker = 0
        """The number of this process among the server's."""

        self.required = self.settings.required
        self.monotonic = True
        """Lines are given the time at which they are written."""

        self.syncs = self.settings.power
        self.ending = "closed"
        self.introduced: dict[str, Any] = {}
        """Further members of the ``opened`` entry."""

        self.witness_policy: Policy | None = None
        self._run: Run | None = None
        self._journal: JournalWriter | None = None
        self._use: Held | None = None
        self._namespaces = False
        """Whether there may be entries of namespaces."""

    def rehearse(self, *, fresh: bool) -> None:
        """Check that the directory can be used, and make its folders. ``fresh``: nothing is remembered of its log.

        A log that is remembered goes on with a full disk, and takes entries again as soon as there is space.
        Raises ``DeviceFault``, and ``InvalidRequest`` with nothing made.
        """
        try:
            self._read_witness_policy()
            self.check_file_system()
            if fresh and not self.directory.empty:
                raise InvalidRequest(
                    f"the ledger's directory {self.directory.path} isn't empty, and nothing is remembered of a log "
                    f'with the origin "{self.settings.origin}"'
                )
            self.directory.make()
            if fresh:
                self.directory.write("tmp/rehearsal", b"\n")
                os.unlink(self.directory.path / "tmp" / "rehearsal")
        except OSError as error:
            raise self._fault(error) from error

    def check_file_system(self) -> None:
        """Raises ``InvalidRequest`` on a network file system, where appending by several writers isn't atomic."""
        path = self.directory.path
        present = next(folder for folder in (path, *path.parents) if folder.exists())
        if not is_local(str(present), os.stat(present).st_dev):
            raise InvalidRequest(f"the ledger's directory {path} is not on a local file system")

    def open(self) -> None:
        """As ``AuditDevice.open``."""
        if self._journal is not None:
            return
        use = None
        self.reopen()
        try:
            use = Held(self.directory.path / "journal")
            if not use.take(shared=True):
                raise DeviceFault(f"the ledger {self.directory.path} is being disabled")
            self._journal = JournalWriter(self.directory, syncs=self.syncs)
            if self._namespaces:
                self._journal.tell_of_namespaces()
            self._run = Run(self.worker)
            self._append(own_line("opened", {"version": VERSION, **self.introduced}))
            self.introduced = {}
        except (OSError, ValueError) as error:
            self._release(use)
            raise self._fault(error) from error
        except DeviceFault:
            self._release(use)
            raise
        self._use = use

    def write(self, lines: bytes) -> None:
        """As ``AuditDevice.write``: what had to wait is written with the present time."""
        if self._journal is None:
            self.open()
        try:
            self._append(retimed(lines))
        except OSError as error:
            raise self._fault(error) from error

    def write_immediately(self, lines: bytes) -> bool:
        """As ``Immediate.write_immediately``."""
        journal, run = self._journal, self._run
        if journal is None or len(lines) > MAX_ENTRY_BYTES - _STAMP_BYTES:
            return False
        assert run is not None, "the device is open"
        frames, count = run.frames(lines)
        try:
            written = journal.append(frames)
        except BlockingIOError:
            return False
        except OSError as error:
            raise self._fault(error) from error
        if written < len(frames):
            self._count_part(run, frames, written)
        run.n += count
        return True

    def sync(self) -> None:
        """Make all that was written durable. Raises ``DeviceFault``. Called in any thread."""
        if self._journal is not None:
            try:
                self._journal.sync()
            except OSError as error:
                raise self._fault(error) from error

    def note(self, event: str, members: Mapping[str, Any]) -> None:
        """Write an entry of the server's own. Raises ``DeviceFault``. Called as ``write`` is."""
        if "namespace" in members:
            self.meet_namespace()
        self.write(own_line(event, members))
        if self.syncs:
            self.sync()

    def meet_namespace(self) -> None:
        """As ``MeetsNamespaces.meet_namespace``: entries of no namespace aren't looked through for them."""
        self._namespaces = True  # First: an ``open`` that is under way sees it, or has set the journal.
        journal = self._journal
        if journal is not None:
            journal.tell_of_namespaces()

    def reopen(self) -> None:
        """Read the policy of witnesses again; no file of a ledger is moved away from under it."""
        try:
            self._read_witness_policy()
        except InvalidRequest as error:
            raise DeviceFault(error.message or "") from error

    def _read_witness_policy(self) -> None:
        if self.settings.witness_policy:
            self.witness_policy = read_witness_policy(self.settings.witness_policy)

    def close(self) -> None:
        """Write the entry of the end, and release the journal."""
        if self._journal is None:
            return
        try:
            if self.ending:
                self._append(own_line(self.ending, {}))
            if self.syncs:
                self.sync()
        except (OSError, DeviceFault) as error:
            log.error("the ledger's entry %s was not written: %s", self.ending, self._fault(error))
        finally:
            self._release(self._use)

    def yield_lock(self) -> None:
        """Let a segment be sealed that this process has written to. Called in the event loop, once in a while."""
        if self._journal is not None:
            self._journal.yield_lock()

    def end_alone(self) -> bool:
        """Whether no other process has the ledger open; then none can open it until this one is closed."""
        return self._use is not None and self._use.take()

    def _release(self, use: Held | None) -> None:
        journal, self._journal, self._run, self._use = self._journal, None, None, None
        for one in (journal, use):
            if one is not None:
                with contextlib.suppress(OSError):
                    one.close()

    def _append(self, lines: bytes) -> None:
        """Append the entries of ``lines``. Raises ``OSError``, ``DeviceFault`` if not all could be written."""
        run, journal = self._run, self._journal
        assert run is not None and journal is not None, "the device is open"
        entries = run.stamp(lines)
        for at, entry in enumerate(entries):
            if len(entry) > MAX_ENTRY_BYTES or looks_shortened(entry):
                entries[at] = self._put_aside(entry)
        frames = encode_frames(entries)
        written = journal.append_waiting(frames)
        if written < len(frames):
            self._count_part(run, frames, written)
        run.n += len(entries)

    def _count_part(self, run: Run, frames: bytes, written: int) -> Never:
        """Count the frames that were written whole, since their numbers are taken. Raises ``DeviceFault``."""
        run.n += len(take_frames(frames[:written], 0)[0])
        raise DeviceFault(f"write {self.directory.path}: no space left for a whole entry")

    def _put_aside(self, entry: bytes) -> bytes:
        """Store a long entry's body, durably, and return what the log has in its place."""
        name = large_name(entry)
        self.directory.write(f"large/{name}", entry, durable=True)
        return shortened(entry, name)

    def _fault(self, error: Exception) -> DeviceFault:
        if isinstance(error, DeviceFault):
            return error
        words = (getattr(error, "strerror", None) or type(error).__name__).lower()
        return DeviceFault(f"ledger {self.directory.path}: {words}")
