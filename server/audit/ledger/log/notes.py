"""Signed notes (c2sp.org/signed-note): a text, an empty line, and lines with signatures. There is one form of each."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

MAX_NOTE_BYTES = 512 * 1024
MAX_SIGNATURES = 64
"""The specification asks for at least 16, each of up to 5 kB."""

_KEY_ID_BYTES = 4
_MARK = "— "


class BadNote(ValueError):
    """A note, a checkpoint, a key or a policy isn't in the form that its specification gives it."""


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One line below a note."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """The line, with its newline."""
        return f"{_MARK}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends in a newline, and its signatures, none of them checked."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(signature.line() for signature in self.signatures)}"


def parse_note(content: bytes) -> Note:
    """Read a signed note with one signature at least. Raises ``BadNote``."""
    whole = note_text(content)
    text, separator, lines = whole.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise BadNote("the note has no signatures")
    signatures = parse_signatures(lines)
    if not signatures:
        raise BadNote("the note has no signatures")
    return Note(f"{text}\n", signatures)


def parse_signatures(lines: str) -> tuple[NoteSignature, ...]:
    """Read signature lines, each with its newline. Raises ``BadNote``."""
    parts = lines.split("\n")
    if parts.pop() or len(parts) > MAX_SIGNATURES:
        raise BadNote(f"expected at most {MAX_SIGNATURES} signature lines")
    return tuple(_signature(line) for line in parts)


def note_text(content: bytes) -> str:
    """``content`` as a text that may be a note's. Raises ``BadNote``."""
    if len(content) > MAX_NOTE_BYTES:
        raise BadNote(f"a note has at most {MAX_NOTE_BYTES} bytes")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise BadNote("a note is UTF-8") from None
    if any(character < " " and character != "\n" for character in text):
        raise BadNote("a note has no control characters")
    return text


def is_key_name(name: str) -> bool:
    """Whether a key may be called ``name``: not empty, no spaces of any kind, no ``+``."""
    return bool(name) and "+" not in name and not any(character.isspace() or character < " " for character in name)


def decode_base64(text: str, length: int | None = None) -> bytes:
    """The bytes of a text in canonical base64, of ``length`` if that is given. Raises ``BadNote``."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote("expected base64") from None
    if base64.b64encode(content).decode() != text or (length is not None and len(content) != length):
        raise BadNote("expected base64" if length is None else f"expected {length} bytes in base64")
    return content


def decode_decimal(text: str, limit: int) -> int:
    """The number of a text in decimal digits without leading zeroes, of at most ``limit``. Raises ``BadNote``."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(limit)) or (text[0] == "0" and text != "0"):
        raise BadNote("expected a decimal number")
    if int(text) > limit:
        raise BadNote("the number is too large")
    return int(text)


def signed_note(text: str, signatures: Sequence[NoteSignature]) -> bytes:
    """The bytes of a note."""
    return str(Note(text, tuple(signatures))).encode()


def _signature(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_MARK).partition(" ")
    if not line.startswith(_MARK) or not space or not is_key_name(name):
        raise BadNote("a signature line isn't one")
    content = decode_base64(encoded)
    if len(content) <= _KEY_ID_BYTES:
        raise BadNote("a signature is empty")
    return NoteSignature(name, content[:_KEY_ID_BYTES], content[_KEY_ID_BYTES:])
