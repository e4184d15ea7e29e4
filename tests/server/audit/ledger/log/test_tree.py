"""Trees, tiles and proofs, held against published vectors and against each other."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.audit.ledger.log.hashes import EMPTY_ROOT, leaf_hash, node_hash
from server.audit.ledger.log.proofs import BadProof, check_consistency, root_from_inclusion
from server.audit.ledger.log.tiles import (
    ENTRIES,
    MAX_ENTRY_BYTES,
    BadTile,
    Tile,
    decode_bundle,
    edge_of,
    encode_bundle,
    parse_tile_path,
    tile_in,
)
from server.audit.ledger.log.tree import MissingTile, TreeReader
from server.audit.ledger.log.writer import TreeWriter

VECTORS = json.loads((Path(__file__).parent / "merkle_vectors.json").read_text())
SIZES = (0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 1000)

PROVES_FROM_NOTHING = "additional/size1-is-zero-and-size2-is-not-zero"
"""Their library refuses to compare with the empty tree; tlog-witness asks for an empty proof there."""

RFC_6962_INPUTS = tuple(
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
)
RFC_6962_ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""Inputs and roots of Certificate Transparency's reference tests (https://github.com/google/certificate-transparency,
cpp/merkletree/merkle_tree_test.cc), which transparency-dev/merkle has too."""


class Files(dict[str, bytes]):
    """A log in memory."""

    def read(self, path: str, limit: int) -> bytes | None:
        content = self.get(path)
        assert content is None or len(content) <= limit
        return content

    def write(self, writer: TreeWriter) -> None:
        for tile, content in writer.flush():
            self[tile.path] = content


def entries(count: int) -> list[bytes]:
    return [b'{"n":%d}' % number for number in range(count)]


def mth(leaves: list[bytes]) -> bytes:
    """The definition in RFC 6962, section 2.1."""
    if len(leaves) <= 1:
        return leaf_hash(leaves[0]) if leaves else sha256(b"").digest()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return node_hash(mth(leaves[:split]), mth(leaves[split:]))


def written(count: int, step: int = 256) -> tuple[Files, TreeWriter]:
    files, writer = Files(), TreeWriter()
    for start in range(0, count, step):
        writer.append(entries(count)[start : start + step])
        files.write(writer)
    return files, writer


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_of_the_reference(size: int) -> None:
    writer = TreeWriter()
    writer.append(RFC_6962_INPUTS[:size])
    assert writer.root().hex() == RFC_6962_ROOTS[size - 1]


@pytest.mark.parametrize("vector", VECTORS["inclusion"], ids=lambda vector: vector["name"])
def test_inclusion_vectors(vector: dict[str, Any]) -> None:
    leaf, root = base64.b64decode(vector["leafHash"] or ""), base64.b64decode(vector["root"] or "")
    proof = [base64.b64decode(hashed) for hashed in vector["proof"] or ()]
    try:
        good = root_from_inclusion(leaf, vector["leafIdx"], vector["treeSize"], proof) == root
    except BadProof:
        good = False
    assert good is not vector["wantErr"]


@pytest.mark.parametrize("vector", VECTORS["consistency"], ids=lambda vector: vector["name"])
def test_consistency_vectors(vector: dict[str, Any]) -> None:
    roots = [base64.b64decode(vector[name] or "") for name in ("root1", "root2")]
    proof = [base64.b64decode(hashed) for hashed in vector["proof"] or ()]
    try:
        check_consistency(vector["size1"], roots[0], vector["size2"], roots[1], proof)
    except BadProof:
        assert vector["wantErr"]
    else:
        assert not vector["wantErr"] or vector["name"] == PROVES_FROM_NOTHING


@pytest.mark.parametrize("size", SIZES)
def test_a_written_tree_is_that_of_the_definition(size: int) -> None:
    files, writer = written(size)
    reader = TreeReader(files.read, size)
    assert writer.root() == reader.root() == reader.edge_root() == mth(entries(size))
    assert [reader.entry(index) for index in range(0, size, 37)] == entries(size)[::37]


@given(st.integers(0, 700), st.integers(1, 300))
def test_a_writer_resumes_where_another_stopped(size: int, step: int) -> None:
    files, writer = Files(), TreeWriter()
    for start in range(0, size, step):
        writer = TreeWriter.resume(files.read, start)
        writer.append(entries(size)[start : start + step])
        files.write(writer)
    assert writer.root() == mth(entries(size))
    assert TreeReader(files.read, size).root() == writer.root()


@given(st.data())
def test_proofs_of_any_tree_hold_and_altered_ones_do_not(data: st.DataObject) -> None:
    new = data.draw(st.integers(1, 600))
    old = data.draw(st.integers(0, new))
    index = data.draw(st.integers(0, new - 1))
    files, writer = written(new)
    reader, root = TreeReader(files.read, new), writer.root()
    leaf = leaf_hash(entries(new)[index])
    proof = reader.inclusion(index)
    assert root_from_inclusion(leaf, index, new, proof) == root
    assert reader.leaf(index) == leaf
    consistency = reader.consistency(old)
    check_consistency(old, reader.root(old), new, root, consistency)
    for wrong in ([*proof, bytes(32)], proof[:-1] if proof else [bytes(32)]):
        with pytest.raises(BadProof):
            root_from_inclusion(leaf, index, new, wrong)
    for wrong in ([*consistency, bytes(32)], [bytes(32), *consistency[1:]]):
        with pytest.raises(BadProof):
            check_consistency(old, reader.root(old), new, root, wrong)


def test_tiles_of_the_sizes_in_the_specification() -> None:
    assert Tile(0, 1234067).path == "tile/0/x001/x234/067"
    assert list(edge_of(70_000)) == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert list(edge_of(256)) == [None, Tile(1, 0, 1)]
    assert tile_in(0, 0, 256) == Tile(0, 0)
    assert Tile(2, 0, 1).path == "tile/2/000.p/1"
    assert tile_in(ENTRIES, 273, 70_000).path == "tile/entries/273.p/112"


def test_writes_are_those_of_the_tree() -> None:
    files, writer = written(257, step=1000)
    assert sorted(files) == [
        "tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/1",
    ]  # fmt: skip
    assert writer.flush() == []
    writer.append([b"x"])
    assert [write.tile.path for write in writer.flush()] == ["tile/entries/001.p/2", "tile/0/001.p/2"]


def test_a_missing_or_short_tile_is_named() -> None:
    files, _ = written(257)
    content = files.pop("tile/0/000")
    with pytest.raises(MissingTile, match="tile/0/000 is missing"):
        TreeReader(files.read, 257).leaf(3)
    files["tile/0/000"] = content[:-1]
    with pytest.raises(BadTile, match="tile/0/000 has 8191 bytes, expected 8192"):
        TreeReader(files.read, 257).leaf(3)


def test_a_full_file_stands_for_a_partial_one() -> None:
    files, _ = written(512)
    assert TreeReader(files.read, 300).root() == mth(entries(300))
    assert TreeReader(files.read, 300).entry(299) == entries(300)[299]


@given(st.lists(st.binary(max_size=300), max_size=300))
def test_bundles_round_trip(contents: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(contents), len(contents)) == contents


@given(st.binary(max_size=40), st.integers(0, 5))
def test_what_a_bundle_decodes_to_encodes_to_it(bundle: bytes, width: int) -> None:
    try:
        decoded = decode_bundle(bundle, width)
    except BadTile:
        return
    assert encode_bundle(decoded) == bundle


@given(st.integers(-1, 63), st.integers(0, 10**15), st.integers(1, 256))
def test_tile_paths_round_trip(level: int, number: int, width: int) -> None:
    tile = Tile(level, number, width)
    assert parse_tile_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "", "tile/0/000.p/256", "tile/0/000.p/0", "tile/0/000.p/01", "tile/64/000", "tile/00/000", "tile/0/x000/000",
        "tile/0/00", "tile/0/001/000", "tile/0/../000", "tile/0/000/", "/tile/0/000", "tile/0/000\n", "tile/-1/000",
        "tile/0/x001/x000", "tile/entries/000.p/", "tile/0/\u0660\u0660\u0660", "tile/Entries/000",
    ],
)  # fmt: skip
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(BadTile):
        parse_tile_path(path)


def test_limits() -> None:
    with pytest.raises(ValueError, match="more than 65535 bytes"):
        TreeWriter().append([bytes(MAX_ENTRY_BYTES + 1)])
    writer = TreeWriter()
    assert writer.root() == EMPTY_ROOT
    writer.append([bytes(MAX_ENTRY_BYTES)])
    assert writer.root() == leaf_hash(bytes(MAX_ENTRY_BYTES))
