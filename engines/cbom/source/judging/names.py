"""Names of algorithms in programs, parsed into facts with the standards' names.

``names.toml`` has the names that programs write, the registry's algorithms among them. A text such as
``AES/CBC/PKCS5Padding``, ``aes-128-ecb`` or ``SHA1withRSA`` is read from left to right as names, modes, paddings,
curves, numbers and connecting words; a text with anything else in it is no name.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from typing import Any

MAX_NAME = 120
"""The longest text that is read as a name."""

_OF_SIGNATURES = {"PSS": "RSASSA-PSS", "PKCS1v1.5": "RSASSA-PKCS1-v1_5"}
"""The signatures that a padding and a hash are the name of."""

_SEPARATORS = re.compile(r"[-_/. :,+()]")
_FILLERS = (
    "with",
    "and",
    "padding",
    "encryption",
    "encrypt",
    "emsa1",
    "id",
    "alg",
    "in",
    "format",
    "mode",
    "none",
    "the",
    "kem",
    "bit",
    "new",
    "client",
    "server",
    "raw",
    "plain",
    "cvc",
    "inp1363format",
    "kdf",
    "ckdf",
)


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One algorithm as the scanner names it."""

    name: str
    primitive: str
    standard: str
    """The algorithm's name in results: the family's for its schemes."""

    weak: str = ""
    """The finding of every use; "" if there is none."""

    source: str = ""
    """Where it says so."""

    block: bool = False
    bits: int = 0
    quantum: bool = False
    """Whether a quantum computer breaks it."""

    padding: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """Facts that a name tells."""

    algorithm: Algorithm | None = None
    hash: Algorithm | None = None
    mode: str = ""
    padding: str = ""
    key_bits: int = 0
    curve: str = ""
    ciphers: tuple[Algorithm, ...] = ()
    """The ciphers of a password-based encryption, whose algorithm is its key derivation."""


@dataclass(slots=True)
class _Vocabulary:
    algorithms: dict[str, Algorithm] = field(default_factory=dict)
    by_name: dict[str, Algorithm] = field(default_factory=dict)
    words: dict[str, tuple[str, Any]] = field(default_factory=dict)
    composites: dict[str, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    """The names of password hashes by the prefixes of crypt(5)."""

    longest: int = 0


def squashed(text: str) -> str:
    """``text`` without case and separators."""
    return _SEPARATORS.sub("", text).lower()


@cache
def _vocabulary() -> _Vocabulary:
    file = resources.files("engines.cbom.source.judging") / "names.toml"
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    found = _Vocabulary()
    for row in content["algorithm"]:
        spellings = row.pop("spellings", [row["name"]])
        algorithm = Algorithm(**{"standard": row["name"], **row})
        found.by_name[algorithm.name] = algorithm
        for spelling in {*map(squashed, spellings), squashed(algorithm.name)}:
            found.algorithms[spelling] = algorithm
            found.words[spelling] = ("algorithm", algorithm)
    for kind in ("modes", "paddings", "curves"):
        for name, spellings in content[kind].items():
            found.words.update({squashed(spelling): (kind, name) for spelling in spellings})
    for row in content["composite"]:
        found.composites.update(dict(zip(map(squashed, row["spellings"]), row["facts"], strict=True)))
    found.settings = content["settings"]
    found.words.update({word: ("filler", word) for word in _FILLERS})
    found.words[_MASK] = ("mask", _MASK)
    found.longest = max(map(len, found.words))
    return found


def algorithm_named(name: str) -> Algorithm | None:
    """The algorithm with this name of the table."""
    return _vocabulary().by_name.get(name)


_WRAPPING = ("KW", "KWP")
"""Modes behind which another one stands for form's sake: ``AESWrap/ECB/NoPadding``."""

_MASK = "mgf1"
"""The mask of OAEP and PSS: ``SHA256withRSAandMGF1`` is a signature with the latter."""

_XML = "http://www.w3.org/"
"""How the names of XML Signature and XML Encryption begin: ``http://www.w3.org/2001/04/xmlenc#aes128-cbc``."""


@lru_cache(maxsize=4096)
def read_name(text: str) -> Reading | None:
    """What ``text`` says as the name of an algorithm, mode, padding or curve; None if it is none."""
    if not text or len(text) > MAX_NAME:
        return None
    words = _vocabulary()
    if text[0] == "$":
        scheme = words.by_name.get(words.settings.get(text[1:].partition("$")[0], ""))
        return None if scheme is None else Reading(scheme)
    plain = squashed(text.partition("#")[2] if text.startswith(_XML) else text)
    if plain in words.composites:
        facts = words.composites[plain]
        return Reading(
            words.by_name[facts["algorithm"]],
            words.by_name.get(facts.get("hash", "")),
            facts.get("mode", ""),
            "",
            facts.get("key_bits", 0),
            facts.get("curve", ""),
            tuple(words.by_name[name] for name in (facts.get("cipher"),) if name),
        )
    return _read(plain, words)


def _read(plain: str, words: _Vocabulary) -> Reading | None:
    position = 0
    found: dict[str, Any] = {"algorithms": [], "hashes": [], "numbers": []}
    while position < len(plain):
        word = _next_word(plain, position, words)
        if not word:
            return None
        position += len(word)
        kind, value = words.words.get(word, ("number", word))
        if kind == "algorithm":
            found["hashes" if value.primitive == "hash" else "algorithms"].append(value)
        elif kind == "number":
            found["numbers"].append(int(value) if len(value) < 6 else 0)
        elif kind != "filler" and found.get(kind) not in _WRAPPING:
            found[kind] = value
    return _combined(found)


def _next_word(plain: str, position: int, words: _Vocabulary) -> str:
    """The longest word or number at ``position``; "" if there is none."""
    for length in range(min(words.longest, len(plain) - position), 0, -1):
        word = plain[position : position + length]
        if word in words.words or word.isdecimal():
            return word
    return ""


def _combined(found: dict[str, Any]) -> Reading | None:
    algorithms, hashes = found["algorithms"], found["hashes"]
    algorithm = _main(algorithms) if algorithms else (hashes[0] if hashes else None)
    padding = found.get("paddings", "")
    mode = found.get("modes", "")
    curve = found.get("curves", "")
    if algorithm is None and not (padding or mode or curve):
        return None
    hashed = hashes[0] if hashes and algorithm is not hashes[0] else None
    bits = next((number for number in found["numbers"] if 40 <= number <= 16384), 0)
    if algorithm is not None and not algorithm.block:
        mode = ""
    if algorithm is not None and hashed is not None and algorithm.name == "RSA" and not padding:
        algorithm = algorithm_named("RSASSA-PSS" if "mask" in found else "RSASSA-PKCS1-v1_5")
    if not algorithms and hashes and padding in _OF_SIGNATURES:  # Botan's "PSS(SHA-256)".
        algorithm, hashed = algorithm_named(_OF_SIGNATURES[padding]), hashes[0]
    derives = algorithm is not None and algorithm.primitive == "kdf"
    ciphers = tuple(each for each in algorithms if derives and each.primitive == "cipher")
    return Reading(algorithm, hashed, mode, padding, bits, curve, ciphers)


def _main(algorithms: list[Algorithm]) -> Algorithm:
    """Of the algorithms in one name, the one that the whole is: the KDF of a PBE, the signature of a suite."""
    for primitive in ("kdf", "mac", "signature"):
        for algorithm in algorithms:
            if algorithm.primitive == primitive:
                return algorithm
    return algorithms[0]
