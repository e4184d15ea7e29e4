"""Makes proofs of a request's entries, and checks such proofs: files of a few kilobytes that need nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from server.audit.ledger.log.hashes import leaf_hash
from server.audit.ledger.log.policy import Policy
from server.audit.ledger.log.proof_text import InclusionProof
from server.audit.ledger.log.proofs import BadProof
from server.audit.ledger.log.tiles import BadTile
from server.audit.ledger.log.tree import MissingTile
from server.audit.ledger.offline.proven import NotProven, ProvenLog, check_note
from server.audit.ledger.offline.query import Hit, Query, find
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


def prove_entry(log: ProvenLog, index: int, entry: bytes) -> InclusionProof:
    """The proof that ``entry`` is in the log at ``index``. Raises ``NotProven``."""
    try:
        hashes = log.tree.inclusion(index)
        proof = InclusionProof(index, tuple(hashes), log.checkpoint, log.note, entry)
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


def check_proof(proof: InclusionProof, entry: bytes, policy: Policy) -> None:
    """Check that ``entry`` is in a log that the policy believes. Raises ``NotProven``."""
    if not policy.logs:
        raise NotProven("the policy has no key of a log")
    check_note(proof.note, policy, proof.checkpoint.origin)
    try:
        proof.check(leaf_hash(entry))
    except BadProof as error:
        raise NotProven(str(error)) from error


def _type(entry: bytes) -> str:
    found = orjson.loads(entry).get("type")
    return found if found in ENTRY_TYPES else "entry"
