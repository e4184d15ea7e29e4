"""Checkpoints (c2sp.org/tlog-checkpoint): the text that a log signs about its tree."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from server.audit.ledger.log.hashes import HASH_BYTES
from server.audit.ledger.log.notes import BadNote, Note, decode_base64, decode_decimal, parse_note
from server.audit.ledger.log.tiles import MAX_SIZE


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's size and root. Other logs may add ``extensions``; ours doesn't, since not all keys sign such lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The signed text, with its last newline."""
        lines = self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions
        return "".join(f"{line}\n" for line in lines)


def parse_checkpoint_text(text: str) -> Checkpoint:
    """Read the text of a checkpoint. Raises ``BadNote``."""
    lines = text.split("\n")
    if lines.pop() or len(lines) < 3 or not all(lines):
        raise BadNote("a checkpoint has at least three lines, none empty")
    origin, size, root, *extensions = lines
    return Checkpoint(origin, decode_decimal(size, MAX_SIZE), decode_base64(root, HASH_BYTES), tuple(extensions))


def parse_checkpoint(content: bytes) -> tuple[Checkpoint, Note]:
    """Read a signed checkpoint; its signatures are for ``policy.check`` to look at. Raises ``BadNote``."""
    note = parse_note(content)
    return parse_checkpoint_text(note.text), note
