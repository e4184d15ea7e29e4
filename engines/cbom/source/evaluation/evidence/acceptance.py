"""Acceptance: the program's callbacks for certificate and signature checks that accept everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import is_dataclass
from typing import Any

from engines.cbom.source.evaluation.evidence.parts import inner_parts
from engines.cbom.source.evaluation.evidence.switches import switch_of
from engines.cbom.source.knowledge.model import Override
from engines.cbom.source.program import (
    Assign,
    Attempt,
    Binary,
    Branch,
    Call,
    Conditional,
    Const,
    Function,
    Leave,
    Member,
    Name,
    Opaque,
    Pointed,
    Return,
    Statement,
    Unary,
)
from engines.cbom.source.values import Class, Closure, Values

_TALKING = frozenset(
    {
        "print",
        "println",
        "printf",
        "log",
        "debug",
        "info",
        "trace",
        "warn",
        "warning",
        "error",
        "fine",
        "d",
        "i",
        "e",
        "w",
    }
    | {"printStackTrace", "getMessage"}
)
"""Names of methods that only tell what happens."""

_REFUSALS = frozenset({"CertificateException", "GeneralSecurityException", "Exception", "Throwable"})
"""Types of exceptions by which a check of certificates refuses (Java)."""

_TRUE = (True, 1)

_ERRORS = "X509_V_ERR_"
_REVOCATION = "CRL"
_MAX_TESTS = 32

_MAX_PARTS = 200
"""The most parts of a body that are looked at; a longer one does something."""


def does_nothing(function: Function) -> bool:
    """Whether no way through the function can refuse: it calls nothing that might, and throws nothing."""
    return _is_idle(function.body)


def looks_at_no_chain(function: Function) -> bool:
    """Whether a check of a chain of certificates looks at most at its length, at its dates and at the key exchange.

    Its first two parameters are the chain and the name of the key exchange (``X509TrustManager``). A chain that is
    refused for being empty is none, and one of an attacker is as long, and as recent, as asked for.
    """
    kind = function.parameters[2].name if len(function.parameters) > _KIND else ""
    return _is_idle(_without_formalities(list(function.body), kind), _OF_DATES)


_KIND = 2
"""The position of the name of the key exchange among the parameters, of which the object is the first."""

_MAX_DEPTH = 16
"""The most operations in one another that a test is followed through."""

_OF_DATES = frozenset({"checkValidity"})
"""Methods that look at a certificate's dates alone."""

_OF_TEXTS = frozenset({"equals", "equalsIgnoreCase", "contains", "startsWith", "isEmpty", "length", "toLowerCase"})


def _without_formalities(body: Sequence[Statement], kind: str) -> list[Statement]:
    """The statements without the branches whose tests see nothing of a certificate."""
    found: list[Statement] = []
    for each in body:
        if isinstance(each, Branch) and all(_is_formal(test, kind) for test, _ in each.arms if test is not None):
            inner = [part for _, arm in each.arms for part in arm if not isinstance(part, Leave)]
            refuses = any(isinstance(part, Leave) and part.value is not None for _, arm in each.arms for part in arm)
            found += _without_formalities(inner, kind) if refuses else [each]
        else:
            found.append(each)
    return found


def _is_formal(test: Any, kind: str, depth: int = 0) -> bool:
    """Whether a test is about null, a length, or the name of the key exchange."""
    if depth > _MAX_DEPTH:
        return False
    if isinstance(test, Unary):
        return _is_formal(test.operand, kind, depth + 1)
    if isinstance(test, Binary) and test.operator in ("and", "or"):
        return all(_is_formal(each, kind, depth + 1) for each in (test.left, test.right))
    if isinstance(test, Binary):
        return any(_is_of_form(*each) for each in ((test.left, test.right), (test.right, test.left)))
    if not isinstance(test, Call) or not _is_called(test, _OF_TEXTS):
        return False
    about = [test.callee.base if isinstance(test.callee, Member) else None, *test.args]
    return all(isinstance(each, Const) or (isinstance(each, Name) and each.name == kind) for each in about)


def _is_of_form(one: Any, other: Any) -> bool:
    """Whether a variable is compared with null, or the length of one with a number."""
    if isinstance(one, Member):
        return one.name == "length" and isinstance(one.base, Name) and isinstance(other, Const)
    return isinstance(one, Name) and isinstance(other, Const) and other.value is None


def _is_idle(body: Any, harmless: frozenset[str] = frozenset()) -> bool:
    """Whether nothing in ``body`` can refuse. Methods with the names ``harmless`` may be called."""
    for part in _parts(body, swallowed=True):
        if part is None or (isinstance(part, Leave) and part.value is not None):
            return False
        if isinstance(part, Call) and not _talks(part) and not _is_called(part, harmless):
            return False
    return True


def _is_called(call: Call, names: frozenset[str]) -> bool:
    return isinstance(call.callee, Member) and call.callee.name in names


def _swallows(attempt: Attempt) -> bool:
    """Whether refusals of what is attempted are caught, and come to nothing: they aren't kept either."""
    handlers = zip(attempt.handlers, attempt.caught, strict=False)
    return any(not _REFUSALS.isdisjoint(caught) and _is_idle(each) and not _keeps(each) for each, caught in handlers)


def _keeps(handler: list[Statement]) -> bool:
    """Whether a handler keeps what it caught for a later look: ``this.refusal = e``."""
    return any(isinstance(each, Assign) and isinstance(each.value, Name) for each in handler)


def only_refuses(function: Function) -> bool:
    """Whether every way through the function throws: what it should check isn't expected."""
    last = list(function.body)[-1:]
    return bool(last) and isinstance(last[0], Leave) and last[0].value is not None


def only_asserts(function: Function) -> bool:
    """Whether the function does nothing but assert that what it should verify is verified (rustls)."""
    calls = [part for part in _parts(function.body) if isinstance(part, Call) and not _talks(part)]
    return bool(calls) and all(isinstance(each.callee, Member) and each.callee.name == "assertion" for each in calls)


def only_proceeds(function: Function) -> bool:
    """Whether the function does nothing but go on in spite of an error (Android's ``SslErrorHandler``)."""
    calls = [part for part in _parts(function.body) if isinstance(part, Call) and not _talks(part)]
    return bool(calls) and all(isinstance(each.callee, Member) and each.callee.name == "proceed" for each in calls)


def always_true(function: Function) -> bool:
    """Whether every result of the function is the constant true, which is 1 in C."""
    results = [part.value for part in _parts(function.body) if isinstance(part, Return)]
    return bool(results) and all(isinstance(each, Const) and each.value in _TRUE for each in results)


def comes_to_true(function: Function) -> bool:
    """Whether every result of the function is true, also by a constant variable or test: ``true || matches(host)``."""
    body = list(function.body)
    given = [part for part in _parts(body) if isinstance(part, Assign)]
    results = [*_results(body, given)]
    return bool(results) and all(each is not None and _is_true(each, given) for each in results)


def _results(body: list[Statement], given: list[Assign]) -> Iterator[Any]:
    """What the function returns at the ends that it may reach; None where it refuses."""
    for each in body:
        arms = each.arms if isinstance(each, Branch) else []
        sure = next((arm for test, arm in arms[:1] if test is not None and _is_true(test, given)), None)
        if sure is not None:
            yield from _results(sure, given)
        else:
            never = [arm for test, arm in arms if test is not None and _is_false(test, given)]
            yield from _ends([arm for _, arm in arms if arm not in never] if arms else each)
        if isinstance(each, Return | Leave) or (sure and isinstance(sure[-1], Return | Leave)):
            return


def _ends(statements: Any) -> Iterator[Any]:
    for part in _parts(statements):
        if part is None or isinstance(part, Return) or (isinstance(part, Leave) and part.value is not None):
            yield part.value if isinstance(part, Return) else None


def _is_true(value: Any, given: list[Assign], depth: int = 0) -> bool:
    if depth > _MAX_DEPTH:
        return False
    if isinstance(value, Const):
        return value.value in _TRUE
    if isinstance(value, Unary):
        return value.operator == "not" and _is_false(value.operand, given, depth + 1)
    if isinstance(value, Binary) and value.operator in ("or", "and"):
        enough = any if value.operator == "or" else all
        return enough(_is_true(each, given, depth + 1) for each in (value.left, value.right))
    if isinstance(value, Conditional):
        return all(_is_true(each, given, depth + 1) for each in (value.then, value.otherwise))
    if isinstance(value, Call) and isinstance(value.callee, Member) and len(value.args) == 1:  # host.equals(host)
        own, other = value.callee.base, value.args[0]
        same = isinstance(own, Name) and isinstance(other, Name) and own.name == other.name
        return same and value.callee.name in ("equals", "equalsIgnoreCase")
    return isinstance(value, Name) and _is_always(value.name, given, _TRUE)


def _is_false(value: Any, given: list[Assign], depth: int = 0) -> bool:
    if isinstance(value, Const):
        return value.value is False
    if isinstance(value, Unary):
        return value.operator == "not" and _is_true(value.operand, given, depth + 1)
    return isinstance(value, Name) and _is_always(value.name, given, (False,))


def _is_always(name: str, given: list[Assign], constants: tuple[object, ...]) -> bool:
    """Whether all that a variable of the function gets is one of the constants."""
    values = [each.value for each in given if isinstance(each.target, Name) and each.target.name == name]
    return bool(values) and all(isinstance(each, Const) and each.value in constants for each in values)


def accepts_all(function: Function) -> bool:
    """Whether a function that is to verify something, or to answer an error, lets everything pass."""
    if always_true(function) or _passes_on(function):
        return True
    results = [part.value for part in _parts(function.body) if isinstance(part, Return)]
    silent = all(each is None or (isinstance(each, Const) and each.value is None) for each in results)
    return silent and does_nothing(function)


def clears_errors(function: Function) -> bool:
    """Whether a callback takes back all errors that were found, through a pointer, and reports none (Mbed TLS)."""
    parameters = {each.name for each in function.parameters}
    cleared = any(
        isinstance(each, Assign)
        and isinstance(each.target, Pointed)
        and isinstance(each.target.base, Name)
        and each.target.base.name in parameters
        and isinstance(each.value, Const)
        and each.value.value == 0
        for each in function.body
    )
    results = [part.value for part in _parts(function.body) if isinstance(part, Return)] if cleared else []
    return bool(results) and all(isinstance(each, Const) and each.value == 0 for each in results)


def lets_errors_pass(function: Function) -> bool:
    """Whether a callback accepts a certificate because of an error of a kind that it names (OpenSSL).

    What it looks up about revocation isn't an error of the certificate, nor is what a setting tells it to accept.
    """
    first = function.parameters[0].name if function.parameters else ""
    arms = [arm for part in _parts(function.body) if isinstance(part, Branch) for arm in part.arms]
    chosen = {
        id(each)
        for test, body in arms
        if test is not None and switch_of(test, holds=True) is not None
        for part in _parts(body)
        if isinstance(part, Branch)
        for _, inner in part.arms
        for each in inner
    }
    arms = [(test, [each for each in body if id(each) not in chosen]) for test, body in arms]
    return any(_names_error(test) and any(_takes_back(each, first) for each in body) for test, body in arms)


def _names_error(test: Any) -> bool:
    """Whether a test is that an error is one of a kind, or one of several kinds."""
    if isinstance(test, Opaque):
        return any(map(_names_error, test.parts[:_MAX_TESTS]))
    if not isinstance(test, Binary):
        return False
    if test.operator in ("and", "or"):
        return _names_error(test.left) or _names_error(test.right)
    names = [side.name for side in (test.left, test.right) if isinstance(side, Name)]
    return test.operator == "==" and any(each.startswith(_ERRORS) and _REVOCATION not in each for each in names)


def _takes_back(statement: Any, parameter: str) -> bool:
    """Whether a statement says that all is well: returns true, or sets the parameter that says so."""
    if isinstance(statement, Assign):
        named = isinstance(statement.target, Name) and statement.target.name == parameter
        return named and isinstance(statement.value, Const) and statement.value.value in _TRUE
    return isinstance(statement, Return) and isinstance(statement.value, Const) and statement.value.value in _TRUE


def _passes_on(function: Function) -> bool:
    """Whether all that a function does is to tell its last parameter, a function, that all is well (Electron)."""
    last = function.parameters[-1].name if function.parameters else ""
    calls = [part for part in _parts(function.body) if isinstance(part, Call) and not _talks(part)]
    answers = [each for each in calls if isinstance(each.callee, Name) and each.callee.name == last]
    others = [each for each in calls if not isinstance(each.callee, Member) or each.callee.name != "preventDefault"]
    return bool(answers) and len(others) == len(answers) and all(_accepts(each.args) for each in answers)


def _accepts(answer: list[Any]) -> bool:
    """Whether an answer to Electron is true, or the code 0 of a good certificate."""
    value = answer[0].value if len(answer) == 1 and isinstance(answer[0], Const) else None
    return value is True or (type(value) is int and value == 0)


def _talks(call: Call) -> bool:
    callee = call.callee
    return isinstance(callee, Member | Name) and callee.name in _TALKING


def _parts(root: Any, *, swallowed: bool = False) -> Iterator[Any]:
    """All nodes in ``root``, and None at the end if there are too many.

    ``swallowed`` leaves out what is attempted, if no refusal comes of it.
    """
    waiting = [root]
    for _ in range(_MAX_PARTS):
        if not waiting:
            return
        node = waiting.pop()
        if swallowed and isinstance(node, Attempt) and _swallows(node):
            waiting.append(node.last)
            continue
        if is_dataclass(node):
            yield node
        if not (swallowed and isinstance(node, Call) and _talks(node)):
            waiting.extend(inner_parts(node))
    yield None


_CHECKS_NOTHING = {
    "empty": does_nothing,
    "formal": looks_at_no_chain,
    "true": comes_to_true,
    "asserts": only_asserts,
    "proceeds": only_proceeds,
}


def checks_nothing(function: Function, override: Override) -> bool:
    """Whether a function checks nothing where a library expects ``override`` to check."""
    return _CHECKS_NOTHING[override.body](function)


def unchecking(made: Class, override: Override, beside: Values) -> Iterator[Function]:
    """The methods of a class that check nothing where a library expects ``override`` to check.

    ``beside`` is the method that the class has, or inherits, under the name ``override.beside``.
    """
    for other in beside:
        if type(other) is Closure and not only_refuses(other.function) and not checks_nothing(other.function, override):
            return
    for value in made.members.get(override.method, ()):
        if type(value) is Closure and checks_nothing(value.function, override):
            yield value.function
