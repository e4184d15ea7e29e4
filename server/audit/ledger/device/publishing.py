"""Publishing: the signed checkpoint, the copy that is kept each hour, and the log's policy file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

from engines.durations import SECOND
from server.audit.ledger.device.directory import CHECKPOINT, KEPT, POLICY, LedgerDirectory
from server.audit.ledger.device.state import LedgerState, LogKeys
from server.audit.ledger.log.checkpoints import Checkpoint
from server.audit.ledger.log.keys import NoteSigner
from server.audit.ledger.log.notes import MAX_NOTE_BYTES, BadNote, parse_note, signed_note
from server.audit.ledger.log.policy import NONE

KEPT_SECONDS = 3600
"""The time between checkpoints that are kept."""


def policy_text(keys: Sequence[str]) -> bytes:
    """The ``policy`` file of a log with these keys: a directory that vouches for itself."""
    return "".join(f"log {key}\n" for key in keys).encode() + f"quorum {NONE}\n".encode()


class Publisher:
    """Signs and writes checkpoints of the log in ``directory``. Called in one thread at a time."""

    def __init__(self, directory: LedgerDirectory, origin: str) -> None:
        self._directory = directory
        self._origin = origin
        self._keys: LogKeys | None = None
        self._signers: list[NoteSigner] = []
        self._kept_time: float | None = None

    def use(self, keys: LogKeys) -> None:
        """Sign with ``keys`` from now on, after the ``policy`` file has them. Raises ``OSError``."""
        if keys == self._keys:
            return
        text = policy_text(keys.policy_keys(self._origin))
        if self._directory.read(POLICY) != text:
            self._directory.write(POLICY, text, durable=True)
        self._signers = keys.signers(self._origin)
        self._keys = keys

    def sign(self, state: LedgerState) -> bytes:
        """The checkpoint of ``state``, which storage remembers already."""
        text = Checkpoint(state.origin, state.size, state.root).text()
        seconds = state.time // SECOND
        return signed_note(text, [signer.sign(text, seconds) for signer in self._signers])

    def publish(self, state: LedgerState, note: bytes) -> None:
        """Put a signed checkpoint in place. Raises ``OSError``."""
        seconds = state.time // SECOND
        self._directory.write(CHECKPOINT, note)
        if self._last_kept() + KEPT_SECONDS <= seconds or not self._leads_to_newest_keys():
            self._directory.write(f"{KEPT}/{state.size}", note, durable=True)
            self._kept_time = seconds

    def has_kept(self, keys: LogKeys) -> bool:
        """Whether the newest checkpoint that is kept has signatures of the present ``keys``. Raises ``OSError``."""
        return self._has_kept(keys, 1)

    def _leads_to_newest_keys(self) -> bool:
        """Whether a kept checkpoint shows, by signatures of both, the way from the older keys to the present ones.

        The first one that both sign may be without the entry that names the new keys; the second has it.
        """
        return self._keys is None or not self._keys.older or self._has_kept(self._keys, 2)

    def _has_kept(self, keys: LogKeys, count: int) -> bool:
        """Whether there are ``count`` kept checkpoints, and the newest of them have signatures of the present keys."""
        present = {signer.verifier.key_id for signer in keys.present.signers(self._origin)}
        sizes = sorted((name for name in os.listdir(self._directory.path / KEPT) if name.isdecimal()), key=int)
        for name in sizes[-count:]:
            try:
                note = parse_note(self._directory.read(f"{KEPT}/{name}", MAX_NOTE_BYTES) or b"")
            except BadNote:
                return False
            if not present <= {line.key_id for line in note.signatures}:
                return False
        return len(sizes) >= count

    def _last_kept(self) -> float:
        """The time of the newest stored checkpoint."""
        if self._kept_time is None:
            folder = self._directory.path / KEPT
            times = [0.0]
            for name in os.listdir(folder):
                with contextlib.suppress(OSError):
                    times.append(os.stat(folder / name).st_mtime)
            self._kept_time = max(times)
        return self._kept_time
