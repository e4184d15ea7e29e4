"""Makes ledger directories for tests, without a server: entries, journal, tiles, checkpoints, policy."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines.durations import format_time_nanoseconds
from server.audit.ledger.log.checkpoints import Checkpoint
from server.audit.ledger.log.frames import encode_frames, segment_name
from server.audit.ledger.log.keys import NoteSigner, SignatureType
from server.audit.ledger.log.notes import signed_note
from server.audit.ledger.log.tiles import parse_tile_path
from server.audit.ledger.log.tree import TreeReader
from server.audit.ledger.log.writer import TreeWriter

ORIGIN = "example.com/ledger"
START = 1_800_000_000
SECOND = 1_000_000_000


def signers(origin: str = ORIGIN, seed: int = 1) -> list[NoteSigner]:
    """The two keys of a log."""
    kinds = SignatureType.ED25519, SignatureType.ML_DSA_44_COSIGNATURE
    return [NoteSigner.from_seed(origin, kind, bytes([seed + number]) * 32) for number, kind in enumerate(kinds)]


def policy_text(keys: Iterable[NoteSigner], *lines: str) -> str:
    """A policy that believes these keys."""
    return "".join(f"log {key.verifier}\n" for key in keys) + "".join(f"{line}\n" for line in lines or ("quorum none",))


def member(number: int, run: str = "r1", worker: int = 0) -> dict[str, Any]:
    """The member ``ledger`` of an entry."""
    return {"worker": worker, "run": run, "n": number, "mono_ns": number * SECOND // 100}


def timestamp(number: int) -> str:
    return format_time_nanoseconds(START * SECOND + number * SECOND // 100)


def pair(number: int, **changes: Any) -> tuple[bytes, bytes]:
    """The entries of a request and its response, with the numbers ``number`` and ``number + 1`` of a run."""
    ident = hashlib.sha256(b"%d" % number).hexdigest()[:32]
    request = {
        "id": ident,
        "operation": "update",
        "mount_point": "transit/",
        "namespace": {"id": "root"},
        "path": f"transit/encrypt/k{number % 5}",
        "data": {"plaintext": f"hmac-sha256:{hashlib.sha256(ident.encode()).hexdigest()}"},
        "remote_address": "192.0.2.1",
        **changes.get("request", {}),
    }
    auth = {"accessor": f"hmac-sha256:{number % 3}", "entity_id": f"e-{number % 4}", "token_type": "service"}
    crypto = {
        "operation": "encrypt",
        "key": f"k{number % 5}",
        "mount": "transit/",
        "uses": [
            {"algorithm": "aes256-gcm96", "key_version": number % 3 + 1, "count": 1, "failed": 0, "input_bytes": 16,
             "output_bytes": 60}
        ],
        "latency_us": 31,
        "success": number % 7 != 0,
    }  # fmt: skip
    first = {"time": timestamp(number), "type": "request", "auth": auth, "request": request, "ledger": member(number)}
    second = {
        "time": timestamp(number + 1), "type": "response", "auth": auth, "request": request,
        "response": {"data": {"ciphertext": "hmac-sha256:0"}, **changes.get("response", {})}, "crypto": crypto,
        "crypto_policy": {"verdict": "allow"}, "ledger": member(number + 1),
    }  # fmt: skip
    return line(first), line(second)


def line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode()


def audit_entries(count: int) -> list[bytes]:
    """So many entries as the server writes them, of one run."""
    found = [entry for number in range(0, count, 2) for entry in pair(number)]
    return found[:count]


def own_entry(number: int, event: str, **members: Any) -> bytes:
    """An entry of the server's own."""
    return line(
        {"time": timestamp(number), "type": "ledger", "event": event, **members, "ledger": member(number)}
    )  # fmt: skip


@dataclass
class Ledger:
    """A log in a directory, which grows and is signed at will."""

    path: Path
    origin: str = ORIGIN
    keys: list[NoteSigner] = field(default_factory=signers)
    journal: bool = True
    entries: list[bytes] = field(default_factory=list)
    writer: TreeWriter = field(default_factory=TreeWriter)

    def __post_init__(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        self.write("policy", policy_text(self.keys).encode())

    def append(self, entries: Sequence[bytes], *, segment: bool = False) -> Ledger:
        """Add entries to the journal and the tree, in a new segment if ``segment``."""
        if self.journal:
            names = sorted(path.name for path in (self.path / "journal").glob("*"))
            name = segment_name(len(self.entries)) if segment or not names else names[-1]
            file = self.path / "journal" / name
            file.parent.mkdir(exist_ok=True)
            with file.open("ab") as journal:
                journal.write(encode_frames(entries))
        self.entries += entries
        self.writer.append(entries)
        for tile, content in self.writer.flush():
            self.write(tile.path, content)
        return self

    def sign(self, *keys: NoteSigner, keep: bool = False, time: int | None = None) -> bytes:
        """Write the checkpoint of the tree as it is."""
        text = Checkpoint(self.origin, self.writer.size, self.writer.root()).text()
        moment = START + self.writer.size // 100 if time is None else time
        content = signed_note(text, [key.sign(text, moment) for key in keys or self.keys])
        self.write("checkpoint", content)
        if keep:
            self.write(f"checkpoints/{self.writer.size}", content)
        return content

    def write(self, path: str, content: bytes) -> None:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        # The file may be shared with another log, see ``copy``.
        file.unlink(missing_ok=True)
        file.write_bytes(content)

    def copy(self, path: Path) -> Ledger:
        """The same log in another directory, which may be edited (but not appended to: its files are shared)."""
        shutil.copytree(self.path, path, copy_function=os.link, dirs_exist_ok=True)
        writer = TreeWriter.resume(self.read, self.writer.size)
        return Ledger(path, self.origin, self.keys, self.journal, list(self.entries), writer)

    def read(self, path: str, limit: int = 1 << 30) -> bytes | None:
        file = self.path / path
        return file.read_bytes()[:limit] if file.is_file() else None

    def edit(self, path: str, change: Callable[[bytes], bytes]) -> None:
        content = (self.path / path).read_bytes()
        changed = change(content)
        assert changed != content
        self.write(path, changed)

    def reader(self) -> TreeReader:
        return TreeReader(self.read, self.writer.size)

    def tile_files(self) -> list[str]:
        """The paths of all tiles and bundles that are there."""
        found = [str(path.relative_to(self.path)) for path in (self.path / "tile").rglob("*") if path.is_file()]
        assert all(parse_tile_path(path).path == path for path in found)
        return sorted(found)


def make(path: Path, count: int, *, journal: bool = True, segment: int = 300, step: int = 1000) -> Ledger:
    """A signed log of so many audit entries."""
    ledger = Ledger(path, journal=journal)
    entries = audit_entries(count)
    for start in range(0, count, step):
        ledger.append(entries[start : start + step], segment=start % segment == 0)
    ledger.sign()
    return ledger


def root_text(root: bytes) -> str:
    return base64.b64encode(root).decode()
