"""``cryptoserve audit prove`` and ``verify-proof``: proofs of a request as files of their own."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from hashlib import sha256
from itertools import islice
from pathlib import Path

from cryptoserve_cli.command import Command, CommandFailed, Invocation
from cryptoserve_cli.flags import Flag, UsageError
from cryptoserve_cli.progress import Progress
from server.audit.ledger.device.entries import large_references
from server.audit.ledger.log.notes import BadNote
from server.audit.ledger.log.policy import MAX_POLICY_BYTES, parse_policy
from server.audit.ledger.log.proof_text import MAX_PROOF_BYTES, SUFFIX, InclusionProof, parse_proof
from server.audit.ledger.log.tiles import MAX_ENTRY_BYTES
from server.audit.ledger.offline.findings import GOOD, TAMPERED, UNREADABLE
from server.audit.ledger.offline.prove import Proved, check_proof, prove_request, prove_rotations
from server.audit.ledger.offline.proven import NotProven, ProvenLog
from server.audit.ledger.offline.rotations import MAX_ROTATIONS
from server.audit.ledger.offline.signatures import trusted_keys
from server.audit.ledger.offline.sources import BadFile, Source, Unreadable
from server.cli.audit.inputs import (
    FORMAT_FLAG,
    FORMATS,
    KEPT_FLAG,
    POLICY_FLAG,
    open_source,
    read_choice,
    read_file,
    read_policy,
    read_trust,
    told_weaker,
)

_ROTATED = "rotated-"
_MAX_LARGE_BYTES = 256 * 1024 * 1024


def _prove(invocation: Invocation) -> int:
    flags = invocation.flags
    request_id, out = flags.last("request-id"), flags.last("out")
    if not request_id or not out:
        raise UsageError("expected -request-id and -out")
    source = open_source(flags.operands[0], invocation.environment)
    progress = Progress("searched")
    try:
        log = ProvenLog(source, read_trust(flags, progress))
        proved = prove_request(log, request_id, progress)
        if not proved:
            raise CommandFailed(f"no entry of {flags.operands[0]} is of the request {request_id}")
        rotations = prove_rotations(log, progress) if log.trust is not None or _has_older_keys(log) else []
        for path in _write(proved, rotations, source, Path(out)):
            sys.stdout.write(f"{path}\n")
    except NotProven as error:
        return _complain(str(error))
    except (Unreadable, BadFile, OSError) as error:
        raise CommandFailed(str(error)) from error
    finally:
        progress.end()
        source.close()
    return told_weaker(log)


def _has_older_keys(log: ProvenLog) -> bool:
    """Whether the log's own policy has keys that were changed: otherwise no entry has to be sought that says so."""
    with suppress(BadFile, BadNote):
        keys = trusted_keys(
            parse_policy(log.source.read("policy", MAX_POLICY_BYTES) or b"quorum none"), log.checkpoint.origin
        )
        return len(keys) > len({key.type for key in keys})
    return True


def _write(proved: list[Proved], rotations: list[InclusionProof], source: Source, folder: Path) -> list[Path]:
    """Write the proofs, and beside them the large bodies that their entries refer to.

    Raises ``NotProven`` for a body that isn't there, or another one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    counts: dict[str, int] = {}
    for one in proved:
        count = counts[one.type] = counts.get(one.type, 0) + 1
        path = folder / f"{one.type}{f'-{count}' if count > 1 else ''}{SUFFIX}"
        path.write_text(str(one.proof), encoding="utf-8")
        written.append(path)
        for name, _ in large_references(one.entry):
            content = source.read(f"large/{name}", _MAX_LARGE_BYTES)
            if content is None or sha256(content).hexdigest() != name:
                what = "is missing" if content is None else "isn't the body that the entry states"
                raise NotProven(f"{source.name(f'large/{name}')} {what}")
            (folder / "large").mkdir(exist_ok=True)
            written.append(folder / "large" / name)
            written[-1].write_bytes(content)
    for proof in rotations:
        written.append(folder / f"{_ROTATED}{proof.index}{SUFFIX}")
        written[-1].write_text(str(proof), encoding="utf-8")
    return written


def _verify_proof(invocation: Invocation) -> int:
    flags = invocation.flags
    form = read_choice(flags, "format", FORMATS)
    policy = read_policy(flags)
    if policy is None:
        raise UsageError("expected -policy: whose log is believed")
    name = flags.operands[0]
    proof = _read(name)
    beside = islice(sorted(Path(name).parent.glob(f"{_ROTATED}*{SUFFIX}")), MAX_ROTATIONS)
    rotations = [_read(one) for one in (*flags.all("rotated"), *(str(path) for path in beside if path.is_file()))]
    entry = _entry(flags.last("entry"), proof, name)
    try:
        check_proof(proof, entry, policy, rotations)
    except NotProven as error:
        return _complain(f"{name} proves nothing: {error}")
    bodies = list(large_references(entry))
    for large, _ in bodies:
        body = Path(name).parent / "large" / large
        if body.is_file() and sha256(read_file(str(body), _MAX_LARGE_BYTES)).hexdigest() != large:
            return _complain(f"{body} isn't the body that the entry states")
    checkpoint = proof.checkpoint
    if form == "json":
        shown = {"origin": checkpoint.origin, "size": checkpoint.size, "index": proof.index}
        sys.stdout.write(json.dumps({**shown, "entry": entry.decode("utf-8", "replace")}, indent=2) + "\n")
        return GOOD
    sys.stdout.write(f"good: entry {proof.index} of {checkpoint.origin}, in its first {checkpoint.size}\n")
    for large, size in bodies:
        sys.stdout.write(f"its data are the {size} bytes whose SHA-256 is {large}\n")
    return GOOD


def _read(name: str) -> InclusionProof:
    """The proof in a file. Raises ``CommandFailed``."""
    try:
        return parse_proof(read_file(name, MAX_PROOF_BYTES))
    except BadNote as error:
        raise CommandFailed(f"can't read {name}: {error}") from error


def _entry(name: str, proof: InclusionProof, proof_name: str) -> bytes:
    """The entry that is proved: a file's content, or else what the proof has beside, which is hashed all the same."""
    if name:
        return read_file(name, MAX_ENTRY_BYTES)
    if proof.extra is None:
        raise UsageError(f"expected -entry: {proof_name} has no entry in it")
    return proof.extra


def _complain(line: str) -> int:
    sys.stderr.write(f"{line}\n")
    return TAMPERED


PROVE = Command(
    "Write proofs of a request's entries",
    _prove,
    (
        Flag("request-id", "The request, as its audit entries and the answer's X-Vault-Request-Id have it."),
        Flag("out", "The folder for request.tlog-proof, response.tlog-proof, large/ and rotated-N.tlog-proof."),
        POLICY_FLAG,
        KEPT_FLAG,
    ),
    ("DIR",),
    more=(
        "The exit status is 0, 1 if the log isn't what was signed, 2 if it can't be read or has no such request, and\n"
        "3 if it has fewer signatures than -policy asks for."
    ),
    failed_status=UNREADABLE,
)
VERIFY_PROOF = Command(
    "Check a proof, without the log",
    _verify_proof,
    (
        POLICY_FLAG,
        Flag("entry", "A file with the entry. The default is what stands in the proof's extra line."),
        Flag("rotated", "A proof of an entry that names newer keys; rotated-N.tlog-proof beside FILE is read anyway."),
        FORMAT_FLAG,
    ),
    ("FILE",),
    more=(
        "In JSON, entry is the entry's text. The exit status is 0 if it is proved, 1 if it isn't, and 2 if the proof\n"
        "can't be read."
    ),
    failed_status=UNREADABLE,
)
