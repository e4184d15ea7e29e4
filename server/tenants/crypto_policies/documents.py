"""Documents of the crypto policy: strict parsing and validation, except of expressions."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from math import inf
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from auth_methods.names import matches_glob
from engines.crypto_policy.operations import CLASS_OF, CryptoOperation, OperationClass
from engines.crypto_policy.profiles.catalogue import find_profile
from engines.crypto_policy.profiles.parameters import resolve_parameters
from engines.durations import SECOND
from engines.encoding import parse_rfc3339
from engines.faults import InvalidRequest
from engines.keys.store import NAME

MAX_DOCUMENT_BYTES = 64 * 1024
"""The longest document in bytes of JSON."""

MAX_RULES = 100
MAX_TESTS = 100
MAX_NAME_BYTES = 128
MAX_MESSAGE_CHARACTERS = 500
MAX_GLOBS = 100
MAX_DEFAULTS = 100
RESERVED = frozenset({"evaluate", "impact", "replay", "effective", "matrix"})
"""Names that no policy may have, since they are paths of the API."""

SELF, DESCENDANTS = "self", "self-and-descendants"
REWRAP = "rewrap"
"""In ``operations``: both halves."""


class Mode(Enum):
    """The treatment of an operation for which a rule fails."""

    ENFORCE = "enforce"
    """It is refused."""

    WARN = "warn"
    """The answer has a warning."""

    AUDIT = "audit"
    """It stands in the audit, and nowhere else."""

    @property
    def strictness(self) -> int:
        """Higher for a stricter mode."""
        return _STRICTNESS[self]


_STRICTNESS = {Mode.AUDIT: 0, Mode.WARN: 1, Mode.ENFORCE: 2}


class _Strict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Rule(_Strict, frozen=True, kw_only=True):
    """One rule: where ``when`` holds, ``require`` must."""

    name: str
    operations: tuple[str, ...]
    require: str
    when: str = ""
    mode: Mode | None = None
    from_: str = msgspec.field(name="from", default="")
    until: str = ""
    message: str = ""


class Scope(_Strict, frozen=True, kw_only=True):
    """The scope of the rules. Empty lists mean everything."""

    namespaces: str = SELF
    mounts: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


class Given(_Strict, frozen=True, kw_only=True):
    """A question: what is used, by whom, how and when. What isn't given is what the operation would take."""

    key: dict[str, Any] | None = None
    operation: str = ""
    request: dict[str, Any] = {}
    caller: dict[str, Any] = {}
    at: str = ""


class Expected(_Strict, frozen=True, kw_only=True):
    """The expected result of a test; ``rules`` are the names of those that fail, None for any."""

    verdict: str
    rules: tuple[str, ...] | None = None


class Test(_Strict, frozen=True, kw_only=True):
    """A question with the answer that a document must give."""

    name: str
    given: Given
    expect: Expected


class Document(_Strict, frozen=True, kw_only=True):
    """A policy as it is written."""

    description: str = ""
    mode: Mode = Mode.ENFORCE
    profile: str = ""
    profile_parameters: dict[str, str] = {}
    scope: Scope = Scope()
    rules: tuple[Rule, ...] = ()
    tests: tuple[Test, ...] = ()
    defaults: dict[str, dict[str, dict[str, str | int | bool]]] = {}


SHOWN_BESIDE = frozenset({"name", "version", "modified"})
"""Fields that are shown with a document and are no part of it: a document that was read can be written as it is."""

VERDICTS = ("allow", "warn", "deny")


def parse_document(given: Mapping[str, Any]) -> Document:
    """The document that ``given`` states, its profile resolved to a date. Raises ``InvalidRequest``."""
    try:
        document = msgspec.convert(given, Document)
        size = len(msgspec.json.encode(document))
    except (msgspec.MsgspecError, UnicodeEncodeError) as error:
        raise InvalidRequest(f"not a crypto policy: {error}") from None
    if size > MAX_DOCUMENT_BYTES:
        raise InvalidRequest(f"a crypto policy is at most {MAX_DOCUMENT_BYTES} bytes long")
    if not document.rules and not document.profile and not document.defaults:
        raise InvalidRequest("a crypto policy has rules, a profile or defaults")
    _check_rules(document.rules)
    _check_tests(document.tests)
    _check_scope(document.scope)
    _check_defaults(document.defaults)
    return _with_profile(document)


def check_name(name: str) -> None:
    """Raise ``InvalidRequest`` unless a policy, a rule or an exception may be called ``name``."""
    if NAME.fullmatch(name) is None or len(name) > MAX_NAME_BYTES:
        raise InvalidRequest(
            f"{name[:MAX_NAME_BYTES]!r} is no name: letters, digits and _, with - and . inside, at most "
            f"{MAX_NAME_BYTES} of them"
        )


def check_policy_name(name: str) -> None:
    """Raise ``InvalidRequest`` unless a policy may be called ``name``."""
    check_name(name)
    if name in RESERVED:
        raise InvalidRequest(f'"{name}" is a path of its own, and so no name for a crypto policy')


def operations_of(names: tuple[str, ...], place: str) -> frozenset[CryptoOperation]:
    """The operations that ``names``, of operations and classes, stand for. Raises ``InvalidRequest``."""
    found: set[CryptoOperation] = set()
    for name in names:
        if name == REWRAP:
            found |= {CryptoOperation.DECRYPT, CryptoOperation.ENCRYPT}
        elif name in _CLASSES:
            found |= {operation for operation, class_ in CLASS_OF.items() if class_.value == name}
        elif name in _OPERATIONS:
            found.add(CryptoOperation(name))
        else:
            raise InvalidRequest(f"{place}: {name!r} is neither an operation nor a class of operations")
    return frozenset(found)


def halves_of(name: str) -> tuple[CryptoOperation, ...]:
    """The operation called ``name``, or the two that rewrapping is. Raises ``InvalidRequest``."""
    if name == REWRAP:
        return CryptoOperation.DECRYPT, CryptoOperation.ENCRYPT
    if name not in _OPERATIONS:
        raise InvalidRequest(f"{name!r} is no operation; there are {', '.join(sorted({*_OPERATIONS, REWRAP}))}")
    return (CryptoOperation(name),)


_CLASSES = frozenset(class_.value for class_ in OperationClass)
_OPERATIONS = frozenset(operation.value for operation in CryptoOperation)


def instant(text: str, place: str) -> float:
    """The time in RFC 3339 that ``text`` is, in seconds since the epoch. Raises ``InvalidRequest``."""
    nanoseconds = parse_rfc3339(text)
    if nanoseconds is None:
        raise InvalidRequest(f"{place}: {text[:MAX_NAME_BYTES]!r} is no time in RFC 3339, such as 2031-01-01T00:00:00Z")
    return nanoseconds / SECOND


def period(rule: Rule) -> tuple[float, float]:
    """From when, and until when, ``rule`` applies, in seconds since the epoch. Raises ``InvalidRequest``."""
    starts = instant(rule.from_, f'rule "{rule.name}", from') if rule.from_ else -inf
    ends = instant(rule.until, f'rule "{rule.name}", until') if rule.until else inf
    if starts >= ends:
        raise InvalidRequest(f'rule "{rule.name}": from must be before until')
    return starts, ends


def check_globs(globs: tuple[str, ...], place: str) -> None:
    """Raise ``InvalidRequest`` if these can't be patterns of keys' names."""
    if len(globs) > MAX_GLOBS or any(not glob or len(glob) > MAX_NAME_BYTES for glob in globs):
        raise InvalidRequest(f"{place}: at most {MAX_GLOBS} patterns, each of 1 to {MAX_NAME_BYTES} characters")


def check_mount(path: str, place: str) -> None:
    """Raise ``InvalidRequest`` if this can't be the path of a mount."""
    if not path.endswith("/") or path.startswith("/") or len(path) > 4 * MAX_NAME_BYTES:
        raise InvalidRequest(f"{place}: {path[:MAX_NAME_BYTES]!r} must be a mount's path, with a slash at its end")


def _check_rules(rules: tuple[Rule, ...]) -> None:
    if len(rules) > MAX_RULES:
        raise InvalidRequest(f"a crypto policy has at most {MAX_RULES} rules")
    for rule in rules:
        check_name(rule.name)
        if not operations_of(rule.operations, f'rule "{rule.name}", operations'):
            raise InvalidRequest(f'rule "{rule.name}": operations must name at least one')
        if len(rule.message) > MAX_MESSAGE_CHARACTERS or not rule.message.isprintable():
            raise InvalidRequest(
                f'rule "{rule.name}": message: one line of at most {MAX_MESSAGE_CHARACTERS} characters'
            )
        period(rule)
    _check_distinct([rule.name for rule in rules], "rule")


def _check_tests(tests: tuple[Test, ...]) -> None:
    if len(tests) > MAX_TESTS:
        raise InvalidRequest(f"a crypto policy has at most {MAX_TESTS} tests")
    for test in tests:
        if not test.name or len(test.name) > MAX_MESSAGE_CHARACTERS or not test.name.isprintable():
            raise InvalidRequest(f"a test's name is one line of 1 to {MAX_MESSAGE_CHARACTERS} characters")
        if test.expect.verdict not in VERDICTS:
            raise InvalidRequest(f'test "{test.name}": verdict must be one of {", ".join(VERDICTS)}')
    _check_distinct([test.name for test in tests], "test")


def _check_distinct(names: list[str], what: str) -> None:
    twice = next((name for index, name in enumerate(names) if name in names[:index]), None)
    if twice is not None:
        raise InvalidRequest(f'there are two {what}s called "{twice}"')


def _check_scope(scope: Scope) -> None:
    if scope.namespaces not in (SELF, DESCENDANTS):
        raise InvalidRequest(f"scope, namespaces: must be {SELF} or {DESCENDANTS}")
    if len(scope.mounts) > MAX_GLOBS:
        raise InvalidRequest(f"scope, mounts: at most {MAX_GLOBS}")
    for path in scope.mounts:
        check_mount(path, "scope, mounts")
    check_globs(scope.keys, "scope, keys")


def _check_defaults(defaults: Mapping[str, Mapping[str, Mapping[str, str | int | bool]]]) -> None:
    if len(defaults) > MAX_DEFAULTS:
        raise InvalidRequest(f"defaults: at most {MAX_DEFAULTS} data classes")
    for data_class, engines in defaults.items():
        for engine, fields in engines.items():
            kind = fields.get("type")
            if not isinstance(kind, str) or not kind:
                raise InvalidRequest(f"defaults, {data_class!r}, {engine!r}: type must be the text of a key type")


def _with_profile(document: Document) -> Document:
    if not document.profile:
        if document.profile_parameters:
            raise InvalidRequest("profile_parameters: there is no profile")
        return document
    profile = find_profile(document.profile)
    if profile is None:
        raise InvalidRequest(
            f"there is no profile {document.profile[:MAX_NAME_BYTES]!r}; sys/crypto-profiles lists them"
        )
    resolve_parameters(profile, document.profile_parameters)
    return replace(document, profile=profile.id)


def matches_any(globs: tuple[str, ...], name: str) -> bool:
    """Whether ``name`` matches one of ``globs``, in which ``*`` stands for any text; without any, it does."""
    return not globs or any(matches_glob(name, glob) for glob in globs)
