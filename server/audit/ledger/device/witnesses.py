"""Witnesses of a ledger: each is sent the newest checkpoint, with the proof that it extends the last one it has signed.

No request waits for one, and a checkpoint only for a moment, and only for witnesses that answered last time. A witness
that holds another history stops the log from being signed: then this directory, or the storage, isn't what it was.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path

import httpx2

from engines.durations import SECOND
from engines.faults import InvalidRequest
from server.audit.ledger.device.state import LedgerState, WitnessRecord
from server.audit.ledger.log.checkpoints import Checkpoint, parse_checkpoint
from server.audit.ledger.log.keys import BadSignature
from server.audit.ledger.log.notes import BadNote, NoteSignature, decode_decimal, parse_signatures
from server.audit.ledger.log.policy import MAX_POLICY_BYTES, Policy, Witness, parse_policy
from server.audit.ledger.log.submissions import Submission
from server.audit.ledger.log.tiles import MAX_SIZE, BadTile
from server.audit.ledger.log.tree import MissingTile, Read, TreeReader

SUBMIT_SECONDS = 5.0
"""The seconds that a witness may take to answer."""

PROMPT_SECONDS = 0.3
"""The seconds that a checkpoint waits for witnesses that answered last time."""

_SHORTEST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 30.0
_MAX_ANSWER_BYTES = 64 * 1024
_OK, _CONFLICT, _UNPROCESSABLE = 200, 409, 422


class WitnessState(StrEnum):
    """State of a witness, as its last answer has it."""

    OK = "ok"
    BEHIND = "behind"
    UNREACHABLE = "unreachable"
    CONFLICT = "conflict"


class WitnessConflict(Exception):
    """A witness holds another history of the log than this one."""


def read_witness_policy(path: str) -> Policy:
    """The policy in the file at ``path``. Raises ``InvalidRequest``."""
    try:
        with Path(path).open("rb") as file:
            policy = parse_policy(file.read(MAX_POLICY_BYTES + 1))
    except OSError as error:
        raise InvalidRequest(f"witness_policy can't be read: {(error.strerror or 'error').lower()}") from error
    except BadNote as error:
        raise InvalidRequest(f"witness_policy: {error}") from error
    if any(not witness.url.startswith(("http://", "https://")) for witness in policy.witnesses.values()):
        raise InvalidRequest("witness_policy: each witness has an http or https URL")
    return policy


class _Link:
    """One witness, and what it has signed."""

    def __init__(self, witness: Witness) -> None:
        self.witness = witness
        self.state = WitnessState.BEHIND
        self.size = 0
        self.time = 0
        self.cosigned: tuple[bytes, NoteSignature] | None = None
        """The text of the last checkpoint that it has signed, and the signature."""

    async def submit(self, client: httpx2.AsyncClient, read: Read, content: bytes) -> None:
        """Submit a checkpoint, again with the size that the witness names. Raises ``WitnessConflict``."""
        checkpoint, note = parse_checkpoint(content)
        for _ in range(2):
            proof = await asyncio.to_thread(partial(_consistency, read, self.size, checkpoint))
            if proof is None:
                raise self._conflicts(f"it has signed {self.size} entries")
            body = str(Submission(self.size, tuple(proof), checkpoint, note)).encode()
            answer = await client.post(f"{self.witness.url.rstrip('/')}/add-checkpoint", content=body)
            if len(answer.content) > _MAX_ANSWER_BYTES:
                raise BadNote("the answer of the witness is too long")
            if answer.status_code == _CONFLICT:
                size = decode_decimal(answer.text.strip(), MAX_SIZE)
                if size > checkpoint.size:
                    raise self._conflicts(f"it has signed {size} entries, this log has {checkpoint.size}")
                self.size = size
                continue
            if answer.status_code == _UNPROCESSABLE:
                raise self._conflicts("it doesn't accept the proof that this log extends what it has signed")
            if answer.status_code != _OK:
                raise BadNote(f"the witness answers {answer.status_code}")
            self._take(answer.text, note.text, checkpoint)
            return

    def _take(self, lines: str, text: str, checkpoint: Checkpoint) -> None:
        key = self.witness.key
        for line in parse_signatures(lines):
            if (line.name, line.key_id) == (key.name, key.key_id):
                key.verify(text, line.signature)
                self.cosigned = text.encode(), line
                self.size, self.state, self.time = checkpoint.size, WitnessState.OK, time.time_ns()
                return
        raise BadNote("the witness hasn't signed with the key that the policy has")

    def _conflicts(self, what: str) -> WitnessConflict:
        self.state = WitnessState.CONFLICT
        return WitnessConflict(f"the witness {self.witness.name} holds another history of the log: {what}")


class Witnesses:
    """The witnesses of one log, asked by its leader. ``renewed`` is called when another one has signed."""

    def __init__(self, policy: Policy, read: Read, known: Sequence[WitnessRecord], renewed: Callable[[], None]) -> None:
        self.policy = policy
        self.conflict: WitnessConflict | None = None
        self._links = [_Link(witness) for witness in policy.witnesses.values()]
        sizes = {record.name: record for record in known}
        for link in self._links:
            if link.witness.name in sizes:
                record = sizes[link.witness.name]
                link.size, link.time = record.size, record.time
                if record.state == WitnessState.OK:
                    link.state = WitnessState.OK
        self._read = read
        self._renewed = renewed
        self._newest = b""
        self._wake = [asyncio.Event() for _ in self._links]
        self._client = httpx2.AsyncClient(timeout=SUBMIT_SECONDS, trust_env=False)
        self._tasks = [asyncio.create_task(self._ask(*pair)) for pair in zip(self._links, self._wake, strict=True)]

    @property
    def records(self) -> tuple[WitnessRecord, ...]:
        """What is known of each."""
        return tuple(WitnessRecord(link.witness.name, link.state, link.size, link.time) for link in self._links)

    async def cosign(self, content: bytes) -> None:
        """Have a new checkpoint signed: waits a moment for witnesses that answered last time."""
        self._newest = content
        prompt = [link for link in self._links if link.state is WitnessState.OK]
        for event in self._wake:
            event.set()
        end = time.monotonic() + PROMPT_SECONDS
        text = content.partition(b"\n\n")[0] + b"\n"
        while any(self._signature(link, text) is None for link in prompt) and time.monotonic() < end:
            await asyncio.sleep(0.01)

    def signatures(self, content: bytes) -> list[NoteSignature]:
        """The signatures of witnesses on this checkpoint."""
        text = content.partition(b"\n\n")[0] + b"\n"
        return [line for link in self._links if (line := self._signature(link, text)) is not None]

    def is_met(self, content: bytes) -> bool:
        """Whether the quorum has signed this checkpoint."""
        text = content.partition(b"\n\n")[0] + b"\n"
        return self.policy.is_met({link.witness.name for link in self._links if self._signature(link, text)})

    async def recheck(self, known: Sequence[WitnessRecord], content: bytes) -> None:
        """Ask witnesses that held another history again, with a checkpoint that is signed already.

        Raises ``WitnessConflict`` unless they agree by now.
        """
        held = {record.name for record in known if record.state == WitnessState.CONFLICT}
        for link in self._links:
            if link.witness.name in held:
                link.state = WitnessState.CONFLICT
                try:
                    await link.submit(self._client, self._read, content)
                except (httpx2.HTTPError, BadNote, BadSignature, MissingTile, BadTile, OSError) as error:
                    raise WitnessConflict(f"the witness {link.witness.name} held another history, and fails") from error

    async def close(self) -> None:
        """Stop asking."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()

    @staticmethod
    def _signature(link: _Link, text: bytes) -> NoteSignature | None:
        return link.cosigned[1] if link.cosigned is not None and link.cosigned[0] == text else None

    async def _ask(self, link: _Link, wake: asyncio.Event) -> None:
        pause = _SHORTEST_PAUSE_SECONDS
        while True:
            await wake.wait()
            wake.clear()
            try:
                await link.submit(self._client, self._read, self._newest)
                pause = _SHORTEST_PAUSE_SECONDS
                self._renewed()
            except WitnessConflict as error:
                self.conflict = error
                self._renewed()
            except (httpx2.HTTPError, BadNote, BadSignature, MissingTile, BadTile, OSError):
                link.state = WitnessState.UNREACHABLE
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
                wake.set()


def _consistency(read: Read, old: int, checkpoint: Checkpoint) -> list[bytes] | None:
    """The proof from ``old`` to the checkpoint; None if the log is shorter than that."""
    if old > checkpoint.size:
        return None
    return TreeReader(read, checkpoint.size).consistency(old) if 0 < old < checkpoint.size else []


def quorum_missing_seconds(state: LedgerState, now: int) -> float:
    """For how many seconds the quorum of the witnesses has been missing; 0 if it isn't, or none is asked for."""
    return 0.0 if not state.quorum_missing_since else max(0, now - state.quorum_missing_since) / SECOND
