"""Macros by example, ``macro_rules!``: their rules, and the text that an invocation stands for.

A fragment such as ``$key:expr`` takes the tokens up to the one that follows it in the pattern, whatever they are: what
a compiler refuses needn't be told apart. The text has its tokens on the lines of the definition, and notes which parts
of it the invocation gave (The Rust Reference, "Macros By Example").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from engines.cbom.source.frontends.base import COMMENTS, Node

MAX_EXPANSIONS = 256
"""The most invocations of a file that are expanded, those in expansions included."""

MAX_TEXT = 20_000
"""The longest text of an expansion, in bytes."""

_MAX_REPEATS = 64
_ONE_TOKEN = frozenset({b"ident", b"tt", b"literal", b"lifetime", b"block", b"vis"})
_REPEATS = frozenset({"*", "+", "?"})

Bound: TypeAlias = "list[Token] | list[dict[bytes, Bound]]"
Bindings: TypeAlias = "dict[bytes, Bound]"


class Token(NamedTuple):
    """One token of an invocation: its text, and the row and column where it begins and ends, from 0."""

    text: bytes
    start: tuple[int, int]
    end: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Definition:
    """A macro: its rules, each a pattern and what it stands for, in the source that they are nodes of."""

    source: bytes
    rules: tuple[tuple[Node, Node], ...]


@dataclass(slots=True)
class Expansion:
    """The text of an invocation, in braces, and where in it is what the invocation gave."""

    first_line: int
    """The line of the definition on which the text begins, from 0."""

    text: bytearray = field(default_factory=bytearray)
    given: list[tuple[int, int, Token]] = field(default_factory=list)
    """Where it begins and ends, and the first token of it."""

    def given_in(self, start: int, end: int, *, paths: bool = False) -> Token | None:
        """The first token that the invocation gave in a part of the text, or with which a path begins; else None."""
        for first, last, token in self.given:
            if first < end and start < last and not (paths and b"::" not in self.text[first:last]):
                return token
        return None


def definition_of(node: Node, source: bytes) -> Definition:
    """The macro of a ``macro_definition``."""
    rules = [child for child in node.named_children if child.type == "macro_rule"]
    pairs = ((rule.child_by_field_name("left"), rule.child_by_field_name("right")) for rule in rules)
    return Definition(source, tuple((left, right) for left, right in pairs if left is not None and right is not None))


def expand(macro: Definition, tokens: list[Token]) -> Expansion | None:
    """What an invocation with ``tokens`` stands for; None if no rule is for it."""
    for left, right in macro.rules:
        bindings: Bindings = {}
        if _matched(macro.source, _inner(left), tokens, 0, bindings) == len(tokens):
            return _transcribed(macro.source, right, bindings)
    return None


def alone(macro: Definition) -> list[Expansion]:
    """What the rules of a macro stand for if its fragments are names of which nothing is known."""
    made = (_transcribed(macro.source, right, {}) for _, right in macro.rules)
    return [expansion for expansion in made if expansion is not None]


def _inner(tree: Node) -> list[Node]:
    """The tokens between the brackets of a tree."""
    return [child for child in tree.children[1:-1] if child.type not in COMMENTS]


def tokens_in(source: bytes, tree: Node) -> list[Token]:
    """The tokens between the brackets of a tree, those of trees in it with their brackets."""
    found: list[Token] = []
    for child in _inner(tree):
        if child.type == "token_tree":
            opening, closing = child.children[0], child.children[-1]
            found += [_token(source, opening), *tokens_in(source, child), _token(source, closing)]
        else:
            found.append(_token(source, child))
    return found


def _token(source: bytes, node: Node) -> Token:
    return Token(_text(source, node), tuple(node.start_point), tuple(node.end_point))


def _text(source: bytes, node: Node) -> bytes:
    return source[node.start_byte : node.end_byte]


def _matched(source: bytes, pattern: list[Node], tokens: list[Token], at: int, found: Bindings) -> int:
    """Where the tokens that match a pattern end; -1 if they don't."""
    for position, part in enumerate(pattern):
        if part.type == "token_binding_pattern":
            name, kind = (child for child in part.named_children[:2])
            following = _first(source, pattern[position + 1 :])
            end = _fragment(_text(source, kind), tokens, at, following)
            if end < at:
                return -1
            found[_text(source, name)] = tokens[at:end]
            at = end
        elif part.type == "token_repetition_pattern":
            at = _repeated(source, part, tokens, at, found)
        elif part.type == "token_tree_pattern":
            opening, closing = _text(source, part.children[0]), _text(source, part.children[-1])
            if not _is(tokens, at, opening):
                return -1
            at = _matched(source, _inner(part), tokens, at + 1, found)
            if at < 0 or not _is(tokens, at, closing):
                return -1
            at += 1
        elif _is(tokens, at, _text(source, part)):
            at += 1
        else:
            return -1
    return at


def _is(tokens: list[Token], at: int, text: bytes) -> bool:
    return at < len(tokens) and tokens[at].text == text


def _first(source: bytes, pattern: list[Node]) -> bytes:
    """The token with which what follows in a pattern begins; empty if it may be any."""
    if not pattern:
        return b""
    part = pattern[0]
    if part.type == "token_repetition_pattern":
        inside = [child for child in part.children[2:] if child.type != ")" and child.type not in _REPEATS]
        return _first(source, inside)
    if part.type == "token_tree_pattern":
        part = part.children[0]
    return b"" if part.type == "token_binding_pattern" else _text(source, part)


def _fragment(kind: bytes, tokens: list[Token], at: int, following: bytes) -> int:
    """Where a fragment that begins at a token ends; -1 if there is none."""
    if kind == b"vis":
        return at + _is(tokens, at, b"pub")
    if at >= len(tokens):
        return -1
    if kind in _ONE_TOKEN and tokens[at].text not in _OPENING:
        return at + 1
    depth, start = 0, at
    while at < len(tokens):
        token = tokens[at].text
        if not depth and at > start and token in (following or b",", b",", b";", b"=>"):
            break
        depth += (token in _OPENING) - (token in _CLOSING)
        if depth < 0:
            break
        at += 1
        if not depth and kind in _ONE_TOKEN:
            break
    return at if at > start else -1


_OPENING = frozenset({b"(", b"[", b"{"})
_CLOSING = frozenset({b")", b"]", b"}"})


def _repeated(source: bytes, part: Node, tokens: list[Token], at: int, found: Bindings) -> int:
    """Where the repetitions of ``$(...)`` end, each with bindings of its own."""
    close = next(index for index, child in enumerate(part.children) if child.type == ")")
    inner = [child for child in part.children[2:close] if child.type not in COMMENTS]
    separator = source[part.children[close].end_byte : part.children[-1].start_byte].strip()
    rounds: list[dict[bytes, Bound]] = []
    while at < len(tokens) and len(rounds) < _MAX_REPEATS:
        bindings: Bindings = {}
        end = _matched(source, inner, tokens, at, bindings)
        if end <= at:
            break
        rounds.append(bindings)
        at = end
        if separator:
            if not _is(tokens, at, separator):
                break
            at += 1
    for name in _names(source, inner):
        found[name] = rounds
    return at


def _names(source: bytes, pattern: list[Node]) -> list[bytes]:
    """The names of the fragments in a pattern."""
    found: list[bytes] = []
    for part in pattern:
        if part.type == "token_binding_pattern":
            found.append(_text(source, part.named_children[0]))
        else:
            found += _names(source, part.children)
    return found


def _transcribed(source: bytes, right: Node, bindings: Bindings) -> Expansion | None:
    made = Expansion(int(right.start_point[0]), bytearray(b"{"))
    _transcribe(source, right.children[1:-1], right.children[0].end_byte, bindings, made)
    made.text += b"\n}"
    return made if len(made.text) <= MAX_TEXT else None


def _transcribe(source: bytes, nodes: Sequence[Node], before: int, bindings: Bindings, made: Expansion) -> None:
    for node in nodes:
        if len(made.text) > MAX_TEXT:
            return
        made.text += source[before : node.start_byte]
        before = node.end_byte
        if node.type == "metavariable":
            name = _text(source, node)
            value = bindings.get(name)
            start = len(made.text)
            tokens = [token for token in value or () if isinstance(token, Token)]
            if name in bindings:
                made.text += b" ".join(token.text for token in tokens)
            else:
                made.text += b"crate" if name == b"$crate" else b"__" + name[1:]
            if tokens:
                made.given.append((start, len(made.text), tokens[0]))
        elif node.type == "token_repetition":
            _repeat(source, node, bindings, made)
        elif node.children and node.type == "token_tree":
            _transcribe(source, node.children, node.start_byte, bindings, made)
        else:
            made.text += _text(source, node)


def _repeat(source: bytes, node: Node, bindings: Bindings, made: Expansion) -> None:
    """``$(...)`` once for each of its bindings. All are on the lines of the first."""
    close = max(index for index, child in enumerate(node.children) if child.type == ")")
    inner = node.children[2:close]
    separator = source[node.children[close].end_byte : node.children[-1].start_byte].strip()
    for rounds in [bindings.get(name) for name in _variables(source, inner)]:
        if isinstance(rounds, list):
            for position, own in enumerate(rounds[:_MAX_REPEATS]):
                start = len(made.text)
                made.text += separator if position else b""
                if isinstance(own, dict):
                    _transcribe(source, inner, node.children[1].end_byte, {**bindings, **own}, made)
                if position:
                    made.text[start:] = made.text[start:].replace(b"\n", b" ")
            return
    _transcribe(source, inner, node.children[1].end_byte, bindings, made)


def _variables(source: bytes, nodes: Sequence[Node]) -> list[bytes]:
    found: list[bytes] = []
    for node in nodes:
        found += [_text(source, node)] if node.type == "metavariable" else _variables(source, node.children)
    return found
