"""Proofs as files (c2sp.org/tlog-proof): an index, the hashes from the leaf to the root, and the checkpoint."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from server.audit.ledger.log.checkpoints import Checkpoint, parse_checkpoint
from server.audit.ledger.log.hashes import HASH_BYTES
from server.audit.ledger.log.notes import MAX_NOTE_BYTES, BadNote, Note, decode_base64, decode_decimal, note_text
from server.audit.ledger.log.proofs import MAX_PROOF_HASHES, BadProof, root_from_inclusion
from server.audit.ledger.log.tiles import MAX_SIZE

HEADER = "c2sp.org/tlog-proof@v1"
SUFFIX = ".tlog-proof"
MAX_PROOF_BYTES = MAX_NOTE_BYTES + 128 * 1024


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """One proof. ``extra`` isn't authenticated: our entries stand there, and have to be hashed."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: Checkpoint
    note: Note
    extra: bytes | None = None

    def __str__(self) -> str:
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {base64.b64encode(self.extra).decode()}")
        lines.append(f"index {self.index}")
        lines += [base64.b64encode(hashed).decode() for hashed in self.hashes]
        return "".join(f"{line}\n" for line in [*lines, ""]) + str(self.note)

    def check(self, leaf: bytes) -> None:
        """Check that the entry with the hash ``leaf`` is in the checkpoint's tree. Raises ``BadProof``.

        Signatures aren't looked at: see ``policy.check_signatures``.
        """
        if root_from_inclusion(leaf, self.index, self.checkpoint.size, self.hashes) != self.checkpoint.root:
            raise BadProof("the proof doesn't lead from this entry to the checkpoint's root")


def parse_proof(content: bytes) -> InclusionProof:
    """Read a proof. Raises ``BadNote``."""
    if len(content) > MAX_PROOF_BYTES:
        raise BadNote(f"a proof has at most {MAX_PROOF_BYTES} bytes")
    head, separator, signed = content.partition(b"\n\n")
    if not separator:
        raise BadNote("a proof has a checkpoint")
    checkpoint, note = parse_checkpoint(signed)
    lines = note_text(head[:MAX_NOTE_BYTES]).split("\n")
    if lines.pop(0) != HEADER:
        raise BadNote(f"a proof begins with {HEADER}")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = decode_base64(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise BadNote("a proof has an index")
    index = decode_decimal(lines.pop(0).removeprefix("index "), MAX_SIZE)
    if len(lines) > MAX_PROOF_HASHES:
        raise BadNote(f"a proof has at most {MAX_PROOF_HASHES} hashes")
    hashes = tuple(decode_base64(line, HASH_BYTES) for line in lines)
    return InclusionProof(index, hashes, checkpoint, note, extra)
