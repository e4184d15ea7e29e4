"""Expressions: what is taken, where an error stands, what each needs, and that only a Boolean true holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from server.tenants.crypto_policies import expressions
from server.tenants.crypto_policies.expressions import Expression, Outcome, compile_expression
from server.tenants.crypto_policies.language import ExpressionError, place_in, variables_of
from server.tenants.crypto_policies.variables import VARIABLES, Need

VALUES: dict[str, Any] = {"key.bits": 2048, "key.labels": {"team": "pay"}, "caller.groups": ["ops"], "key.type": "rsa"}


def _holds(text: str) -> bool:
    return compile_expression(text).evaluate(VALUES).held


@pytest.mark.parametrize(
    ("text", "need", "uses_key"),
    [
        ("key.bits >= 2048", Need.KEY, True),
        ("operation_class == 'protect'", Need.KEY, False),
        ("'ops' in caller.groups", Need.CALLER, False),
        ("key.bits > 1 && caller.groups.exists(group, group == 'ops')", Need.CALLER, True),
        ("request.hash != 'sha1'", Need.REQUEST, False),
        ("'ops' in caller.groups || request.has_associated_data || key.exportable", Need.REQUEST, True),
        ("request.hash == 'key.bits'", Need.REQUEST, False),
    ],
)
def test_when_an_expression_is_evaluated_follows_from_its_variables(text: str, need: Need, uses_key: bool) -> None:
    expression = compile_expression(text)
    assert (expression.need, expression.uses_key) == (need, uses_key)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("key.bits == 'five'", "1:10: "),
        ("key.bits > 1 &&\n  key.bitz > 2", "2:6: "),
        ("key.bits", "1:1: is of type int, not bool"),
        ("", "1:1: "),
        ("key.bits >= (2", "1:15: "),
        ("now > timestamp('2026-01-01T00:00:00Z')", "1:1: "),
        ("key.type == 'rsa", "1:13: the string has no end"),
        ("key.type == 'a\nb'", "1:13: the string has no end"),
        ("true && \N{GREEK SMALL LETTER PI} == 3", "1:9: unexpected character U+03C0"),
        ("key.`type` == ''", "1:5: unexpected character U+0060"),
        ("true ||\n['a'].map(x, x) == []", "2:7: there is no function 'map' here"),
        ("google.protobuf.Struct{} == null", "1:17: 'Struct' can't be made here: there are no messages"),
        ("(" * 33 + "true" + ")" * 33, "1:33: parentheses are nested more than 32 deep"),
        ("[" * 33 + "]" * 33 + " == []", "1:33: parentheses are nested more than 32 deep"),
        ("true" + " " * 4093, "1:1: an expression is at most 4096 bytes long"),
        ("'\ud800' == ''", "1:2: is not Unicode text"),
        (" + ".join(["1"] * 900) + " > 0", "1:1: "),
        ("key.type" + ".a" * 1500, "1:1: "),
        ("key.name.matches(key.type)", "1:10: "),
        ("matches(key.name, 'a')", "1:1: "),
        ("key.name.matches('" + "a" * 300 + "')", "1:10: "),
        (" && ".join(["key.name.matches('a')"] * 5), "1:"),
        ("caller.groups.exists(g, g.matches('a'))", "1:27: "),
        ("['a'].all(a, ['b'].all(b, ['c'].all(c, a + b == c)))", "1:33: "),
    ],
)
def test_what_is_not_taken_is_told_with_its_place(text: str, place: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text)
    assert str(caught.value).startswith(place)


def test_parentheses_may_be_as_deep_as_documented() -> None:
    assert _holds("(" * 32 + "true" + ")" * 32)


_MANY = "[" + "1, " * 600 + "1]"


@pytest.mark.parametrize(
    "text",
    [
        f"{_MANY}.all(x, {_MANY}.all(y, x + y > 0))",
        "key.name.matches('" + "a{1000}" * 30 + "')",
    ],
    ids=["loops", "pattern"],
)
def test_what_can_be_seen_to_be_too_dear_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match="an evaluation takes too long"):
        compile_expression(text)


def test_a_budget_that_runs_out_fails_the_rule() -> None:
    expression = compile_expression("caller.groups.all(a, caller.groups.all(b, a != b || a == b))")
    outcome = expression.evaluate({"caller.groups": [str(number) for number in range(1000)]})
    assert not outcome.held
    assert "budget" in outcome.error


@pytest.mark.parametrize(
    "text",
    [
        "key.labels['owner'] == 'pay'",
        "key.labels.owner != 'pay'",
        "1 / (key.bits - 2048) == 1",
        "key.type.matches('(') || true == false",
        "int(key.type) == 1",
    ],
)
def test_an_error_does_not_hold(text: str) -> None:
    outcome = compile_expression(text).evaluate(VALUES)
    assert not outcome.held
    assert outcome.error


class _Misleading:
    """What the library gives back for an error: a value that Python takes for true."""

    def eval(self, data: object) -> _Misleading:
        return self

    def value(self) -> str:
        return "NOT_FOUND"

    def type(self) -> str:
        return "ERROR"


def test_only_a_boolean_true_holds() -> None:
    assert Expression("", _Misleading(), (), Need.KEY, uses_key=False).evaluate({}) == Outcome(False, "NOT_FOUND")


def test_a_value_of_another_type_is_an_error() -> None:
    outcome = compile_expression("key.bits >= 2048").evaluate({"key.bits": "9999"})
    assert not outcome.held
    assert outcome.error


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("key.bits > 1 // key.type", ("key.bits",)),
        ("'key.type' == \"key.name\"", ()),
        (r"r'\' == key.type", ("key.type",)),
        (r"'\'key.name' == key . type", ("key.type",)),
        ("'''key.name\n''' == ''", ()),
        ("key.labels.owner == operation", ("key.labels", "operation")),
    ],
)
def test_the_variables_of_an_expression(text: str, names: tuple[str, ...]) -> None:
    assert variables_of(text) == names


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([*"()[]{}'\"\\.,?:!+-&|=<> \n1ax", "map", "exists(", "matches('", "r'", *VARIABLES])).map(
        "".join
    )
)
@example("!" * 4000 + "true")
@example("-" * 4000 + "1 == 1")
@example("true ? true : " * 250 + "true")
@example("key.bits in [1].filter(x, x > 0)")
def test_any_text_is_compiled_or_refused_with_a_place(text: str) -> None:
    try:
        expression = compile_expression(text)
    except ExpressionError as error:
        line, column, reason = str(error).split(":", 2)
        assert int(line) >= 1
        assert int(column) >= 1
        assert reason.strip()
    else:
        assert expression.need in Need


def test_places_are_counted_from_one() -> None:
    assert [place_in("ab\nc", position) for position in range(4)] == ["1:1", "1:2", "1:3", "2:1"]


def test_what_is_stored_is_not_refused_for_its_cost_on_a_slower_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "MAX_TRIAL_SECONDS", 0.0)
    with pytest.raises(ExpressionError, match="takes too long"):
        compile_expression("key.bits >= 2048")
    assert compile_expression("key.bits >= 2048", new=False).evaluate(VALUES).held
