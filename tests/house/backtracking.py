"""Texts that are made to be slow for a regular expression, and how the time for one grows with its length.

A backtracking matcher takes more than linear time where the same characters can be taken in several ways: by a repeat
inside a repeat, by two repeats beside each other that overlap, or by a search that begins anew at each place and goes
far before it fails. Hence each text is what leads to a repeat, then many times what the repeat takes, then something
that doesn't fit; what leads there is repeated too, for the sake of searches.
"""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

_parser: Any = importlib.import_module("re._parser")  # What the compiler itself sees; it has no public name.

Runner: TypeAlias = Callable[["re.Pattern[Any]", Any], object]

FLOOR_SECONDS = 0.004
"""Less than this isn't judged: too little for a clock, and for an attacker."""

MAX_GROWTH = 3.5
"""The most that the time may grow by when a text is twice as long; linear is 2, quadratic 4."""

LENGTHS = (8, 12, 14, 16, 18, 20, 22, 24, 28, 32, 64, 128, 512, 2048)
"""How often the middle of a text is repeated. In small steps first, since what is exponential can't be stopped."""

_MAX_CHARACTERS = 2 * 1024
"""Longer texts aren't tried: what is quadratic takes more than ``FLOOR_SECONDS`` before."""

_MANY = 16
"""A repeat that may take at least so many is tried."""

_MAX_PUMPS = 40
_EXTRA_CHARACTERS = "\u0660\u00e9\u2028\U0001d7d8"


@dataclass(frozen=True)
class Text:
    """``before``, so many times ``middle``, and ``after``."""

    before: str
    middle: str
    after: str

    def make(self, count: int) -> str:
        """The text with ``count`` times the middle."""
        return self.before + self.middle * count + self.after


def _iterate(pattern: re.Pattern[Any], text: Any) -> None:
    for _ in pattern.finditer(text):
        pass


RUNNERS: dict[str, Runner] = {
    "match": re.Pattern.match,
    "fullmatch": re.Pattern.fullmatch,
    "search": _iterate,
    "finditer": _iterate,
    "findall": _iterate,
    "split": _iterate,
    "sub": _iterate,
    "subn": _iterate,
}
"""How a pattern is run as its methods run it; a search goes on behind what it finds, as its callers do."""


def slow_text(pattern: re.Pattern[Any], methods: Iterable[str]) -> str:
    """A text that ``pattern`` takes more than linear time for by one of ``methods``, described; "" for none."""
    texts = list(hostile_texts(pattern))
    for run in {RUNNERS[method] for method in methods}:
        for text in texts:
            growth = _growth(pattern, run, text)
            if growth:
                return f"{text.before!r} + {text.middle!r} * n + {text.after!r}: {growth}"
    return ""


def _growth(pattern: re.Pattern[Any], run: Runner, text: Text) -> str:
    """How the time grows, in words; "" where it is linear, or too little to judge up to the greatest length."""
    for count in LENGTHS:
        long = _encode(pattern, text.make(count))
        if len(long) > 2 * _MAX_CHARACTERS:
            break
        if _seconds(pattern, run, long) < FLOOR_SECONDS:
            continue
        # Twice over, so that the difference between linear (4) and quadratic (16) is a wide one.
        short = _encode(pattern, text.make(count // 4))
        most = min(_seconds(pattern, run, long) for _ in range(3))
        least = max(min(_seconds(pattern, run, short) for _ in range(3)), 1e-6)
        if most >= FLOOR_SECONDS and most > MAX_GROWTH**2 * least:
            return f"{most * 1000:.1f} ms for n = {count}, {least * 1000:.3f} ms for a quarter of it"
    return ""


def _encode(pattern: re.Pattern[Any], text: str) -> Any:
    return text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text


def _seconds(pattern: re.Pattern[Any], run: Runner, text: Any) -> float:
    start = time.thread_time()
    run(pattern, text)
    return time.thread_time() - start


def hostile_texts(pattern: re.Pattern[Any]) -> Iterator[Text]:
    """Texts for ``pattern``, made from what it was parsed to."""
    tree = _parser.parse(pattern.pattern, pattern.flags)
    shapes = _Shapes(pattern.flags, isinstance(pattern.pattern, bytes))
    shapes.learn(tree)
    seen: set[Text] = set()
    for text in shapes.texts(list(tree), ""):
        if text.middle and text not in seen:
            seen.add(text)
            yield text


class _Shapes:
    """The characters that a pattern tells apart, and examples of what its parts take."""

    def __init__(self, flags: int, binary: bool) -> None:
        self._flags = flags & (re.IGNORECASE | re.DOTALL | re.ASCII)
        self._binary = binary
        self._alphabet = [chr(code) for code in range(256)] + ([] if binary else list(_EXTRA_CHARACTERS))
        self._taken: dict[str, frozenset[str]] = {}
        self._groups: dict[int, Any] = {}
        self.letters: list[str] = []
        """One character of each kind that the pattern tells from the others."""

    def learn(self, tree: Any) -> None:
        """Find ``letters``."""
        self._visit(tree)
        kinds: dict[tuple[bool, ...], str] = {}
        for letter in sorted(self._alphabet, key=lambda one: (not one.isalnum(), not one.isprintable(), one)):
            kinds.setdefault(tuple(letter in taken for taken in self._taken.values()), letter)
        self.letters = list(kinds.values())

    def _visit(self, tree: Any) -> None:
        for code, argument in tree:
            name = str(code)
            if name in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
                self._characters(name, argument)
            elif name == "SUBPATTERN":
                self._groups[argument[0]] = argument[3]
            for inner in _inner(name, argument):
                self._visit(inner)

    def _characters(self, name: str, argument: Any) -> frozenset[str]:
        """Which characters of the alphabet one item of a pattern takes."""
        key = f"{name} {argument}"
        if key not in self._taken:
            compiled = self._compile_one(name, argument)
            self._taken[key] = frozenset(letter for letter in self._alphabet if compiled.fullmatch(letter))
        return self._taken[key]

    def _compile_one(self, name: str, argument: Any) -> re.Pattern[str]:
        flags = self._flags | (re.ASCII if self._binary else 0)
        if name == "LITERAL":
            return re.compile(re.escape(chr(argument)), flags)
        if name == "NOT_LITERAL":
            return re.compile(f"[^{re.escape(chr(argument))}]", flags)
        return re.compile("." if name == "ANY" else _class(argument), flags)

    def texts(self, items: list[Any], before: str) -> Iterator[Text]:
        """Texts for each repeat in ``items``, which stand behind ``before``."""
        for index, (code, argument) in enumerate(items):
            name = str(code)
            rest = items[index + 1 :]
            if name.endswith("_REPEAT"):
                _, most, body = argument
                if most >= _MANY:
                    yield from self._pumped(before, list(body), rest)
                yield from self.texts(list(body), before)
            else:
                for inner in _inner(name, argument):
                    yield from self.texts(list(inner), before)
            before += self.example([items[index]])
            yield from self._repeated(before)

    def _pumped(self, before: str, body: list[Any], rest: list[Any]) -> Iterator[Text]:
        """What ``body`` takes, many times, with everything in between that may stop a match."""
        follows = self.example(rest)
        first = self._characters_of(body)
        misfits = [letter for letter in self.letters if letter not in first][:4]
        afters = {"", "\x00", "\n", follows, follows[:-1], *misfits, *(letter + "\x00" for letter in misfits)}
        for middle in self._pumps(body, rest):
            for after in afters:
                yield Text(before, middle, after)
                if before:
                    yield Text("", before + middle, after)

    def _repeated(self, before: str) -> Iterator[Text]:
        for after in ("", "\x00", "\n"):
            yield Text("", before, after)

    def _pumps(self, body: list[Any], rest: list[Any]) -> list[str]:
        """Examples of ``body``, by each kind of character as far as it goes, and by some of two kinds."""
        single = [self.example(body, letter) for letter in self.letters]
        fuller = [self.example(body, letter, fully=True) for letter in self.letters]
        joined = self.example(body) + self.example(rest)
        pumps = dict.fromkeys([*single, *fuller, joined, *(one + two for one in single[:5] for two in single[:5])])
        return [pump for pump in pumps if pump][:_MAX_PUMPS]

    def _characters_of(self, body: list[Any]) -> frozenset[str]:
        """The characters that ``body`` begins with, if it is one item that takes a character."""
        name, argument = str(body[0][0]), body[0][1]
        single = len(body) == 1 and name in ("LITERAL", "NOT_LITERAL", "ANY", "IN")
        return self._characters(name, argument) if single else frozenset()

    def example(self, items: Iterable[Any], letter: str = "", *, fully: bool = False) -> str:
        """Something that ``items`` take, with ``letter`` where that fits; ``fully`` with all that is optional."""
        return "".join(self._example(str(code), argument, letter, fully) for code, argument in items)

    def _example(self, name: str, argument: Any, letter: str, fully: bool) -> str:
        if name in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            taken = self._characters(name, argument)
            if letter in taken:
                return letter
            if name == "LITERAL":
                return chr(argument)
            return next((one for one in self.letters if one in taken), "")
        if name.endswith("_REPEAT"):
            least, most, body = argument
            count = max(int(least), 1 if fully and most else 0)
            return self.example(body, letter, fully=fully) * count
        if name == "BRANCH":
            choices = [self.example(choice, letter, fully=fully) for choice in argument[1]]
            return next((choice for choice in choices if letter and letter in choice), choices[0])
        if name == "SUBPATTERN":
            return self.example(argument[3], letter, fully=fully)
        if name == "ATOMIC_GROUP":
            return self.example(argument, letter, fully=fully)
        if name == "GROUPREF":
            return self.example(self._groups.get(argument, ()), letter, fully=fully)
        return ""  # What takes nothing: anchors, and looks ahead and behind.


def _inner(name: str, argument: Any) -> list[Any]:
    """The sequences inside an item of a parsed pattern."""
    if name.endswith("_REPEAT"):
        return [argument[2]]
    if name == "BRANCH":
        return list(argument[1])
    if name == "SUBPATTERN":
        return [argument[3]]
    if name == "ATOMIC_GROUP":
        return [argument]
    if name in ("ASSERT", "ASSERT_NOT"):
        return [argument[1]]
    if name == "GROUPREF_EXISTS":
        return [part for part in argument[1:] if part is not None]
    return []


_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d", "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_SPACE": r"\s", "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w", "CATEGORY_NOT_WORD": r"\W",
}  # fmt: skip


def _class(items: Iterable[Any]) -> str:
    """A parsed class of characters as text again."""
    parts = []
    for code, argument in items:
        name = str(code)
        if name == "NEGATE":
            parts.append("^")
        elif name == "LITERAL":
            parts.append(re.escape(chr(argument)))
        elif name == "RANGE":
            parts.append(f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}")
        else:
            parts.append(_CATEGORIES[str(argument)])
    return f"[{''.join(parts)}]"
