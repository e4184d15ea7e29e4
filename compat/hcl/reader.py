"""HCL 1, the language of Vault's configuration and policies, read into a small typed tree.

Text that begins with ``{`` is JSON and gives a tree of the same types. A block (``listener "tcp" {...}``), an attribute
(``listener = {tcp = {...}}``) and JSON (``{"listener": [{"tcp": {...}}]}``) mean the same to most readers;
``Body.blocks`` reads all three.

There is no maintained library for HCL 1 in Python (python-hcl2 reads HCL 2, another language).
"""

from __future__ import annotations

from typing import NoReturn

from compat.hcl import json as hcl_json
from compat.hcl.tokens import Token, tokens
from compat.hcl.tree import Attribute, Block, Body, HclError, Position, Scalar, Sequence, Value, check_depth

__all__ = ["Attribute", "Block", "Body", "HclError", "Position", "Scalar", "Sequence", "Value", "parse"]


def parse(text: str) -> Body:
    """The tree of ``text``. Raises ``HclError`` alone, for text that isn't HCL or JSON."""
    if text.lstrip().startswith("{"):
        return hcl_json.read(text)
    return _Parser(text).document()


_UNCLOSED = "object expected closing RBRACE got: EOF"


class _Parser:
    """Recursive descent over the tokens, looking one ahead."""

    __slots__ = ("_next", "_tokens")

    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._next = next(self._tokens)

    def document(self) -> Body:
        return self._body("EOF", 0, Position(1, 1))

    def _take(self) -> Token:
        token = self._next
        if token.kind != "EOF":
            self._next = next(self._tokens)
        return token

    def _body(self, closing: str, depth: int, position: Position) -> Body:
        """Items up to the ``closing`` token, which is taken; commas between them are optional."""
        check_depth(depth, position)
        items: list[Attribute | Block] = []
        while self._next.kind != closing:
            if self._next.kind == "EOF":
                _fail(_UNCLOSED, self._next, 1)
            items.append(self._item(depth))
            if self._next.kind == "COMMA":
                self._take()
        self._take()
        return Body(tuple(items), position)

    def _item(self, depth: int) -> Attribute | Block:
        keys: list[Token] = []
        while self._next.kind in ("IDENT", "STRING"):
            keys.append(self._take())
        token = self._next
        if token.kind not in ("ASSIGN", "LBRACE", "EOF"):
            _fail(f"expected: IDENT | STRING | ASSIGN | LBRACE got: {token.kind}", token)
        if not keys:
            _fail("no object keys found!" if token.kind == "ASSIGN" else "expected: IDENT | STRING got: LBRACE", token)
        first = keys[0]
        if token.kind == "EOF":
            written = " ".join(key.text for key in keys)
            shift = 0 if keys[-1].kind == "STRING" else 1
            _fail(f"key '{written}' expected start of object ('{{') or assignment ('=')", token, shift)
        self._take()
        if token.kind == "ASSIGN":
            if len(keys) > 1:
                _fail("nested object expected: LBRACE got: ASSIGN", token)
            return Attribute(str(first.value), self._value(depth + 1), first.position)
        labels = tuple(str(key.value) for key in keys[1:])
        return Block(str(first.value), labels, self._body("RBRACE", depth + 1, token.position), first.position)

    def _value(self, depth: int) -> Value:
        token = self._take()
        if token.kind in ("STRING", "HEREDOC", "NUMBER", "FLOAT", "BOOL"):
            return Scalar(token.value, token.position)
        if token.kind == "LBRACE":
            return self._body("RBRACE", depth, token.position)
        if token.kind == "LBRACK":
            return self._list(depth, token.position)
        if token.kind == "EOF" and depth > 1:
            _fail(_UNCLOSED, token, 1)
        _fail(f"Unknown token: {token.position.line}:{token.position.column} {token.kind} {token.text}".rstrip(), token)

    def _list(self, depth: int, position: Position) -> Sequence:
        """The rest of a list; stray commas are tolerated, missing ones are not."""
        check_depth(depth, position)
        items: list[Value] = []
        separated = True
        while (token := self._next).kind != "RBRACK":
            if token.kind == "COMMA":
                self._take()
                separated = True
                continue
            if token.kind in ("EOF", "IDENT", "ASSIGN", "RBRACE", "ADD", "SUB"):
                _fail(f"unexpected token while parsing list: {token.kind}", token)
            if not separated:
                _fail(f"error parsing list, expected comma or list end, got: {token.kind}", token)
            items.append(self._value(depth + 1))
            separated = False
        self._take()
        return Sequence(tuple(items), position)


def _fail(message: str, token: Token, shift: int = 0) -> NoReturn:
    """Raise ``HclError`` at ``token``; OpenBao counts some ends of the text ``shift`` columns further."""
    raise HclError(message, token.position.line, token.position.column + shift)
