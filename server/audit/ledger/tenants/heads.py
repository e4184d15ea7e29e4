"""Heads of tenants' logs as the server's log commits to them: the root of a tree whose leaves are blinded.

Each leaf is the hash of a tenant's head and a nonce, at a random place of a tree of a fixed depth; all else in the tree
is random. So a tenant can be shown the way from its head to the root, and that tells nothing of the others, not even
how many there are.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping

import msgspec

from server.audit.ledger.log.hashes import HASH_BYTES, leaf_hash, node_hash
from server.audit.ledger.tenants.sizes import Size

DEPTH = 16
"""The height of the tree."""

MAX_HEADS = 256
"""The most heads in one tree."""

MAX_FILE_BYTES = 4096
HEAD = "head"
"""The file of a tenant's log with its newest head."""


class HeadProof(msgspec.Struct, frozen=True):
    """A tenant's head, and the way from it to the root of the heads' tree."""

    namespace: str
    size: int
    root: bytes
    nonce: bytes
    index: int
    hashes: tuple[bytes, ...]

    def tree_root(self) -> bytes:
        """The root of the heads' tree that this leads to."""
        found = _leaf(self.namespace, Size(self.size, self.root), self.nonce)
        for level, sibling in enumerate(self.hashes):
            found = node_hash(sibling, found) if self.index >> level & 1 else node_hash(found, sibling)
        return found


def commit(heads: Mapping[str, Size]) -> tuple[bytes, list[HeadProof]]:
    """The root of the tree of ``heads``, by namespace, and the proof of each."""
    assert 0 < len(heads) <= MAX_HEADS
    places = dict(zip(heads, secrets.SystemRandom().sample(range(1 << DEPTH), len(heads)), strict=True))
    nonces = {name: secrets.token_bytes(HASH_BYTES) for name in heads}
    level = {places[name]: _leaf(name, head, nonces[name]) for name, head in heads.items()}
    ways: dict[str, list[bytes]] = {name: [] for name in heads}
    for height in range(DEPTH):
        for place in list(level):
            level.setdefault(place ^ 1, secrets.token_bytes(HASH_BYTES))
        for name, way in ways.items():
            way.append(level[places[name] >> height ^ 1])
        level = {place >> 1: node_hash(level[place & ~1], level[place | 1]) for place in level}
    proofs = [
        HeadProof(name, head.size, head.root, nonces[name], places[name], tuple(ways[name]))
        for name, head in heads.items()
    ]
    return level[0], proofs


def encode_head(proof: HeadProof) -> bytes:
    """The file of a head."""
    return msgspec.json.encode(proof) + b"\n"


def decode_head(content: bytes) -> HeadProof | None:
    """Read such a file; None if it is none."""
    try:
        proof = msgspec.json.decode(content, type=HeadProof)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    fits = len(proof.hashes) == DEPTH and all(len(one) == HASH_BYTES for one in proof.hashes)
    return proof if fits and 0 <= proof.index < 1 << DEPTH and proof.size >= 0 else None


def _leaf(name: str, head: Size, nonce: bytes) -> bytes:
    return leaf_hash(nonce + f"{name}\n{head.size}\n{base64.b64encode(head.root).decode()}\n".encode())
