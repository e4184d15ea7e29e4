"""Publishing: the signed checkpoint, the copy that is kept each hour, and the log's policy file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

from server.audit.ledger.device.directory import CHECKPOINT, POLICY, LedgerDirectory
from server.audit.ledger.device.state import LedgerState
from server.audit.ledger.log.checkpoints import Checkpoint
from server.audit.ledger.log.keys import NoteSigner, VerifierKey
from server.audit.ledger.log.notes import signed_note
from server.audit.ledger.log.policy import NONE

KEPT_SECONDS = 3600
"""The time between checkpoints that are kept."""

_SECOND = 1_000_000_000


def policy_text(keys: Sequence[VerifierKey]) -> bytes:
    """The ``policy`` file of a log with these keys: a directory that vouches for itself."""
    return "".join(f"log {key}\n" for key in keys).encode() + f"quorum {NONE}\n".encode()


class Publisher:
    """Signs and writes checkpoints of the log in ``directory``. Called in one thread at a time."""

    def __init__(self, directory: LedgerDirectory, signers: Sequence[NoteSigner]) -> None:
        self._directory = directory
        self._signers = signers
        self._kept_time: float | None = None

    @property
    def verifiers(self) -> list[VerifierKey]:
        """The keys that verify what this signs."""
        return [signer.verifier for signer in self._signers]

    def write_policy(self) -> None:
        """Write the ``policy`` file, if it isn't as it should be. Raises ``OSError``."""
        text = policy_text(self.verifiers)
        if self._directory.read(POLICY) != text:
            self._directory.write(POLICY, text, durable=True)

    def publish(self, state: LedgerState) -> bytes:
        """Sign ``state``, which storage remembers already, and put it in place. Raises ``OSError``."""
        text = Checkpoint(state.origin, state.size, state.root).text()
        seconds = state.time // _SECOND
        note = signed_note(text, [signer.sign(text, seconds) for signer in self._signers])
        self._directory.write(CHECKPOINT, note)
        if self._last_kept() + KEPT_SECONDS <= seconds:
            self._directory.write(f"checkpoints/{state.size}", note, durable=True)
            self._kept_time = seconds
        return note

    def _last_kept(self) -> float:
        """The time of the newest stored checkpoint."""
        if self._kept_time is None:
            folder = self._directory.path / "checkpoints"
            times = [0.0]
            for name in os.listdir(folder):
                with contextlib.suppress(OSError):
                    times.append(os.stat(folder / name).st_mtime)
            self._kept_time = max(times)
        return self._kept_time
