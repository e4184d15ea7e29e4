"""Templates for names of policies: what they take and refuse, and that a claim is never more than a part of a name."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_methods.jwt.policy_templates import MAX_CHARACTERS, InvalidTemplate, MissingClaim, parse, render
from tests.support.costs import processor_seconds_below

CLAIMS = {
    "team": "blue",
    "a": {"b": {"c": "deep", "1": "one"}},
    "list": ["x", {"y": "z"}, 3],
    "cost-center": "c1",
    "n": 12345678,
    "f": 1.5,
    "yes": True,
    "no": False,
    "null": None,
    "empty": "",
    '"': "quote",
}


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("p", "p"),
        ("p-{{.team}}-q", "p-blue-q"),
        ("{{.a.b.c}}", "deep"),
        ('{{index .a.b "c"}}{{index . "a" "b" "1"}}', "deepone"),
        ('{{index . "cost-center"}}', "c1"),
        ('{{index . "\\""}}', "quote"),
        ('{{index .list 0}}{{index .list 1 "y"}}{{index .list 2}}', "xz3"),
        ("{{.n}}{{.yes}}{{.no}}{{.empty}}", "12345678truefalse"),
        (" a {{- .team -}} b", " ablueb"),
        ("{{ .team }} {{.team}}", "blue blue"),
        ("{{.team}}{{.team}}", "blueblue"),
        ("a}}", "a}}"),
        ("", ""),
    ],
)
def test_values_of_claims_stand_where_they_are_named(template: str, name: str) -> None:
    assert render(parse(template), CLAIMS) == name


@pytest.mark.parametrize(
    "template",
    [
        *(
            "{{",
            "{{.team",
            "{{}}",
            "{{ }}",
            "{{.}}",
            "{{.team.}}",
            "{{..team}}",
            "{{team}}",
            "{{.a-b}}",
            "{{.1}}",
            "{{.a b}}",
        ),
        *(
            "{{lowercase .team}}",
            "{{.team | lowercase}}",
            "{{if .team}}x{{end}}",
            "{{range .list}}{{end}}",
            "{{/* x */}}",
        ),
        *(
            "{{index}}",
            "{{index .}}",
            '{{index "a"}}',
            "{{index . a}}",
            "{{index . -1}}",
            '{{index . "a}}',
            '{{index . "\\x"}}',
        ),
        *(
            '{{index ."a"}}',
            "{{index . 9999999999}}",
            "{{-.team}}",
            "{{.team-}}",
            "{{{.team}}}",
            "{{$x}}",
            "{{.team}}{{",
        ),
        "x" * (MAX_CHARACTERS + 1),
    ],
)
def test_what_names_no_claim_is_refused(template: str) -> None:
    with pytest.raises(InvalidTemplate):
        parse(template)


@pytest.mark.parametrize(
    "template",
    [
        *("{{.nope}}", "{{.team.x}}", "{{.a.nope}}", "{{.null}}", "{{.list}}", "{{.a}}", "{{.f}}", "{{index .list 3}}"),
        *('{{index .list "0"}}', "{{index .a 0}}", "{{index . 0}}", "x{{.team}}{{.nope}}"),
    ],
)
def test_what_has_no_text_gives_no_name(template: str) -> None:
    with pytest.raises(MissingClaim):
        render(parse(template), CLAIMS)


@given(st.text(alphabet='{}. -"ab|i\n', max_size=40), st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=5)))
def test_any_text_is_a_template_or_refused(template: str, claims: dict[str, Any]) -> None:
    try:
        name = render(parse(template), claims)
    except (InvalidTemplate, MissingClaim):
        return
    if "{{" not in template:
        assert name == template


@given(st.text(), st.text())
def test_a_claim_is_nothing_but_text(before: str, claim: str) -> None:
    """Whatever it holds, it is neither a template nor the end of a name."""
    before = before.replace("{{", "")[:100]
    assert render(parse(before.removesuffix("{") + "/{{.c}}"), {"c": claim}) == before.removesuffix("{") + "/" + claim


@pytest.mark.parametrize("unit", ["{{.a}}", "{{", "}}", ".a", '"', '\\"', " ", "{{index . ", '{{index . "a" ', "1 "])
def test_hostile_templates_take_no_time(unit: str) -> None:
    for prefix in ("", "{{", "{{index .", "{{index . "):
        text = (prefix + unit * MAX_CHARACTERS)[: MAX_CHARACTERS - 2] + "}}"
        with processor_seconds_below(0.1), suppress(InvalidTemplate):
            parse(text)
