"""Hashes of a Merkle tree (RFC 6962, section 2.1, with SHA-256)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32

_new_leaf, _new_node = sha256(b"\0").copy, sha256(b"\1").copy
"""The beginnings of hashes of leaves and nodes. A copy takes less than a new hash, and joins no bytes to hash."""

EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree without leaves."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry, 32 bytes."""
    leaf = _new_leaf()
    leaf.update(entry)
    return leaf.digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node over ``left`` and ``right``, 32 bytes each."""
    node = _new_node()
    node.update(left)
    node.update(right)
    return node.digest()


def leaf_hashes(entries: Iterable[bytes]) -> bytes:
    """The hashes of entries, joined."""
    hashes = []
    for entry in entries:
        leaf = _new_leaf()
        leaf.update(entry)
        hashes.append(leaf.digest())
    return b"".join(hashes)


def root_of(hashes: bytes) -> bytes:
    """The root over subtrees from left to right, of which only the last may be smaller than the others.

    ``hashes`` are their roots, 32 bytes each and at least one. Joining neighbours and taking an odd last one along
    builds the tree of RFC 6962, which splits at powers of two.
    """
    assert hashes and len(hashes) % HASH_BYTES == 0
    while len(hashes) > HASH_BYTES:
        paired = len(hashes) // 64 * 64
        level = []
        for at in range(0, paired, 64):
            node = _new_node()
            node.update(hashes[at : at + 64])
            level.append(node.digest())
        level.append(hashes[paired:])
        hashes = b"".join(level)
    return hashes


def root_of_edge(edge: Sequence[bytes]) -> bytes:
    """The root of a tree by its right edge: the contents of its partial tiles, level 0 first, ``b""`` for none.

    Full tiles are in the edge as one hash each, in the tile above.
    """
    root = b""
    for hashes in edge:
        if hashes or root:
            root = root_of(hashes + root)
    return root or EMPTY_ROOT
