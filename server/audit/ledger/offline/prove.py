"""Makes proofs of a request's entries, and checks such proofs: files of a few kilobytes that need nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

import orjson

from server.audit.ledger.log.hashes import leaf_hash
from server.audit.ledger.log.policy import Policy
from server.audit.ledger.log.proof_text import InclusionProof
from server.audit.ledger.log.proofs import BadProof
from server.audit.ledger.log.tiles import BadTile
from server.audit.ledger.log.tree import MissingTile
from server.audit.ledger.offline.entries import Clock
from server.audit.ledger.offline.proven import NotProven, ProvenLog, check_note
from server.audit.ledger.offline.query import Hit, Query, find
from server.audit.ledger.offline.rotations import (
    MAX_ROTATIONS,
    Signed,
    extension_of,
    followed_by_proofs,
    own_checkpoints,
    signed_trees,
    vouching,
)
from server.audit.ledger.offline.sources import BadFile

ENTRY_TYPES = ("request", "response")
_MAX_ENTRIES_OF_A_REQUEST = 16


@dataclass(frozen=True, slots=True)
class Proved:
    """The proof of one entry."""

    type: str
    index: int
    entry: bytes
    proof: InclusionProof


def prove_entry(log: ProvenLog, index: int, entry: bytes, signed: Signed | None = None) -> InclusionProof:
    """The proof that ``entry`` is in the log at ``index``, by an earlier checkpoint if given. Raises ``NotProven``."""
    checkpoint, note = signed or (log.checkpoint, log.note)
    try:
        hashes = log.tree.inclusion(index, checkpoint.size)
        proof = InclusionProof(index, tuple(hashes), checkpoint, note, entry)
        proof.check(leaf_hash(entry))
    except (MissingTile, BadTile, BadFile, BadProof) as error:
        raise NotProven(str(error)) from error
    return proof


def prove_request(log: ProvenLog, request_id: str, progress: Callable[[int, int], None]) -> list[Proved]:
    """The proofs of a request's entries, in their order. Raises ``NotProven``."""
    hits: list[Hit] = []
    for answer in find(log, Query(request_id=request_id), log.first_entry(), _MAX_ENTRIES_OF_A_REQUEST):
        progress(answer.next_index, log.checkpoint.size)
        hits = answer.hits
        # A response comes after its request.
        if any(_type(hit.entry) == "response" for hit in hits):
            break
    return [Proved(_type(hit.entry), hit.index, hit.entry, prove_entry(log, hit.index, hit.entry)) for hit in hits]


def prove_rotations(log: ProvenLog, progress: Callable[[int, int], None]) -> list[InclusionProof]:
    """The proofs of ``rotated`` entries by which an old policy leads to newer keys, each signed by the keys it ends.

    Raises ``NotProven``.
    """
    indices = log.trust.rotated if log.trust is not None else list(islice(log.rotated(0, progress), MAX_ROTATIONS))
    kept = () if log.trust is None else log.trust.kept
    extends = extension_of(log.tree, log.checkpoint)
    events = log.events(indices)
    candidates = signed_trees((*kept, *own_checkpoints(log.source))) if events else []
    found = vouching(events, log.checkpoint.origin, candidates, extends)
    return [prove_entry(log, index, log.entry(index), signed) for index, signed in found]


def check_proof(proof: InclusionProof, entry: bytes, policy: Policy, rotations: Sequence[InclusionProof] = ()) -> None:
    """Check that ``entry`` is in a log that the policy believes; ``rotations`` are proofs of its ``rotated`` entries.

    Raises ``NotProven``.
    """
    if not policy.logs:
        raise NotProven("the policy has no key of a log")
    policy, events = followed_by_proofs(policy, proof.checkpoint.origin, rotations)
    check_note(proof.checkpoint, proof.note, policy, events, Clock().of(entry))
    try:
        proof.check(leaf_hash(entry))
    except BadProof as error:
        raise NotProven(str(error)) from error


def _type(entry: bytes) -> str:
    found = orjson.loads(entry).get("type")
    return found if found in ENTRY_TYPES else "entry"
