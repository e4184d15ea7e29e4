"""Subject of a sighting: algorithm, mode, padding, size and curve, for each path through the program."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engines.cbom.source.judging.limits import curve_bits
from engines.cbom.source.judging.names import MAX_NAME, Algorithm, Reading, algorithm_named, read_name
from engines.cbom.source.judging.suites import weak_algorithms
from engines.cbom.source.program import Constant
from engines.cbom.source.values import Known, Partial, Value, Values, constants, size_of

_MAX_SUBJECTS = 8
_MAX_DIGITS = 6
_OF_MODULI = frozenset({"RSA", "DSA", "DH", "ElGamal"})
_LEAST_MODULUS = 512
_LARGEST_CURVE = 640
"""Sizes of keys in bits: the smallest of a modulus that libraries make, and one above those of all curves."""

_UNFINISHED = re.compile(r"(?:sha|^des)-?$", re.IGNORECASE)
"""The beginning of the name of a hash (``RSA-SHA${bits}``), or of that of another cipher (``DESede``)."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One algorithm with what is known of its use."""

    algorithm: Algorithm
    hash: Algorithm | None = None
    mode: str = ""
    padding: str = ""
    key_bits: int = 0
    curve: str = ""

    @property
    def is_hash(self) -> bool:
        """Whether only the hash is known of what may be a signature."""
        return self.algorithm.primitive == "hash"

    @property
    def name(self) -> str:
        """The standard's name."""
        if self.algorithm.name == "HMAC" and self.hash is not None:
            return f"HMAC-{self.hash.name}"
        return self.algorithm.standard


def subjects(facts: Mapping[str, Values]) -> list[Subject]:
    """The subjects that the facts tell of, none where the algorithm isn't known."""
    found = []
    names = [*_listed(constants(facts.get("algorithm", ())))]
    for name in names:
        reading = read_name(name)
        if reading is not None and reading.algorithm is not None:
            found.extend(_variants(reading, reading.algorithm, _of_one(reading.algorithm, facts, len(names))))
            found.extend(Subject(cipher) for cipher in reading.ciphers)
    for value in facts.get("algorithm", ()):
        if type(value) is Partial:
            found.extend(_of_part(value, facts))
    for text in constants(facts.get("suites", ())):
        listed = text.decode("latin-1") if isinstance(text, bytes) else text
        allowed = map(algorithm_named, weak_algorithms(listed) if isinstance(listed, str) else ())
        found.extend(Subject(algorithm) for algorithm in allowed if algorithm is not None)
    return found[:_MAX_SUBJECTS]


def _of_one(algorithm: Algorithm, facts: Mapping[str, Values], algorithms: int) -> Mapping[str, Values]:
    """The facts of one of several algorithms that an object may have: without sizes that only another one has."""
    sizes = facts.get("key_bits", ())
    if algorithms < 2 or len(sizes) < 2:
        return facts
    fitting = tuple(value for value in sizes if _fits(algorithm, value))
    return {**facts, "key_bits": fitting or sizes}


def _fits(algorithm: Algorithm, size: Value) -> bool:
    """Whether an algorithm may have keys of this size: RSA, DSA and DH have no small ones, curves no large ones."""
    bits = number_of(size.value) if isinstance(size, Known) else None
    if bits is None or not algorithm.quantum:
        return True
    return bits >= _LEAST_MODULUS if algorithm.standard in _OF_MODULI else bits <= _LARGEST_CURVE


def _of_part(text: Partial, facts: Mapping[str, Values]) -> Iterator[Subject]:
    """The cipher or signature that the known parts of a name tell; what they don't tell, the other part may.

    Of ``SHA1with...`` it is the hash.
    """
    reading = read_name(_UNFINISHED.sub("", text.beginning) + text.end)
    if reading is None or reading.algorithm is None:
        return
    if reading.algorithm.primitive != "hash":
        yield from _variants(reading, reading.algorithm, {**facts, "mode": (), "padding": (), "hash": ()})
    elif text.beginning.lower().endswith("with"):
        yield Subject(reading.algorithm)


def _listed(texts: list[Constant]) -> Iterator[str]:
    """Each text, or its parts where it lists several: ``TLSv1.2,TLSv1.3``."""
    for text in texts:
        if isinstance(text, str):
            yield from text.split(",") if "," in text and len(text) <= MAX_NAME else (text,)


def _variants(reading: Reading, algorithm: Algorithm, facts: Mapping[str, Values]) -> list[Subject]:
    base = Subject(
        algorithm,
        reading.hash or (algorithm if algorithm.primitive == "hash" else _hash(facts)),
        reading.mode,
        reading.padding or algorithm.padding,
        reading.key_bits or algorithm.bits or _bits(facts, encoded=algorithm.quantum),
        reading.curve,
    )
    modes = [reading.mode] if reading.mode else _names(facts, "mode") if algorithm.block else [""]
    paddings = [base.padding] if base.padding else _names(facts, "padding")
    curves = [reading.curve] if reading.curve else _names(facts, "curve")
    if algorithm.standard in _OF_MODULI:
        curves = [""]  # What the object may be has one.
    return [
        _with_curve_bits(replace(base, mode=mode, padding=padding, curve=curve))
        for mode in modes
        for padding in paddings
        for curve in curves
    ]


def _with_curve_bits(subject: Subject) -> Subject:
    return replace(subject, key_bits=curve_bits(subject.curve)) if subject.curve else subject


def _names(facts: Mapping[str, Values], word: str) -> list[str]:
    """The modes, paddings or curves that a fact tells, by their standard names."""
    found = []
    for text in constants(facts.get(word, ())):
        if isinstance(text, str) and text:
            reading = read_name(text)
            name = "" if reading is None else getattr(reading, word)
            found.append(name or text)
    return found or [""]


def _hash(facts: Mapping[str, Values]) -> Algorithm | None:
    for text in constants(facts.get("hash", ())):
        reading = read_name(text) if isinstance(text, str) else None
        if reading is not None and reading.algorithm is not None:
            return reading.algorithm if reading.algorithm.primitive == "hash" else reading.hash
    return None


def _bits(facts: Mapping[str, Values], *, encoded: bool) -> int:
    """The key's size: the least that is possible. A key that is ``encoded`` with other things has another length."""
    sizes: list[Any] = [size for each in constants(facts.get("key_bits", ())) if (size := number_of(each)) is not None]
    sizes += [size * 8 for size in constants(facts.get("key_bytes", ())) if isinstance(size, int)]
    if not sizes and not encoded:
        lengths = [
            size_of(value)
            for value in facts.get("key", ())
            if type(value) is not Known or isinstance(value.value, bytes)
        ]
        sizes = [length * 8 for length in lengths if length]
    return min(sizes) if sizes else 0


def number_of(value: Constant) -> int | None:
    """A number, also one that options give as a text, or at its end: ``pbkdf2:sha256:1000``."""
    if isinstance(value, str) and len(value) <= MAX_NAME:
        value = value.rpartition(":")[2]
    if isinstance(value, str) and value.isdecimal() and len(value) <= _MAX_DIGITS:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def unnamed(primitive: str) -> Subject | None:
    """The subject of a use whose algorithm the program doesn't tell; None for primitives that need a name."""
    algorithm = algorithm_named({"protocol": "TLS"}.get(primitive, ""))
    return None if algorithm is None else Subject(algorithm)
