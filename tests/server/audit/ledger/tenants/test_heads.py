"""Commitments to heads: each tenant's leads to the root, and shows nothing of the others."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from server.audit.ledger.tenants.heads import DEPTH, MAX_HEADS, commit, decode_head, encode_head
from server.audit.ledger.tenants.sizes import Size


@pytest.mark.parametrize("count", [1, 2, MAX_HEADS])
def test_each_head_leads_to_the_root(count: int) -> None:
    root, proofs = commit({f"t{n}": Size(n, bytes([n % 256]) * 32) for n in range(count)})
    assert len(proofs) == len({proof.index for proof in proofs}) == count
    for n, proof in enumerate(proofs):
        assert (proof.namespace, proof.size, len(proof.hashes)) == (f"t{n}", n, DEPTH)
        assert proof.tree_root() == root
        for changed in (
            replace(proof, size=n + 1),
            replace(proof, namespace="x"),
            replace(proof, index=proof.index ^ 1),
        ):
            assert changed.tree_root() != root


def test_the_same_heads_look_different_each_time() -> None:
    heads = {"a": Size(5, b"1" * 32)}
    (one, [first]), (other, [second]) = commit(heads), commit(heads)
    assert one != other
    assert not set(first.hashes) & set(second.hashes)


def test_heads_as_files() -> None:
    _, [proof] = commit({"a": Size(5, b"1" * 32)})
    content = encode_head(proof)
    assert decode_head(content) == proof
    short = encode_head(replace(proof, hashes=proof.hashes[1:]))
    for other in (b"", b"[]", content[:-9], short, b"[" * 5000, encode_head(replace(proof, index=1 << DEPTH))):
        assert decode_head(other) is None
