"""Checks for weaknesses of a sighting. Each needs certain facts, and runs if the call states one of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engines.cbom.source.evaluation.lifetimes.parameters import DECRYPTING
from engines.cbom.source.judging.limits import limits
from engines.cbom.source.judging.subject import Subject, number_of
from engines.cbom.source.values import (
    CLOCK,
    WEAK_RANDOM,
    Data,
    Known,
    Partial,
    Value,
    Values,
    constants,
    is_blank,
    is_static,
)

_UNAUTHENTICATED = frozenset({"CBC", "CFB", "OFB", "CTR", "PCBC", "CTS", "OpenPGP", "IGE"})
_DECIDED_ELSEWHERE = frozenset({"key", "offered"})
"""The operations of a call that makes or reads a key, whose mode is judged where it encrypts, and of one that is one of
several by which a function offers modes to its callers."""

_PUBLIC_KEYS = frozenset({b"AWS4", b"Bitcoin seed", b"ed25519 seed", b"Nist256p1 seed"})
"""What standards have as a key, or as its beginning before one that isn't known here: Signature Version 4 of AWS, BIP
32 and SLIP 10."""

_EMPTY = re.compile(rb"-----BEGIN [A-Z ]{1,40}-----[\s.]{0,40}-----END")
"""A key in PEM without its content, to be filled in before the code runs."""

_NOISE = "Noise_"
"""How the name of a protocol begins from which Noise's first key follows, before any other (revision 34, 5.2)."""

_WITHOUT_NONCE = frozenset({"ECB", "KW", "KWP"})
"""Modes without a nonce: key wrapping begins with a constant of its standard (RFC 3394, section 2.2.3)."""

_SIZES = frozenset({"key_bits", "key_bytes"})
_OFF = (False, 0, "none", "NONE", "None")
_CHOICE = "choice"
"""The operation of a call that gives one of several ciphers to a caller, who may authenticate what they encrypt."""

_BROKEN = frozenset({"MD2", "MD4", "MD5"})
"""Hashes that are weak in HMAC too, and in what is made of it."""

_KEYED = frozenset({"PBKDF2", "HKDF"})
"""Key derivations made of HMAC."""

_HASH_BASED = frozenset({"signature", "mac", "certificate"})


@dataclass(frozen=True, slots=True)
class Weakness:
    """A finding, and what fills the gaps of its text."""

    finding: str
    words: Mapping[str, Any]
    algorithm: str = ""
    """The hash that it is about, if that is a part of the use: that of a signature."""

    chosen: str = ""
    """What a use says of a check that a setting turns off."""


Found = Iterator[Weakness]
Check = Callable[[Subject | None, str, Mapping[str, Values]], Found]


def _algorithm(subject: Subject | None, primitive: str, _facts: Mapping[str, Values]) -> Found:
    if subject is None:
        return
    if subject.algorithm.weak:
        yield Weakness(subject.algorithm.weak, {"source": subject.algorithm.source})
    hashed = subject.hash
    if hashed is not None and hashed.weak and primitive in _HASH_BASED:
        if primitive != "mac" or hashed.name in _BROKEN:
            apart = "" if primitive == "mac" else hashed.name
            yield Weakness(hashed.weak, {"source": hashed.source, "subject": hashed.name}, apart)
    if hashed is not None and hashed.name in _BROKEN and subject.algorithm.standard in _KEYED:
        yield Weakness(hashed.weak, {"source": hashed.source, "subject": hashed.name}, hashed.name)
    if subject.algorithm.quantum:
        yield Weakness("quantum-vulnerable", {})


def _mode(subject: Subject | None, _primitive: str, facts: Mapping[str, Values]) -> Found:
    if subject is None or not subject.algorithm.block or not _DECIDED_ELSEWHERE.isdisjoint(_operations(facts)):
        return
    if subject.mode == "ECB":
        yield Weakness("ecb-mode", {})
    elif subject.mode in _UNAUTHENTICATED and _CHOICE not in _operations(facts):
        yield Weakness("unauthenticated-mode", {"mode": subject.mode})


def _operations(facts: Mapping[str, Values]) -> list[Any]:
    return constants(facts.get("operation", ()))


def _padding(subject: Subject | None, primitive: str, _facts: Mapping[str, Values]) -> Found:
    if subject is None or primitive != "cipher" or subject.algorithm.standard != "RSA":
        return
    if subject.padding in ("PKCS1v1.5", "NoPadding"):
        yield Weakness("weak-padding", {"padding": subject.padding})


def _size(subject: Subject | None, primitive: str, facts: Mapping[str, Values]) -> Found:
    if primitive == "mac" and any(is_static(value) for value in facts.get("key", ())):
        return  # A key that stands in the source isn't better for being long.
    if subject is not None and subject.algorithm.name == "AES" and facts.keys().isdisjoint(_SIZES):
        return  # AES takes no other keys than 128 bits and more: what is shorter is padded.
    if subject is not None and subject.key_bits and not subject.algorithm.bits:
        yield from _below(subject, "key_bits", subject.key_bits)


def _work(subject: Subject | None, _primitive: str, facts: Mapping[str, Values]) -> Found:
    for word in ("iterations", "cost"):
        # Beside others, zero is what a function gives that fails to tell them.
        several = len(facts.get(word, ())) > 1
        numbers = [number for each in constants(facts.get(word, ())) if (number := number_of(each)) is not None]
        numbers = [number for number in numbers if number or not several]
        if subject is not None and numbers:
            yield from _below(subject, word, min(numbers))


def _below(subject: Subject, of: str, number: int) -> Found:
    for limit in limits():
        if limit.of == of and subject.algorithm.standard in limit.families and number < limit.minimum:
            yield Weakness(limit.finding, {"bits": number, "minimum": limit.minimum, "source": limit.source})


def _key(_subject: Subject | None, primitive: str, facts: Mapping[str, Values]) -> Found:
    for word in ("key", "password"):
        values = facts.get(word, ())
        # A MAC with a key of zeros is HKDF's without a salt; beside others, zeros are what a variable has at first.
        blank_is_none = primitive == "mac" or len(values) > 1
        keys = [value for value in values if _stands(value) and not (blank_is_none and is_blank(value))]
        if any(not _is_public(value) for value in keys) and not any(_names_noise(value) for value in keys):
            yield Weakness("hardcoded-key", {})
        yield from _weak_random(values)
        if (
            word == "key"
            and primitive not in ("kdf", "cipher")
            and values
            and all(type(value) is Known and value.value is False for value in values)
        ):
            yield Weakness("unverified-signature", {})  # A token that is accepted without a key.


def _stands(value: Value) -> bool:
    """Whether a key, nonce or salt stands in the program. The number 0 is C's pointer to none."""
    return is_static(value) and not (type(value) is Known and type(value.value) is int and value.value == 0)


def _fillings(values: Values) -> Values:
    """The values without a text that is the frame of another one: what fills that may be empty at first."""
    frames = {f"{value.beginning}{value.end}" for value in values if type(value) is Partial}
    return tuple(value for value in values if not (frames and _text_of(value) in frames)) if frames else values


def _text_of(value: Value) -> str | None:
    content = value.value if type(value) is Known else None
    if isinstance(content, bytes):
        return content.decode("utf-8", "replace")
    return content if isinstance(content, str) else None


def _names_noise(value: Value) -> bool:
    return (_text_of(value) or "").startswith(_NOISE)


def _is_public(value: Value) -> bool:
    content = (_text_of(value) or "").encode()
    told = content in _PUBLIC_KEYS or b"PUBLIC KEY" in content or b"BEGIN CERTIFICATE" in content
    return told or (b"-----BEGIN" in content and _EMPTY.search(content) is not None)


def _iv(subject: Subject | None, _primitive: str, facts: Mapping[str, Values]) -> Found:
    values = _fillings(facts.get("iv", ()))
    if subject is not None and subject.mode in _WITHOUT_NONCE:
        return
    if any(_stands(value) for value in values) and not _decrypts(facts):
        yield Weakness("static-iv", {})
    yield from _weak_random(values)


def _decrypts(facts: Mapping[str, Values]) -> bool:
    return constants(facts.get("direction", ())) in DECRYPTING


def _salt(_subject: Subject | None, _primitive: str, facts: Mapping[str, Values]) -> Found:
    values = _fillings(facts.get("salt", ()))
    # Beside a buffer, the empty text is what a function gives that fails to fill that.
    empty = constants(values) in ([b""], [""]) and not any(type(value) is Data for value in values)
    if empty or any(_stands(value) for value in values):
        yield Weakness("static-salt", {})
    yield from _weak_random(values)


def _seed(_subject: Subject | None, _primitive: str, facts: Mapping[str, Values]) -> Found:
    if any(is_static(value) or (type(value) is Data and value.origin == CLOCK) for value in facts.get("seed", ())):
        yield Weakness("static-seed", {})


def _weak_random(values: Values) -> Found:
    """Data of a weak generator that isn't known: one that is, is told where it makes them."""
    if any(type(value) is Data and value.origin == WEAK_RANDOM and value.made is None for value in values):
        yield Weakness("weak-random", {})


def _verify(_subject: Subject | None, _primitive: str, facts: Mapping[str, Values]) -> Found:
    for word, finding in (
        ("verify", "disabled-certificate-check"),
        ("verify_host", "disabled-certificate-check"),
        ("verify_signature", "unverified-signature"),
    ):
        switches = [value for value in constants(facts.get(word, ())) if value is not None]
        # Beside "on", which it may be too, "off" is what a caller or a setting asks for.
        if switches and all(value in _OFF for value in switches):
            yield Weakness(finding, {})
    if any(each is False for each in constants(facts.get("callback", ()))):
        yield Weakness("disabled-certificate-check", {})


CHECKS: tuple[tuple[frozenset[str], Check], ...] = (
    (frozenset({"algorithm", "hash", "suites"}), _algorithm),
    (frozenset({"algorithm", "mode"}), _mode),
    (frozenset({"algorithm", "padding"}), _padding),
    (frozenset({"algorithm", "key_bits", "key_bytes", "key", "curve"}), _size),
    (frozenset({"iterations", "cost"}), _work),
    (frozenset({"key", "password"}), _key),
    (frozenset({"iv"}), _iv),
    (frozenset({"salt"}), _salt),
    (frozenset({"seed"}), _seed),
    (frozenset({"verify", "verify_host", "verify_signature", "callback"}), _verify),
)
"""Each check with the facts that it looks at."""
