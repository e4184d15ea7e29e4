"""Proofs of inclusion and consistency (RFC 6962, section 2.1): made from a tree's hashes, and checked.

What checks them trusts nothing in them: every length is compared with the one that the sizes call for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from server.audit.ledger.log.hashes import EMPTY_ROOT, HASH_BYTES, node_hash

MAX_PROOF_HASHES = 63
"""The longest proof of a tree of less than 2**63 leaves."""

HashAt: TypeAlias = Callable[[int, int], bytes]
"""The root of the complete subtree of ``2**height`` leaves that is the ``index``-th of its height."""


class BadProof(ValueError):
    """A proof doesn't prove what it is for."""


def range_root(hash_at: HashAt, start: int, end: int) -> bytes:
    """The root over the leaves from ``start`` up to ``end``, where ``start`` is a multiple of the larger subtrees."""
    if start == end:
        return EMPTY_ROOT
    root = b""
    for height, index in reversed(_subtrees(start, end)):
        subtree = hash_at(height, index)
        root = node_hash(subtree, root) if root else subtree
    return root


def inclusion_proof(hash_at: HashAt, index: int, size: int) -> list[bytes]:
    """The hashes that lead from leaf ``index`` to the root of ``size`` leaves, the leaf's sibling first."""
    assert 0 <= index < size
    start, end = 0, size
    proof: list[bytes] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(range_root(hash_at, middle, end))
            end = middle
        else:
            proof.append(range_root(hash_at, start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(hash_at: HashAt, old: int, new: int) -> list[bytes]:
    """The hashes that show that the first ``old`` of ``new`` leaves are those of the older tree."""
    assert 0 <= old <= new
    if old in (0, new):
        return []
    start, end = 0, new
    proof: list[bytes] = []
    whole = True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(range_root(hash_at, middle, end))
            end = middle
        else:
            proof.append(range_root(hash_at, start, middle))
            start, whole = middle, False
    if not whole:
        proof.append(range_root(hash_at, start, end))
    return proof[::-1]


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root of ``size`` leaves that ``proof`` gives for the hash ``leaf`` at ``index``. Raises ``BadProof``."""
    if not 0 <= index < size:
        raise BadProof("the index isn't in the tree")
    _check_lengths(leaf, *proof)
    root, at, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            raise BadProof("the proof is too long")
        if at & 1 or at == last:
            root = node_hash(sibling, root)
            while not at & 1:
                at >>= 1
                last >>= 1
        else:
            root = node_hash(root, sibling)
        at >>= 1
        last >>= 1
    if last:
        raise BadProof("the proof is too short")
    return root


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of ``new`` leaves extends that of ``old``. Raises ``BadProof``."""
    if not 0 <= old <= new:
        raise BadProof("the older tree is the larger one")
    _check_lengths(*proof)
    if old in (0, new):
        if proof:
            raise BadProof("the proof is too long")
        if (old == new and old_root != new_root) or (old == 0 and old_root != EMPTY_ROOT):
            raise BadProof("the roots differ")
        return
    at, last = old - 1, new - 1
    while at & 1:
        at >>= 1
        last >>= 1
    left = list(proof)
    older = newer = old_root if at == 0 else _first(left)
    for sibling in left:
        if last == 0:
            raise BadProof("the proof is too long")
        if at & 1 or at == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while at and not at & 1:
                at >>= 1
                last >>= 1
        else:
            newer = node_hash(newer, sibling)
        at >>= 1
        last >>= 1
    if last:
        raise BadProof("the proof is too short")
    if older != old_root or newer != new_root:
        raise BadProof("the roots differ")


def _first(left: list[bytes]) -> bytes:
    if not left:
        raise BadProof("the proof is too short")
    return left.pop(0)


def _check_lengths(*hashes: bytes) -> None:
    if any(len(hashed) != HASH_BYTES for hashed in hashes):
        raise BadProof("a hash has 32 bytes")


def _split(count: int) -> int:
    """The largest power of two below ``count``, which is at least 2."""
    return 1 << ((count - 1).bit_length() - 1)


def _subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """The complete subtrees, as height and index, that cover the leaves from ``start`` to ``end``, largest first."""
    found = []
    while start < end:
        height = (end - start).bit_length() - 1
        found.append((height, start >> height))
        start += 1 << height
    return found
