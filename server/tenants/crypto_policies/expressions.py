"""Expressions of the crypto policy: CEL, type-checked when compiled. The one module that knows the library.

https://github.com/cel-expr/cel-python. The library returns errors of an evaluation as values, whose ``value()`` is a
text and so true in Python: only a Boolean value that is ``True`` counts.

What an expression needs follows from the variables that it names, and it is compiled in an environment that has no
others: so the compiler vouches for it. A compilation takes about 0.1 ms, an evaluation 3 to 12 us.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple, Protocol

from server.tenants.crypto_policies.language import ExpressionError, variables_of
from server.tenants.crypto_policies.variables import VARIABLES, Need

try:
    from cel_expr_python import cel
except ImportError:  # There are no wheels for this machine.
    cel = None

log = logging.getLogger(__name__)

AVAILABLE = cel is not None
"""Whether the library is installed. Without it no expression can be compiled."""

MISSING = (
    "the crypto policy's expressions need the package cel-expr-python, which can't be imported here: "
    "install the extra crypto-policy on a machine that it has wheels for"
)

MAX_TRIAL_SECONDS = 0.002
"""The processor time allowed to one evaluation, tried with full lists and maps when an expression is written."""

MAX_COMPILED = 1024
"""How many expressions are kept compiled by their text: what is written isn't compiled again when it is loaded."""

_TRIALS = 3
_PLACED = re.compile(r"<input>:(\d+):(\d+): ([^\n]*+)")
_SAMPLES: dict[str, Any] = {
    "string": "sample-name-of-64-characters-with-a-tail/of/segments/1234567890",
    "int": 2048,
    "bool": True,
    "timestamp": datetime(2026, 1, 1, tzinfo=UTC),
    "list(string)": [f"group-{number}" for number in range(64)],
    "map(string, string)": {f"label-{number}": "sample" for number in range(64)},
}


class Outcome(NamedTuple):
    """The result of an evaluation."""

    held: bool
    error: str = ""
    """The reason why there is no Boolean; ``""`` if there is one."""


_HELD, _NOT_HELD = Outcome(True), Outcome(False)


class Lookup(Protocol):
    """Values of variables by name."""

    def __getitem__(self, name: str, /) -> Any: ...


class Expression:
    """A compiled expression."""

    __slots__ = ("_compiled", "names", "need", "text", "uses_key")

    def __init__(self, text: str, compiled: Any, names: tuple[str, ...], need: Need, *, uses_key: bool) -> None:
        self.text = text
        self._compiled = compiled
        self.names = names
        """The variables that it names."""

        self.need = need
        self.uses_key = uses_key

    def evaluate(self, values: Lookup) -> Outcome:
        """Whether it holds where its variables have these ``values``, among others. Never raises."""
        return self._evaluate(values, self.names)

    def evaluate_known(self, values: Mapping[str, Any]) -> Outcome:
        """As ``evaluate``, without the values of some variables: an error where it rests on them."""
        return self._evaluate(values, tuple(name for name in self.names if name in values))

    def _evaluate(self, values: Lookup, names: tuple[str, ...]) -> Outcome:
        try:
            result = self._compiled.eval(data={name: values[name] for name in names})
            value = result.value()
            if value is True and result.type() == cel.Type.BOOL:
                return _HELD
            if value is False and result.type() == cel.Type.BOOL:
                return _NOT_HELD
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, the expression doesn't hold
            return Outcome(False, _first_line(str(error)))
        return Outcome(False, _first_line(str(value)))


class _Broken:
    """In place of a compiled expression: raises why there is none."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def eval(self, data: object) -> None:
        raise RuntimeError(self._reason)


def broken(text: str, reason: str) -> Expression:
    """An expression that never holds, because of ``reason``."""
    return Expression(text, _Broken(reason), (), Need.KEY, uses_key=False)


def compile_expression(text: str, *, new: bool = True) -> Expression:
    """Compile ``text``, of type Boolean; if it is ``new``, check its cost too, which is another on a slower machine.

    Raises ``ExpressionError`` with line and column; ``MissingLibrary`` without the library.
    """
    expression = _expression(text)
    if new:
        _check_cost(expression)
    return expression


@lru_cache(maxsize=MAX_COMPILED)
def _expression(text: str) -> Expression:
    names = variables_of(text)
    need = max((VARIABLES[name].need for name in names), default=Need.KEY)
    uses_key = any(VARIABLES[name].of_key for name in names)
    return Expression(text, _compile(text, need, uses_key=uses_key), names, need, uses_key=uses_key)


def _check_cost(expression: Expression) -> None:
    """Raise ``ExpressionError`` if an evaluation with full lists and maps takes too long."""
    values = {name: _SAMPLES[VARIABLES[name].type] for name in expression.names}
    taken = []
    for _ in range(_TRIALS):
        began = time.thread_time()
        expression.evaluate(values)
        taken.append(time.thread_time() - began)
        if taken[-1] < MAX_TRIAL_SECONDS / 2:
            break
    if min(taken) > MAX_TRIAL_SECONDS or _exhausted(expression, values):
        raise ExpressionError("1:1", "an evaluation takes too long")


def _exhausted(expression: Expression, values: Mapping[str, Any]) -> bool:
    """Whether the library aborts an evaluation, which it does only at its bounds."""
    try:
        expression._compiled.eval(data=values)
    except RuntimeError:
        return True
    return False


def _compile(text: str, need: Need, *, uses_key: bool) -> Any:
    try:
        compiled = _environment(need, uses_key).compile(text)
    except RuntimeError as error:
        raise _located(str(error)) from None
    if compiled.return_type() != cel.Type.BOOL:
        raise ExpressionError("1:1", f"is of type {compiled.return_type().name().lower()}, not bool")
    return compiled


@cache
def _environment(need: Need, uses_key: bool) -> Any:
    """The environment with the variables that are known for ``need``."""
    if cel is None:
        raise MissingLibrary
    types = {
        "string": cel.Type.STRING,
        "int": cel.Type.INT,
        "bool": cel.Type.BOOL,
        "timestamp": cel.Type.TIMESTAMP,
        "list(string)": cel.Type.List(cel.Type.STRING),
        "map(string, string)": cel.Type.Map(cel.Type.STRING, cel.Type.STRING),
    }
    known = [each for each in VARIABLES.values() if each.need <= need and (uses_key or not each.of_key)]
    return cel.NewEnv(variables={each.name: types[each.type] for each in known})


class MissingLibrary(Exception):
    """No expression can be compiled: see ``MISSING``."""


def _located(message: str) -> ExpressionError:
    """The error for the library's ``message``, with the position in it."""
    match = _PLACED.search(message)
    if match is None:
        return ExpressionError("1:1", _first_line(message))
    line, column, reason = match.groups()
    return ExpressionError(f"{max(1, int(line))}:{max(1, int(column))}", _first_line(reason))


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0][:300]
