"""Submissions of a log to a witness (c2sp.org/tlog-witness): a checkpoint, and a proof that it extends an older one."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from server.audit.ledger.log.checkpoints import Checkpoint, parse_checkpoint
from server.audit.ledger.log.hashes import HASH_BYTES
from server.audit.ledger.log.notes import MAX_NOTE_BYTES, BadNote, Note, decode_base64, decode_decimal, note_text
from server.audit.ledger.log.proofs import MAX_PROOF_HASHES
from server.audit.ledger.log.tiles import MAX_SIZE

MAX_SUBMISSION_BYTES = MAX_NOTE_BYTES + 8192
SIZE_CONTENT_TYPE = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class Submission:
    """The body of ``add-checkpoint``."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: Checkpoint
    note: Note

    def __str__(self) -> str:
        hashes = [base64.b64encode(hashed).decode() for hashed in self.proof]
        return "".join(f"{line}\n" for line in [f"old {self.old_size}", *hashes, ""]) + str(self.note)


def parse_submission(content: bytes) -> Submission:
    """Read the body of ``add-checkpoint``. Raises ``BadNote``."""
    if len(content) > MAX_SUBMISSION_BYTES:
        raise BadNote(f"a submission has at most {MAX_SUBMISSION_BYTES} bytes")
    head, separator, signed = content.partition(b"\n\n")
    if not separator:
        raise BadNote("a submission has a checkpoint")
    old, *lines = note_text(head[:MAX_NOTE_BYTES]).split("\n")
    if not old.startswith("old "):
        raise BadNote("a submission begins with the old size")
    if len(lines) > MAX_PROOF_HASHES:
        raise BadNote(f"a proof has at most {MAX_PROOF_HASHES} hashes")
    old_size = decode_decimal(old.removeprefix("old "), MAX_SIZE)
    proof = tuple(decode_base64(line, HASH_BYTES) for line in lines)
    checkpoint, note = parse_checkpoint(signed)
    return Submission(old_size, proof, checkpoint, note)
