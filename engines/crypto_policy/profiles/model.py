"""Model of profiles: rules with their sources, parameters, and verdicts.

Within a topic the first applicable rule decides, so exceptions precede the rules that they limit; among the topics, the
strictest verdict counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from engines.crypto_policy.operations import CryptoOperation


class Verdict(Enum):
    """The verdict of a profile on one use of a key."""

    ALLOW = "allow"
    WARN = "warn"
    """Allowed for now, or with a risk that its owner must weigh: *deprecated*, *legacy use* and the like."""

    REFUSE = "refuse"
    NOT_LISTED = "not-listed"
    """Not mentioned in the documents, which doesn't make it unsafe. ``profile_parameters.not_listed`` decides its
    treatment."""


class Binding(Enum):
    """The force of a rule for the document's audience."""

    LAW = "law"
    MANDATORY = "mandatory"
    RECOMMENDATION = "recommendation"
    DRAFT = "draft"


class Reading(Enum):
    """The text that a source's rules were checked against."""

    ORIGINAL = "original"
    """The document's own text."""

    QUOTED = "quoted"
    """Quotations of the document, with sections or pages, in more than one text of others."""

    SECONDARY = "secondary"
    """Reports about the document."""


class Topic(Enum):
    """The aspect of a use that a rule judges."""

    ALGORITHM = "algorithm"
    HASH = "hash"
    """The hash function; judged if the use has one."""

    PADDING = "padding"
    """RSA's scheme; judged if the use has one."""

    VARIANT = "variant"
    """Whether the pure variant of a post-quantum signature is used; judged for signing and verifying."""


class Use(Enum):
    """The uses that a rule is about: protection, including making keys, or processing protected data."""

    PROTECT = "protect"
    PROCESS = "process"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document."""

    title: str
    url: str
    published: str
    """The date of the edition, as precisely as known: ``2026-01-23``, ``2024-12``."""

    binding: Binding
    checked: date
    """The time of the last comparison with its rules."""

    reading: Reading
    unconfirmed: str = ""
    """The reason why its rules aren't confirmed from the original, as a sentence; "" if they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The conditions of a rule: all that are given must hold. Empty ones, 0 or None aren't checked."""

    families: frozenset[str] = frozenset()
    parameter_sets: frozenset[str] = frozenset()
    algorithms: frozenset[str] = frozenset()
    """Names of rows of the registry, for differences that facts don't show."""

    primitives: frozenset[str] = frozenset()
    min_bits: int = 0
    min_classical_bits: int = 0
    min_quantum_category: int = 0
    hybrid: bool | None = None
    fips_approved: bool | None = None
    authenticates: bool | None = None
    hashes: frozenset[str] = frozenset()
    schemes: frozenset[str] = frozenset()
    pure: bool | None = None
    uses: frozenset[Use] = frozenset(Use)
    operations: frozenset[CryptoOperation] = frozenset()
    parameters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Values of the profile's parameters, by their names."""


@dataclass(frozen=True, slots=True)
class ParameterDate:
    """A day that a parameter of the profile sets: ``category.end``."""

    parameter: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of a profile."""

    name: str
    """The id, with the profile's name: ``cnsa-2.0/ml-dsa``."""

    text: str
    topic: Topic
    conditions: Conditions
    starts: date | ParameterDate | None
    """The first day on which it applies."""

    ends: date | ParameterDate | None
    """The first day on which it no longer applies."""

    verdict: Verdict
    source: Source
    section: str
    binding: Binding
    checked: date
    unconfirmed: str
    """The reason why it isn't confirmed from its source's original; "" if it is."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A possible value of a parameter, and the days that it sets."""

    text: str
    dates: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A choice that the documents leave to their users."""

    text: str
    default: str
    choices: Mapping[str, Choice]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """A profile at one date of its documents. Compared by identity, since each is loaded once."""

    name: str
    date: str
    """The month of its documents: ``2025-05``."""

    title: str
    scope: str
    """The documents' audience."""

    notes: tuple[str, ...]
    sources: Mapping[str, Source]
    parameters: Mapping[str, Parameter]
    rules: tuple[Rule, ...]

    @property
    def id(self) -> str:
        """The id in policies: ``cnsa-2.0@2025-05``."""
        return f"{self.name}@{self.date}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A profile's verdict on one use, with the deciding rule."""

    verdict: Verdict
    effect: Verdict
    """The verdict, with ``NOT_LISTED`` replaced by ``profile_parameters.not_listed``."""

    rule: str
    """The rule's name; ``NAME/not-listed`` if none applies, and ``NAME/unjudged`` for operations without verdicts."""

    text: str
    source: str
    """The title of the document; "" if no rule applies."""

    section: str
