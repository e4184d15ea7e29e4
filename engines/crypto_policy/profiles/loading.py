"""Strict loader of profiles from ``data/``: all names in rules must exist, and every rule has a source.

A file is TOML: ``[sources.ID]``, ``[parameters.NAME]`` and one ``[[rules]]`` for each row. A rule takes ``binding``,
``checked`` and ``unconfirmed`` from its source unless it has its own. Days in ``from`` and ``until`` are dates, or
``PARAMETER.NAME`` for one that a parameter sets; ``until`` is the first day on which a rule no longer applies.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct, field

from engines.algorithms.hashes import HASHES
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.rsa.rsa import OAEP, PKCS1V15, PSS
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.profiles.model import (
    Binding,
    Choice,
    Conditions,
    Parameter,
    ParameterDate,
    Profile,
    Reading,
    Rule,
    Source,
    Topic,
    Use,
    Verdict,
)
from engines.crypto_policy.profiles.parameters import NOT_LISTED, NOT_LISTED_PARAMETER

MAX_RULES = 100
"""The most rules in a profile: each is compared with each use of a key."""


class BadProfile(ValueError):
    """An invalid profile file. The text has the position and the reason."""


class _File(Struct, forbid_unknown_fields=True):
    name: str
    date: str
    title: str
    scope: str
    sources: dict[str, _Source]
    rules: list[_Row]
    notes: list[str] = []
    parameters: dict[str, _Parameter] = {}


class _Source(Struct, forbid_unknown_fields=True):
    title: str
    url: str
    published: str
    binding: Binding
    checked: date
    reading: Reading
    unconfirmed: str = ""


class _Choice(Struct, forbid_unknown_fields=True):
    text: str
    dates: dict[str, date] = {}


class _Parameter(Struct, forbid_unknown_fields=True):
    text: str
    default: str
    choices: dict[str, _Choice]


class _Row(Struct, forbid_unknown_fields=True):
    name: str
    text: str
    verdict: Verdict
    source: str
    section: str
    topic: Topic = Topic.ALGORITHM
    families: list[str] = []
    parameter_sets: list[str] = []
    algorithms: list[str] = []
    primitives: list[str] = []
    min_bits: int = 0
    min_classical_bits: int = 0
    min_quantum_category: int = 0
    hybrid: bool | None = None
    fips_approved: bool | None = None
    authenticates: bool | None = None
    hashes: list[str] = []
    schemes: list[str] = []
    pure: bool | None = None
    uses: list[Use] = field(default_factory=lambda: list(Use))
    operations: list[CryptoOperation] = []
    parameters: dict[str, list[str]] = {}
    from_: Any = field(default=None, name="from")
    until: Any = None
    binding: Binding | None = None
    checked: date | None = None
    unconfirmed: str = ""


def parse_profile(text: str) -> Profile:
    """The profile that ``text``, in TOML, describes. Raises ``BadProfile``."""
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadProfile(str(error)) from error
    _check_words("the profile", file.title, file.scope, *file.notes)
    if not file.rules or len(file.rules) > MAX_RULES:
        raise BadProfile(f"a profile has 1 to {MAX_RULES} rules, not {len(file.rules)}")
    names = [row.name for row in file.rules]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise BadProfile(f"rule {min(twice)} stands there twice")
    sources = {name: _source(name, source) for name, source in file.sources.items()}
    parameters = {name: _parameter(name, parameter) for name, parameter in file.parameters.items()}
    parameters[NOT_LISTED] = NOT_LISTED_PARAMETER
    rules = tuple(_rule(file.name, row, sources, parameters) for row in file.rules)
    _check_used(sources, rules)
    return Profile(
        name=file.name,
        date=file.date,
        title=file.title,
        scope=file.scope,
        notes=tuple(file.notes),
        sources=sources,
        parameters=parameters,
        rules=rules,
    )


def _source(name: str, source: _Source) -> Source:
    _check_words(f"source {name}", source.title, source.url, source.published)
    if (source.reading is Reading.ORIGINAL) == bool(source.unconfirmed):
        raise BadProfile(f"source {name}: unconfirmed says why, unless the original was read")
    return Source(
        title=source.title,
        url=source.url,
        published=source.published,
        binding=source.binding,
        checked=source.checked,
        reading=source.reading,
        unconfirmed=source.unconfirmed,
    )


def _parameter(name: str, parameter: _Parameter) -> Parameter:
    if name == NOT_LISTED:
        raise BadProfile(f"parameter {NOT_LISTED} is every profile's, and isn't declared")
    if parameter.default not in parameter.choices:
        raise BadProfile(f"parameter {name}: its default {parameter.default!r} is no choice")
    if len({frozenset(choice.dates) for choice in parameter.choices.values()}) > 1:
        raise BadProfile(f"parameter {name}: its choices set different dates")
    choices = {value: Choice(choice.text, choice.dates) for value, choice in parameter.choices.items()}
    return Parameter(parameter.text, parameter.default, choices)


def _rule(profile: str, row: _Row, sources: Mapping[str, Source], parameters: Mapping[str, Parameter]) -> Rule:
    where = f"rule {row.name}"
    source = sources.get(row.source)
    if source is None:
        raise BadProfile(f"{where}: no source {row.source!r}")
    _check_words(where, row.text, row.section)
    _check_row(where, row, parameters)
    starts, ends = (_day(where, given, parameters) for given in (row.from_, row.until))
    if isinstance(starts, date) and isinstance(ends, date) and starts >= ends:
        raise BadProfile(f"{where}: it ends before it starts")
    return Rule(
        name=f"{profile}/{row.name}",
        text=row.text,
        topic=row.topic,
        conditions=_conditions(row),
        starts=starts,
        ends=ends,
        verdict=row.verdict,
        source=source,
        section=row.section,
        binding=row.binding or source.binding,
        checked=row.checked or source.checked,
        unconfirmed=row.unconfirmed or source.unconfirmed,
    )


def _conditions(row: _Row) -> Conditions:
    return Conditions(
        families=frozenset(row.families),
        parameter_sets=frozenset(row.parameter_sets),
        algorithms=frozenset(row.algorithms),
        primitives=frozenset(row.primitives),
        min_bits=row.min_bits,
        min_classical_bits=row.min_classical_bits,
        min_quantum_category=row.min_quantum_category,
        hybrid=row.hybrid,
        fips_approved=row.fips_approved,
        authenticates=row.authenticates,
        hashes=frozenset(row.hashes),
        schemes=frozenset(row.schemes),
        pure=row.pure,
        uses=frozenset(row.uses),
        operations=frozenset(row.operations),
        parameters={name: frozenset(values) for name, values in row.parameters.items()},
    )


_ROWS = ALGORITHMS.values()
_KNOWN: dict[str, frozenset[Any]] = {
    "families": frozenset(row.family for row in _ROWS),
    "parameter_sets": frozenset(row.parameter_set_name for row in _ROWS),
    "algorithms": frozenset(ALGORITHMS),
    "primitives": frozenset(row.primitive.value for row in _ROWS),
    "hashes": frozenset(HASHES),
    "schemes": frozenset({PSS, PKCS1V15, OAEP}),
}
"""The allowed names by condition: a rule with an unknown name would never apply."""


def _check_row(where: str, row: _Row, parameters: Mapping[str, Parameter]) -> None:
    for condition, known in _KNOWN.items():
        unknown = sorted(set(getattr(row, condition)) - known)
        if unknown:
            raise BadProfile(f"{where}: {condition} doesn't know {', '.join(unknown)}")
    if not row.uses:
        raise BadProfile(f"{where}: uses is empty")
    asked = {Topic.HASH: row.hashes, Topic.PADDING: row.schemes, Topic.VARIANT: row.pure is not None}
    misplaced = [topic.value for topic, given in asked.items() if given and topic is not row.topic]
    if misplaced:
        raise BadProfile(f"{where}: conditions on {', '.join(misplaced)} stand in rules of that topic")
    for name, values in row.parameters.items():
        if name not in parameters or set(values) - set(parameters[name].choices):
            raise BadProfile(f"{where}: parameter {name} has no such values")


def _day(where: str, given: object, parameters: Mapping[str, Parameter]) -> date | ParameterDate | None:
    if given is None or (isinstance(given, date) and not isinstance(given, datetime)):
        return given
    name, _, key = str(given).partition(".")
    parameter = parameters.get(name)
    if parameter is None or key not in parameter.choices[parameter.default].dates:
        raise BadProfile(f"{where}: no parameter sets a date {given!r}")
    return ParameterDate(name, key)


def _check_words(where: str, *texts: str) -> None:
    if not all(text.strip() for text in texts):
        raise BadProfile(f"{where}: a text is empty")


def _check_used(sources: Mapping[str, Source], rules: Iterable[Rule]) -> None:
    used = [rule.source for rule in rules]
    idle = [name for name, source in sources.items() if source not in used]
    if idle:
        raise BadProfile(f"no rule is from source {', '.join(idle)}")
