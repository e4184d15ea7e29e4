"""Reading profiles: what is wrong in a file is told with its place."""

from __future__ import annotations

from datetime import date

import pytest

from engines.crypto_policy.profiles.loading import MAX_RULES, BadProfile, parse_profile
from engines.crypto_policy.profiles.model import Binding, ParameterDate, Use, Verdict

GOOD = """\
name = "house"
date = "2026-01"
title = "House rules"
scope = "This house."

[sources.book]
title = "The book"
url = "https://example.org/book"
published = "2026-01-02"
binding = "mandatory"
checked = 2026-02-03
reading = "original"

[parameters.room]
text = "Which room."
default = "hall"

[parameters.room.choices]
hall = { text = "The hall.", dates = { end = 2030-01-01 } }
attic = { text = "The attic.", dates = { end = 2035-01-01 } }

[[rules]]
name = "aes"
text = "AES is good."
families = ["AES"]
until = "room.end"
verdict = "allow"
source = "book"
section = "1"
"""


def test_a_rule_takes_from_its_source_what_it_does_not_have() -> None:
    profile = parse_profile(GOOD)
    (rule,) = profile.rules
    assert profile.id == "house@2026-01"
    assert (rule.name, rule.verdict, rule.binding) == ("house/aes", Verdict.ALLOW, Binding.MANDATORY)
    assert (rule.checked, rule.unconfirmed) == (date(2026, 2, 3), "")
    assert (rule.starts, rule.ends) == (None, ParameterDate("room", "end"))
    assert rule.conditions.uses == set(Use)
    assert list(profile.parameters) == ["room", "not_listed"]
    own = parse_profile(GOOD + 'binding = "draft"\nchecked = 2026-04-05\nunconfirmed = "It was dark."\n').rules[0]
    assert (own.binding, own.checked, own.unconfirmed) == (Binding.DRAFT, date(2026, 4, 5), "It was dark.")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "house"', "name = house", "Invalid value"),
        ('scope = "This house."\n', "", "missing required field `scope`"),
        ('scope = "This house."', 'scope = " "', "the profile: a text is empty"),
        ('scope = "This house."', 'scope = "This house."\ncolour = "red"', "unknown field `colour`"),
        ('binding = "mandatory"', 'binding = "custom"', "Invalid enum value 'custom'"),
        ('binding = "mandatory"\n', "", "missing required field `binding`"),
        ("checked = 2026-02-03\n", "", "missing required field `checked`"),
        ('reading = "original"', 'reading = "quoted"', "source book: unconfirmed says why"),
        ('reading = "original"', 'reading = "original"\nunconfirmed = "No."', "source book: unconfirmed says why"),
        ('url = "https://example.org/book"', 'url = ""', "source book: a text is empty"),
        ('default = "hall"', 'default = "cellar"', "parameter room: its default 'cellar' is no choice"),
        ("{ end = 2035-01-01 }", "{ start = 2035-01-01 }", "parameter room: its choices set different dates"),
        ("parameters.room", "parameters.not_listed", "parameter not_listed is every profile's"),
        ('section = "1"\n', "", "missing required field `section`"),
        ('section = "1"', 'section = ""', "rule aes: a text is empty"),
        ('source = "book"', 'source = "film"', "rule aes: no source 'film'"),
        ('verdict = "allow"', 'verdict = "maybe"', "Invalid enum value 'maybe'"),
        ('families = ["AES"]', 'families = ["AAS"]', "rule aes: families doesn't know AAS"),
        ('families = ["AES"]', 'parameter_sets = ["ML-KEM-2048"]', "parameter_sets doesn't know ML-KEM-2048"),
        ('families = ["AES"]', 'algorithms = ["aes"]', "algorithms doesn't know aes"),
        ('families = ["AES"]', 'primitives = ["cipher"]', "primitives doesn't know cipher"),
        ('families = ["AES"]', 'topic = "hash"\nhashes = ["md5"]', "hashes doesn't know md5"),
        ('families = ["AES"]', 'hashes = ["sha1"]', "rule aes: conditions on hash stand in rules of that topic"),
        ('families = ["AES"]', 'schemes = ["pss"]', "conditions on padding stand in rules of that topic"),
        ('families = ["AES"]', "pure = true", "conditions on variant stand in rules of that topic"),
        ('families = ["AES"]', 'operations = ["encode"]', "Invalid enum value 'encode'"),
        ('families = ["AES"]', "uses = []", "rule aes: uses is empty"),
        ('families = ["AES"]', 'parameters = { room = ["cellar"] }', "rule aes: parameter room has no such values"),
        ('families = ["AES"]', 'parameters = { house = ["hall"] }', "rule aes: parameter house has no such values"),
        ('"room.end"', '"room.start"', "rule aes: no parameter sets a date 'room.start'"),
        ('"room.end"', '"2030-01-01"', "rule aes: no parameter sets a date '2030-01-01'"),
        ('"room.end"', "2030", "rule aes: no parameter sets a date 2030"),
        ('"room.end"', "2030-01-01T00:00:00Z", "rule aes: no parameter sets a date"),
        ('until = "room.end"', "from = 2030-01-01\nuntil = 2030-01-01", "rule aes: it ends before it starts"),
        ("[[rules]]", "[sources.idle]\ntitle = 'a'\nurl = 'b'\npublished = 'c'\nbinding = 'law'\nchecked = 2026-01-01\n"
         "reading = 'original'\n[[rules]]", "no rule is from source idle"),
    ],
)  # fmt: skip
def test_mistakes_are_told(old: str, new: str, message: str) -> None:
    text = GOOD.replace(old, new)
    assert text != GOOD
    with pytest.raises(BadProfile) as caught:
        parse_profile(text)
    assert message in str(caught.value)


def test_rules_are_bounded_and_named_once() -> None:
    head, rule = GOOD.split("[[rules]]")
    many = (rule.replace('name = "aes"', f'name = "aes-{number}"') for number in range(MAX_RULES + 1))
    with pytest.raises(BadProfile, match="a profile has 1 to 100 rules, not 101"):
        parse_profile(head + "".join(f"[[rules]]{row}" for row in many))
    with pytest.raises(BadProfile, match="rule aes stands there twice"):
        parse_profile(GOOD + "[[rules]]" + rule)
    with pytest.raises(BadProfile, match="missing required field `rules`"):
        parse_profile(head)
