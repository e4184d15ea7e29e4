"""Changes to DER that leave its lengths right, so that a decoder gets past the first header: for fuzzing."""

from __future__ import annotations

from random import Random
from typing import TypeAlias

from tests.engines.algorithms.encodings.der import element

Node: TypeAlias = "tuple[int, bytes | list[Node]]"
"""A tag, and the content or, where that are elements again, these. The tag 0 stands for bytes without a header."""

_RAW = 0
_MAX_DEPTH = 8
_TAGS = (2, 3, 4, 5, 6, 12, 0x30, 0x31, 0x80, 0x81, 0xA0, 0xA1)


def mutated(der: bytes, random: Random) -> bytes:
    """``der`` with one to three elements changed, dropped, doubled or cut."""
    nodes = _parse(der, 0) or [(_RAW, der)]
    for _ in range(random.choice((1, 1, 2, 3))):
        nodes = _mutate(nodes, random)
    return _encode(nodes)


def _parse(data: bytes, depth: int) -> list[Node] | None:
    """The elements that ``data`` consists of; None if it is anything else."""
    nodes: list[Node] = []
    while data:
        if len(data) < 2 or data[0] == _RAW or depth > _MAX_DEPTH:
            return None
        octets = data[1] & 0x7F if data[1] & 0x80 else 0
        if octets > 4 or data[1] == 0x80:
            return None
        start = 2 + octets
        end = start + (int.from_bytes(data[2:start], "big") if octets else data[1])
        if end > len(data):
            return None
        nodes.append((data[0], _children(data[0], data[start:end], depth) or data[start:end]))
        data = data[end:]
    return nodes


def _children(tag: int, content: bytes, depth: int) -> list[Node] | None:
    if tag & 0x20 or (tag == 0x04 and content[:1] in (b"\x30", b"\x04", b"\x80")):
        return _parse(content, depth + 1)
    if tag == 0x03 and content[:2] == b"\x00\x30":
        inner = _parse(content[1:], depth + 1)
        return None if inner is None else [(_RAW, b"\x00"), *inner]
    return None


def _encode(nodes: list[Node]) -> bytes:
    parts = []
    for tag, content in nodes:
        data = content if isinstance(content, bytes) else _encode(content)
        parts.append(data if tag == _RAW else element(tag, data))
    return b"".join(parts)


def _mutate(nodes: list[Node], random: Random) -> list[Node]:
    at = random.randrange(len(nodes))
    tag, content = nodes[at]
    if not isinstance(content, bytes) and random.random() < 0.85:
        return [*nodes[:at], (tag, _mutate(content, random)), *nodes[at + 1 :]]
    data = content if isinstance(content, bytes) else _encode(content)
    changes: list[list[Node]] = [
        [],
        [nodes[random.randrange(len(nodes))], nodes[at]],
        [(random.choice((*_TAGS, tag ^ 0x20)), data)],
        [(tag, data[:-1])],
        [(tag, b"")],
        [(tag, data + b"\x00")],
        [(tag, bytes(len(data)))],
        [(tag, b"\x7f" + b"\xff" * max(len(data) - 1, 0))],
        [(tag, b"\x01")],
        [(tag, _flipped(data or b"\x00", random))],
    ]
    return [*nodes[:at], *random.choice(changes), *nodes[at + 1 :]] or [(0x05, b"")]


def _flipped(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]
