"""Checks of a ledger's directory against the log state in storage, before anything is written.

What the tiles lack is made again from the journal. Where both together don't lead to the remembered size and root, the
directory was cut, changed or put back: then it isn't used.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec.structs

from server.audit.ledger.device.directory import CHECKPOINT, LedgerDirectory, SharedPage
from server.audit.ledger.device.integrator import CannotIntegrate, Integrator
from server.audit.ledger.device.state import LedgerState
from server.audit.ledger.log.checkpoints import Checkpoint, parse_checkpoint
from server.audit.ledger.log.hashes import EMPTY_ROOT
from server.audit.ledger.log.keys import BadSignature, VerifierKey
from server.audit.ledger.log.notes import MAX_NOTE_BYTES, BadNote
from server.audit.ledger.log.tree import MissingTile
from server.audit.ledger.log.writer import TreeWriter

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class DoesNotFit(Exception):
    """The directory can't be brought to what is remembered; the text has both sizes."""


def this_boot() -> str:
    """The run of the machine, where that is told."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def settle_segment(directory: LedgerDirectory, size: int) -> None:
    """Have the shared page name the segment to write to; a journal without one begins at entry ``size``.

    A segment that was made and not named yet, because its maker was killed, is taken away: it is empty. Called by the
    leader, or before the directory is opened. Raises ``OSError``.
    """
    page = directory.page()
    try:
        named = page.words[SharedPage.SEGMENT]
        segments = directory.segments()
        for segment in [segment for segment in segments if segment > named]:
            if not os.stat(directory.segment(segment)).st_size and len(segments) > 1:
                os.unlink(directory.segment(segment))
                segments.remove(segment)
        if not segments:
            directory.add_segment(size)
            directory.sync_segments()
            segments = [size]
        page.words[SharedPage.SEGMENT] = segments[-1]
    finally:
        page.close()


def bring_to(directory: LedgerDirectory, state: LedgerState, keys: Sequence[VerifierKey]) -> LedgerState:
    """Bring the directory to ``state``, and to its own checkpoint if that is signed by ``keys`` and newer.

    Returns ``state`` with its place in the journal as it is now. Raises ``DoesNotFit``, ``OSError``.
    """
    if directory.empty and state.size:
        raise _does_not_fit(directory, 0, state.size)
    if directory.segments():
        settle_segment(directory, state.size)
    integrator = _resumed(directory, state) or _replayed(directory, state)
    try:
        state = msgspec.structs.replace(
            state, segment=integrator.segment, offset=integrator.offset, boot=this_boot(), time=time.time_ns()
        )
        _check_newer(directory, state, integrator, keys)
    finally:
        integrator.close()
    return state


def _check_newer(
    directory: LedgerDirectory, state: LedgerState, integrator: Integrator, keys: Sequence[VerifierKey]
) -> None:
    """A checkpoint of this log that is ahead of storage, as after a backup was restored, must be reached too."""
    checkpoint = _own_checkpoint(directory, keys)
    if checkpoint is None:
        return
    if checkpoint.origin != state.origin:
        raise DoesNotFit(f"the directory {directory.path} is that of the log {checkpoint.origin}")
    if checkpoint.size <= state.size:
        return
    with contextlib.suppress(CannotIntegrate):
        if integrator.absorb_until(checkpoint.size) and integrator.root() == checkpoint.root:
            return
    raise DoesNotFit(
        f"the audit ledger {directory.path} has signed {checkpoint.size} entries, and its journal "
        f"leads to {integrator.writer.size} of them at most; {state.size} are remembered"
    )


def _own_checkpoint(directory: LedgerDirectory, keys: Sequence[VerifierKey]) -> Checkpoint | None:
    """The directory's checkpoint, if one of ``keys`` has signed it; any other is made again."""
    try:
        checkpoint, note = parse_checkpoint(directory.read(CHECKPOINT, MAX_NOTE_BYTES) or b"")
    except BadNote:
        return None
    for key in keys:
        for signature in note.signatures:
            if (signature.name, signature.key_id) == (key.name, key.key_id):
                with contextlib.suppress(BadSignature):
                    key.verify(note.text, signature.signature)
                    return checkpoint
    return None


def _resumed(directory: LedgerDirectory, state: LedgerState) -> Integrator | None:
    """The integrator at ``state``, if the tiles are as they were written and the journal goes as far."""
    if state.boot != this_boot():
        return None
    try:
        if os.stat(directory.segment(state.segment)).st_size < state.offset:
            return None
        return Integrator.resume(directory, state.size, state.root, state.segment, state.offset)
    except (CannotIntegrate, FileNotFoundError):
        return None


def _replayed(directory: LedgerDirectory, state: LedgerState) -> Integrator:
    """The integrator at ``state``, after the tiles of the newest segments, or of all, were made from the journal."""
    segments = [segment for segment in directory.segments() if segment <= state.size]
    reached = 0
    # The tiles of all segments but the last two are on the disk; if they are wrong all the same, begin earlier.
    for segment in [*segments[-2::-1], *segments[-1:]]:
        try:
            integrator = Integrator(directory, _tree_before(directory, segment), segment, 0)
        except (CannotIntegrate, FileNotFoundError):
            continue
        try:
            if integrator.absorb_until(state.size) and integrator.root() == state.root:
                integrator.write_edge()
                return integrator
        except CannotIntegrate:
            pass
        reached = max(reached, integrator.writer.size)
        integrator.close()
    # A journal that ends before the tiles do leaves these as they are; it goes on in a segment of its own.
    if _tiles_lead_to(directory, state):
        directory.add_segment(state.size)
        directory.sync_segments()
        settle_segment(directory, state.size)
        return Integrator.resume(directory, state.size, state.root, state.size, 0)
    raise _does_not_fit(directory, reached, state.size)


def _does_not_fit(directory: LedgerDirectory, reached: int, size: int) -> DoesNotFit:
    return DoesNotFit(
        f"the audit ledger {directory.path} can't be brought to what is remembered: its journal and tiles lead to "
        f"{reached} entries, or to other ones; {size} entries are remembered"
    )


def _tiles_lead_to(directory: LedgerDirectory, state: LedgerState) -> bool:
    try:
        return (TreeWriter.resume(directory.read, state.size).root() if state.size else EMPTY_ROOT) == state.root
    except (MissingTile, ValueError):
        return False


def _tree_before(directory: LedgerDirectory, segment: int) -> TreeWriter:
    try:
        return TreeWriter.resume(directory.read, segment) if segment else TreeWriter()
    except (MissingTile, ValueError) as error:
        raise CannotIntegrate(str(error)) from error
