"""Switches: tests of settings by which an operator, a user or a developer turns checks off, ``if options.insecure:``.

What a program does only then is that person's decision, and no finding; it is a use whose text says so. The setting's
default must leave the checks on as far as the program tells: a test that a constant decides is no switch, nor is one
that a default makes hold. CodeQL's queries for Go leave out the same, by the names of flags (``go/disabled-certificate-
check``, ``go/insecure-tls``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from engines.cbom.source.evaluation.evidence.secrets import words_of
from engines.cbom.source.program import Binary, Call, Const, Expression, Index, Member, Mentioned, Name, Typed, Unary
from engines.cbom.source.values import UNKNOWN, Instance, Known, Table, Unknown, Value, Values

NOT_CHOSEN: frozenset[str] = frozenset()
"""What no switch turns off."""

_CHECKS = frozenset({"disabled-certificate-check", "unverified-signature"})
_PROTOCOL = frozenset({"weak-protocol"})

_OFF = frozenset(
    {"insecure", "insecurely", "unsafe", "unverified", "unchecked", "untrusted", "selfsigned", "noverify", "nocheck"}
    | {"skipverify", "novalidate", "nossl", "notls"}
)
"""Words of which one says that the setting turns checks off."""

_NEGATIONS = frozenset(
    {"skip", "no", "not", "ignore", "ignored", "disable", "disabled", "without", "dont", "bypass", "allow", "allowed"}
    | {"accept", "trust", "tolerate", "permit", "suppress", "omit", "broken"}
)
_NEGATED = frozenset(
    {"verify", "verification", "validate", "validation", "check", "checks", "checking", "cert", "certs", "certificate"}
    | {"certificates", "ssl", "tls", "https", "invalid", "unauthorized", "hostname", "hostnames", "all", "any"}
)
"""Words that say the same beside one of ``_NEGATIONS``: ``accept_invalid_certs``, ``no-check-certificate``."""

_SELF_SIGNED = frozenset({"self", "signed"})
_ON = frozenset({"verify", "verification", "validate", "validation", "strict", "secure", "check", "checks"})
"""Words of settings that leave checks on: ``strictSSL``; so do the two of ``_REJECTING`` together, and one of
``_REQUIRING`` beside one of ``_CERTIFICATES``: ``require_certificate``, ``cert_reqs``."""

_REJECTING = frozenset({"reject", "unauthorized"})
_REQUIRING = frozenset({"require", "required", "requires", "reqs"})
_CERTIFICATES = frozenset({"cert", "certs", "certificate", "certificates"})

_DEVELOPERS = frozenset(
    {"dev", "devel", "devmode", "development", "developer", "debug", "localhost", "testing", "testonly"}
)
"""Words of settings with which no program runs that others use."""

_CHECKED = frozenset({"cert", "certs", "certificate", "verify", "verification"})
_NONE, _ALL = frozenset({"none"}), frozenset({"required"})
"""Words of constants that a setting of such a name is compared with: ``cert_reqs == ssl.CERT_NONE``."""

_MODE = "mode"
"""The word, beside one of ``_PROTOCOLS``, of settings that choose among degrees of checks: ``config.SSLMode == 2``."""

_TESTS = frozenset({"testing", "testonly"})
_CONSTANTS = frozenset({"constants"})
"""What a switch of tests chooses besides: every constant that it gives to a variable."""

_OLD = frozenset({"legacy", "obsolete", "compat", "compatibility", "deprecated", "outdated"})
_ENABLING = frozenset({"enable", "allow", "support", "permit"})
_PROTOCOLS = frozenset({"ssl", "sslv", "tls", "tlsv"})
_VERSION = re.compile(r"(?:tls|ssl)[ _-]?v?(?:[13]|1[01])|(?:(?:tls|ssl)[ _-]?)?v?[123][._][012x]", re.IGNORECASE)
"""How a setting's value names a version: ``"1.0"``, ``"TLSv1"``."""

_NO = frozenset({"", "false", "no", "off", "0", "none", "never", "disable", "disabled"})
_SAYING_NO = frozenset({"none", "off", "never", "disable", "disabled", "ignore", "insecure", "skip"})
"""Values of settings that turn a check off whatever the setting is called: ``known_hosts == "none"``."""

_EQUAL = {"==": True, "!=": False}
_FLAGS = (True, False, "none", "NONE")
_MAX_PARTS = 16
_MAX_DEPTH = 16
"""The most calls in a chain that are asked for the setting's name."""

_MAX_LENGTH = 80

_SIGNS = (
    b"verif",
    b"secure",
    b"unauthorized",
    b"certs",
    b"certif",
    b"_cert",
    b"ssl",
    b"tls",
    b"jwt",
    b"unsafe",
    b"testonly",
)
"""What a file has that turns checks of certificates or tokens off, or allows old versions of TLS, in small letters."""


def may_switch(content: bytes) -> bool:
    """Whether a file may have settings that turn checks off."""
    small = content.lower()
    return any(sign in small for sign in _SIGNS)


@dataclass(frozen=True, slots=True)
class Switch:
    """Findings that a test turns off where it holds, and the parts of it that tell a setting, with its values then."""

    findings: frozenset[str]
    settings: tuple[tuple[Expression, bool], ...]


@lru_cache(4096)
def switch_of(test: Expression, *, holds: bool) -> Switch | None:
    """What a test that holds, or doesn't, turns off, by the words in it; None if that is nothing."""
    findings: frozenset[str] | None = None
    settings: list[tuple[Expression, bool]] = []
    for part, wanted, all_needed in _parts(test, holds=holds):
        if isinstance(part, Const):
            continue
        found = _turned_off(part, on=wanted)
        if found:
            settings.append((part, wanted))
        if all_needed:
            findings = found if findings is None else findings & found
        elif found:
            findings = found | (findings or NOT_CHOSEN)
    return Switch(findings, tuple(settings)) if findings else None


def chosen_by(evaluator: Any, test: Expression, *, holds: bool) -> frozenset[str]:
    """The findings that a person has chosen with a setting where ``test``, which isn't known, holds or doesn't."""
    switch = switch_of(test, holds=holds)
    if switch is None or any(_is_default(evaluator, part, wanted=wanted) for part, wanted in switch.settings):
        return NOT_CHOSEN
    return switch.findings


def unless_flag(values: Values, chosen: frozenset[str]) -> Values:
    """The value that a setting chooses: of a flag that turns a check on or off, or a version, nothing is known then."""
    if any(map(_is_flag, values)) or (chosen >= _CONSTANTS and any(type(value) is Known for value in values)):
        return UNKNOWN
    return tuple([_without_flags(value) if type(value) is Table else value for value in values])


def _without_flags(options: Table) -> Table:
    """Options without what flags among them say."""
    entries = {name: UNKNOWN if any(map(_is_flag, each)) else each for name, each in options.entries.items()}
    return Table(entries, open=options.open)


def inherited(chosen: frozenset[str], name: str) -> frozenset[str]:
    """What holds in a function that is called where a person chose it: its name must say so."""
    return chosen if chosen and says_off(name) else NOT_CHOSEN


def says_off(name: str) -> bool:
    """Whether a function's name says that it turns checks off: ``insecureConfig()``."""
    return not _OFF.isdisjoint(_words_of(name))


def _is_flag(value: Value) -> bool:
    content = value.value if type(value) is Known else None
    return content in _FLAGS or (isinstance(content, str) and content.startswith(("TLSv", "SSLv")))


def is_chosen(evaluator: Any, target: Expression) -> bool:
    """Whether a variable, or a field of an object of the program's, gets its value by a switch."""
    if not evaluator.chosen or type(target) is Name:
        return bool(evaluator.chosen)
    return type(target) is Member and any(type(value) is Instance for value in evaluator.evaluate(target.base))


def _is_default(evaluator: Any, part: Expression, *, wanted: bool) -> bool:
    """Whether a part of a test is as ``wanted`` by the constants that are all that the program has for it."""
    sides = (part.left, part.right) if isinstance(part, Binary) else (part,)
    if any(not isinstance(side, Name | Member | Const) for side in sides):
        return False
    values = evaluator.evaluate(part)
    if evaluator.open_names and isinstance(part, Member) and any(type(value) is Unknown for value in values):
        return False  # A field of C's memory, which is zero at first.
    return any(type(value) is Known and bool(value.value) is wanted for value in values)


def _parts(test: Expression, *, holds: bool) -> Iterator[tuple[Expression, bool, bool]]:
    """The parts of a test, whether each must hold, and whether any of them is enough, so that all must be switches."""
    waiting = [(test, holds, False)]
    for _ in range(_MAX_PARTS):
        if not waiting:
            return
        part, wanted, either = waiting.pop()
        if isinstance(part, Typed | Mentioned) and part.value is not None:
            waiting.append((part.value, wanted, either))
        elif isinstance(part, Unary) and part.operator == "not":
            waiting.append((part.operand, not wanted, either))
        elif isinstance(part, Binary) and part.operator in ("and", "or"):
            both = either or (part.operator == "or") is wanted
            waiting += [(part.right, wanted, both), (part.left, wanted, both)]
        else:
            yield part, wanted, either


def _turned_off(part: Expression, *, on: bool) -> frozenset[str]:
    """The findings that a setting turns off if it is ``on``: a name, a call that asks for it, or a comparison."""
    texts: list[str] = []
    if isinstance(part, Binary) and part.operator == "&":  # A bit of a number of flags.
        return _told_off(_words([*_names_in(part.left), *_names_in(part.right)]), on=on)
    if isinstance(part, Binary):
        equal = _EQUAL.get(part.operator)
        if equal is None:
            return NOT_CHOSEN
        value = part.right if isinstance(part.right, Const) else part.left
        other = part.left if value is part.right else part.right
        on = on is equal
        if isinstance(value, Const) and (value.value is None or value.value in ("", b"")):
            return NOT_CHOSEN if on else _told_off(_words([*_names_in(other)]), on=True)  # It is set, or it isn't.
        modes = _words([*_names_in(part.left), *_names_in(part.right)])
        if on and _MODE in modes and not _PROTOCOLS.isdisjoint(modes):
            return _CHECKS
        if not (modes.isdisjoint(_CHECKED) or modes.isdisjoint(_NONE if on else _ALL)):
            return _CHECKS
        if not isinstance(value, Const):
            return NOT_CHOSEN
        if on and isinstance(value.value, str) and value.value.lower() in _SAYING_NO:
            return _CHECKS
        if str(value.value).lower() in _NO:
            on = not on
        elif isinstance(value.value, str):
            if on and _VERSION.fullmatch(value.value):
                return _PROTOCOL
            texts.append(value.value)
        part = other
    return _told_off(_words([*texts, *_names_in(part)]), on=on)


def _told_off(words: frozenset[str], *, on: bool) -> frozenset[str]:
    off = (
        not _OFF.isdisjoint(words)
        or not (_NEGATIONS.isdisjoint(words) or _NEGATED.isdisjoint(words))
        or words >= _SELF_SIGNED
    )
    if on and off:
        return _CHECKS | _PROTOCOL
    if on and not _DEVELOPERS.isdisjoint(words):
        return _CHECKS if _TESTS.isdisjoint(words) else _CHECKS | _CONSTANTS
    if on and (not _OLD.isdisjoint(words) or not (_ENABLING.isdisjoint(words) or _PROTOCOLS.isdisjoint(words))):
        return _PROTOCOL
    checked = not _ON.isdisjoint(words) or words >= _REJECTING
    required = not (_REQUIRING.isdisjoint(words) or _CERTIFICATES.isdisjoint(words))
    return _CHECKS if not on and not off and (checked or required) else NOT_CHOSEN


def _names_in(part: Expression, depth: int = 0) -> Iterator[str]:
    """The names and texts that tell which setting a part of a test reads: the last two of a member."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(part, Call):
        yield from _names_in(part.callee, depth + 1)
        for each in part.args[:2]:
            if isinstance(each, Const | Name):
                yield str(each.value) if isinstance(each, Const) else each.name
    elif isinstance(part, Index):
        if isinstance(part.key, Const | Name):
            yield str(part.key.value) if isinstance(part.key, Const) else part.key.name
    elif isinstance(part, Member):
        yield part.name
        if isinstance(part.base, Name | Member):
            yield part.base.name
        elif isinstance(part.base, Call | Index):
            yield from _names_in(part.base, depth + 1)
    elif isinstance(part, Name):
        yield part.name


def _words(names: list[str]) -> frozenset[str]:
    return _words_of(names[0]) if len(names) == 1 else NOT_CHOSEN.union(*map(_words_of, names))


@lru_cache(8192)
def _words_of(name: str) -> frozenset[str]:
    return frozenset(words_of(name)) if len(name) <= _MAX_LENGTH else NOT_CHOSEN
