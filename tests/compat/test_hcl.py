"""HCL 1 and its JSON form: places, values, refusals, and properties over any text and over generated documents."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat.hcl.reader import Attribute, Block, Body, HclError, Position, Scalar, Sequence, Value, parse
from compat.hcl.tokens import MAX_TEXT_CHARACTERS
from compat.hcl.tree import MAX_DEPTH
from tests.support.costs import processor_seconds_below


def plain(value: Value) -> Any:
    """A tree without its places: bodies become lists of names and values, blocks with their labels."""
    if isinstance(value, Scalar):
        return value.value
    if isinstance(value, Sequence):
        return [plain(item) for item in value.items]
    return [
        (item.name, plain(item.value)) if isinstance(item, Attribute) else (item.name, item.labels, plain(item.body))
        for item in value.items
    ]


def attribute(text: str) -> Any:
    body = parse(f"x = {text}")
    assert isinstance(body.items[0], Attribute)
    return plain(body.items[0].value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-1", -1), ("0x10", 16), ("010", 8), ("0", 0), ("1.5", 1.5), ("1e3", 1000.0), ("-2.5E-1", -0.25),
        ("1.", 1.0), ("true", True), ("false", False), ('"a"', "a"),
        (r'"\n\t\"\\\u00e9\U0001F600\x41\101"', '\n\t"\\é😀AA'),
        ('"x${"b"}y"', 'x${"b"}y'), ('"${a {b} "c"}"', '${a {b} "c"}'), ("[]", []), ("[1, 2,]", [1, 2]), ("[,]", []),
        ('["a", [true], {b = 1}]', ["a", [True], [("b", 1)]]), ("{a = 1, b = 2}", [("a", 1), ("b", 2)]),
        ("<<EOF\none\ntwo\nEOF\n", "one\ntwo\n"), ("<<EOF\n  EOF\n", ""), ("<<-EOF\n  a\n    b\n  EOF\n", "a\n  b\n"),
        ("<<-EOF\n a\n   EOF\n", " a\n"), ("<<EOF\r\na\r\nEOF\r\n", "a\r\n"), ("<<EOF\na EOF\nEOF", "a EOF\n"),
    ],
)  # fmt: skip
def test_values(text: str, value: object) -> None:
    assert attribute(text) == value


def test_places_order_and_repetitions_are_kept() -> None:
    body = parse('# first\n/* two\nlines */ a = 1 // behind\n  a "b" "c" {\n    d = [2]\n}\n"e f" = 3')
    first, block, last = body.items
    assert first == Attribute("a", Scalar(1, Position(3, 14)), Position(3, 10))
    assert isinstance(block, Block)
    assert (block.name, block.labels, block.position) == ("a", ("b", "c"), Position(4, 3))
    assert block.body.items[0] == Attribute(
        "d", Sequence((Scalar(2, Position(5, 10)),), Position(5, 9)), Position(5, 5)
    )
    assert last == Attribute("e f", Scalar(3, Position(7, 9)), Position(7, 1))


def test_json_gives_the_same_types_with_places() -> None:
    body = parse('{\n  "a": {"b": [1, 2.5, null, true, "\\ud83d\\ude00\\ud800"]}\n}')
    assert plain(body) == [("a", [("b", [1, 2.5, None, True, "😀\ufffd"])])]
    assert body.items[0].position == Position(2, 3)


@pytest.mark.parametrize(
    "text",
    [
        'listener "tcp" { x = 1 }',
        "listener = { tcp = { x = 1 } }",
        "listener = [{ tcp = { x = 1 } }]",
        "listener { tcp { x = 1 } }",
        '{"listener": {"tcp": {"x": 1}}}',
        '{"listener": [{"tcp": [{"x": 1}]}]}',
    ],
)
def test_blocks_are_found_however_they_are_written(text: str) -> None:
    (block,) = parse(text).blocks("listener", labels=1)
    assert (block.name, block.labels, plain(block.body)) == ("listener", ("tcp",), [("x", 1)])


@pytest.mark.parametrize("text", ["a = 1", 'a "b" "c" {}', "a = [1]", 'a "b" = 1', "a { b = 1 }"])
def test_what_is_no_such_block_is_refused(text: str) -> None:
    with pytest.raises(HclError):
        list(parse(text).blocks("a", labels=1))


REFUSED: tuple[tuple[str, str], ...] = (
    ("[]", "At 1:1: expected: IDENT | STRING | ASSIGN | LBRACE got: LBRACK"),
    ('path "a"', "At 1:9: key 'path \"a\"' expected start of object ('{') or assignment ('=')"),
    ('path "a" {', "At 1:12: object expected closing RBRACE got: EOF"),
    ('path "a" { capabilities', "At 1:25: key 'capabilities' expected start of object ('{') or assignment ('=')"),
    ('path "a" { capabilities =', "At 1:27: object expected closing RBRACE got: EOF"),
    ('path "a" { capabilities = [', "At 1:28: unexpected token while parsing list: EOF"),
    ('a = ["read" "list"]', "At 1:13: error parsing list, expected comma or list end, got: STRING"),
    ("x y", "At 1:5: key 'x y' expected start of object ('{') or assignment ('=')"),
    ('"', "At 1:2: literal not terminated"),
    ('path "a\\q" {}', "At 1:9: illegal char escape"),
    ("=", "At 1:1: no object keys found!"),
    ("}", "At 1:1: expected: IDENT | STRING | ASSIGN | LBRACE got: RBRACE"),
    ("a = b", "At 1:5: Unknown token: 1:5 IDENT b"),
    ("a = <<EOF\nxx", "At 2:3: heredoc not terminated"),
    ("a = -", "At 1:5: Unknown token: 1:5 SUB -"),
    ("\x00", "At 1:1: unexpected null character (0x00)"),
    ("/", "At 1:1: expected '/' for comment"),
    ("/*", "At 1:3: comment not terminated"),
    ("a = {b=1} {c=2}", "At 1:11: expected: IDENT | STRING got: LBRACE"),
    ('path "a" = 5', "At 1:10: nested object expected: LBRACE got: ASSIGN"),
)
"""The text, and OpenBao 2.7.2's words for it (observed on ``sys/policies/acl``)."""


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_refuses_with_the_words_of_openbao(text: str, message: str) -> None:
    with pytest.raises(HclError) as caught:
        parse(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "text",
    [
        "a = 0x", "a = 08", "a = 1e", "a = 1e999", "a = 9223372036854775808", "a = 0x" + "f" * 17, "a = " + "9" * 5000,
        'a = "\\ud800"', 'a = "\\U00110000"', 'a = "${"', "a = <<EOF x\nEOF", "a = @", 'a = "\x00"', "a = <<E\n\x00\nE",
        "{", '{"a"', '{"a":1', '{"a":1,}', '{"a":tru}', '{"a":1}x', '{"a":1}}', '{"a":"\\q"}', '{"a":1e999}', '{a:1}',
        "a = " + "[" * (MAX_DEPTH + 1), "a {" * (MAX_DEPTH + 2), '{"a":' * (MAX_DEPTH + 2), '{"a":' + "9" * 500 + "}",
        "#" * (MAX_TEXT_CHARACTERS + 1),
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(HclError):
        parse(text)


@given(st.text() | st.text('{}[]=,"\\$#/*<EOF-\n 0x1.9e_abtrue:', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        body = parse(text)
    except HclError as error:
        assert error.line >= 1
        assert error.column >= 1
    else:
        assert isinstance(body, Body)


def _quoted(text: str) -> str:
    return '"' + "".join(f"\\U{ord(character):08x}" for character in text) + '"'


SCALARS = (
    st.integers(-(2**63), 2**63 - 1)
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner), max_size=3).map(
            tuple
        )
    ),
    max_leaves=10,
)


def _written(value: Any) -> str:
    """A value as HCL; objects are tuples of pairs."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, tuple):
        return "{\n" + "".join(f"{_quoted(name)} = {_written(inner)}\n" for name, inner in value) + "}"
    return repr(value)


def _expected(value: Any) -> Any:
    if isinstance(value, list):
        return [_expected(inner) for inner in value]
    if isinstance(value, tuple):
        return [(name, _expected(inner)) for name, inner in value]
    return value


@given(VALUES)
def test_written_values_read_the_same(value: Any) -> None:
    assert attribute(_written(value)) == _expected(value)


DOCUMENTS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=6),
)


@given(DOCUMENTS)
def test_json_documents_read_the_same(document: dict[str, Any]) -> None:
    assert plain(parse(json.dumps(document, indent=1))) == list(document.items())


MANY = 200_000
HEREDOCS = {
    "a long anchor": f"a = <<{'E' * MANY}\nx\n",
    "an anchor that never stands alone": "a = <<E\n" + "E E\n" * MANY,
    "an anchor many times in a line": "a = <<E\n" + "E " * MANY,
    "blanks before it": "a = <<E\n" + "  \t" * MANY + "\nx",
    "lines of blanks": "a = <<E\n" + " \n" * MANY,
}


@pytest.mark.parametrize("name", HEREDOCS)
def test_heredocs_that_never_end_are_read_once(name: str) -> None:
    with processor_seconds_below(1):
        with pytest.raises(HclError, match="heredoc not terminated"):
            parse(HEREDOCS[name])


@given(st.lists(st.sampled_from(["E", "EO", "EOF", "\n", "\r\n", "\r", " ", "\t", "x", "\nEOF"]), max_size=9))
def test_a_heredoc_ends_at_the_first_line_that_is_its_anchor(parts: list[str]) -> None:
    body = "".join(parts)
    end = re.search(r"^[ \t]*EOF\r?$", body, re.MULTILINE)
    try:
        document = parse(f"a = <<EOF\n{body}")
    except HclError as error:
        assert end is None or "heredoc not terminated" not in str(error)
        return
    assert end is not None
    assert plain(document)[0] == ("a", body[: end.start()])
