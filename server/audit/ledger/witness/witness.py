"""The checks of a witness, in the order of tlog-witness, each refusal with its status."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

from server.audit.ledger.log.checkpoints import Checkpoint
from server.audit.ledger.log.hashes import EMPTY_ROOT
from server.audit.ledger.log.keys import NoteSigner, VerifierKey
from server.audit.ledger.log.notes import BadNote, Note, NoteSignature, signed_note
from server.audit.ledger.log.policy import CheckedSignature, Log, Policy, check_signatures
from server.audit.ledger.log.proofs import BadProof, check_consistency
from server.audit.ledger.log.submissions import SIZE_CONTENT_TYPE, Submission, parse_submission
from server.audit.ledger.witness.records import Records, Remembered

_TEXT = "text/plain; charset=utf-8"


class Refused(Exception):
    """A submission isn't signed: with which status of HTTP, and the body of the answer."""

    def __init__(self, status: int, body: str, content_type: str = _TEXT) -> None:
        super().__init__(body)
        self.status = status
        self.body = body
        self.content_type = content_type


class WitnessService:
    """Signs checkpoints of the logs that it knows."""

    def __init__(
        self,
        signer: NoteSigner,
        keys: Sequence[VerifierKey],
        records: Records,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``keys`` are those of the logs; all of one name are one log's."""
        self._signer = signer
        self._records = records
        self._clock = clock
        self._logs: dict[str, list[VerifierKey]] = {}
        for key in keys:
            self._logs.setdefault(key.name, []).append(key)
        self._origins: Mapping[str, str] = {sha256(name.encode()).hexdigest(): name for name in self._logs}

    def add_checkpoint(self, body: bytes) -> str:
        """The signature lines for a submission. Raises ``Refused``."""
        try:
            submission = parse_submission(body)
        except BadNote as error:
            raise Refused(400, f"{error}\n") from error
        checkpoint = submission.checkpoint
        keys = self._logs.get(checkpoint.origin)
        if keys is None:
            raise Refused(404, "this witness doesn't know the log\n")
        signed = _log_signatures(submission.note, keys)
        if submission.old_size > checkpoint.size:
            raise Refused(400, "the old size is larger than the checkpoint's\n")
        signature: list[NoteSignature] = []

        def extend(known: Remembered | None) -> Remembered:
            _check(submission, known)
            signature.append(self._signer.sign(checkpoint.text(), int(self._clock())))
            return _remembered(checkpoint, submission.note, [*signed, *signature])

        self._records.replace(checkpoint.origin, extend)
        return signature[0].line()

    def checkpoint(self, origin_hash: str) -> bytes | None:
        """The last checkpoint that was signed for the log whose origin has this SHA-256, in lower case digits."""
        origin = self._origins.get(origin_hash)
        known = None if origin is None else self._records.get(origin)
        return None if known is None else known.checkpoint


def _log_signatures(note: Note, keys: Sequence[VerifierKey]) -> list[NoteSignature]:
    """The good signatures of the log. Raises ``Refused`` if there is none, or a wrong one."""
    checked = check_signatures(note, Policy(logs=[Log(key) for key in keys]))
    known = [one for one in checked if one.key is not None]
    if not known:
        raise Refused(403, "no key of the log has signed the checkpoint\n")
    if not all(one.valid for one in known):
        raise Refused(403, "a signature of the log isn't good\n")
    return [line for line in note.signatures if _is_one_of(line, known)]


def _is_one_of(line: NoteSignature, known: Sequence[CheckedSignature]) -> bool:
    return any((line.name, line.key_id) == (one.name, one.key_id) for one in known)


def _check(submission: Submission, known: Remembered | None) -> None:
    """Compare a submission with what is remembered. Raises ``Refused``."""
    checkpoint = submission.checkpoint
    size, root = (0, EMPTY_ROOT) if known is None else (known.size, known.root)
    if submission.old_size != size:
        raise Refused(409, f"{size}\n", SIZE_CONTENT_TYPE)
    try:
        check_consistency(size, root, checkpoint.size, checkpoint.root, submission.proof)
    except BadProof as error:
        raise Refused(422, f"{error}\n") from error


def _remembered(checkpoint: Checkpoint, note: Note, signatures: Sequence[NoteSignature]) -> Remembered:
    return Remembered(checkpoint.size, checkpoint.root, signed_note(note.text, signatures))
