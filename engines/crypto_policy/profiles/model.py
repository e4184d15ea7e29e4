"""What a profile is: rules with their sources, parameters, and the verdict that they come to.

Within a topic the first rule that applies decides, so exceptions stand before what they are exceptions of; of the
topics, the strictest verdict counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from engines.crypto_policy.operations import CryptoOperation


class Verdict(Enum):
    """What a profile says of one use of a key."""

    ALLOW = "allow"
    WARN = "warn"
    """Allowed for now, or with a risk that its owner has to weigh: *deprecated*, *legacy use* and the like."""

    REFUSE = "refuse"
    NOT_LISTED = "not-listed"
    """The documents don't speak of it, which doesn't make it unsafe. ``profile_parameters.not_listed`` says what
    becomes of it."""


class Binding(Enum):
    """How far a rule binds those whom its document is for."""

    LAW = "law"
    MANDATORY = "mandatory"
    RECOMMENDATION = "recommendation"
    DRAFT = "draft"


class Reading(Enum):
    """What the rules of a source were checked against."""

    ORIGINAL = "original"
    """The document's own text."""

    QUOTED = "quoted"
    """Quotations of the document, with sections or pages, in more than one text of others."""

    SECONDARY = "secondary"
    """What others tell of the document."""


class Topic(Enum):
    """What of a use a rule judges."""

    ALGORITHM = "algorithm"
    HASH = "hash"
    """The hash function; judged where the use has one."""

    PADDING = "padding"
    """The scheme of RSA; judged where the use has one."""

    VARIANT = "variant"
    """Whether the pure variant of a post-quantum signature runs; judged where signatures are made or verified."""


class Use(Enum):
    """What a rule is about: making protection, which takes in making keys, or processing what is protected already."""

    PROTECT = "protect"
    PROCESS = "process"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document."""

    title: str
    url: str
    published: str
    """The date of the edition, as far as it is known: ``2026-01-23``, ``2024-12``."""

    binding: Binding
    checked: date
    """When its rules were last compared with it."""

    reading: Reading
    unconfirmed: str = ""
    """A sentence that says why its rules aren't confirmed from the original; "" where they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """When a rule applies: when all that is given does. What is empty, 0 or None isn't asked."""

    families: frozenset[str] = frozenset()
    parameter_sets: frozenset[str] = frozenset()
    algorithms: frozenset[str] = frozenset()
    """Names of rows of the registry, for what their facts can't tell apart."""

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
    """With the profile's name before it: ``cnsa-2.0/ml-dsa``."""

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
    """Why it isn't confirmed from the original of its source; "" where it is."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a parameter may have, and the days that it sets."""

    text: str
    dates: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A thing that the documents leave to those who apply them."""

    text: str
    default: str
    choices: Mapping[str, Choice]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """A profile at one date of its documents. Compared by identity: each is read once."""

    name: str
    date: str
    """The month of its documents: ``2025-05``."""

    title: str
    scope: str
    """Whom the documents are for."""

    notes: tuple[str, ...]
    sources: Mapping[str, Source]
    parameters: Mapping[str, Parameter]
    rules: tuple[Rule, ...]

    @property
    def id(self) -> str:
        """As policies name it: ``cnsa-2.0@2025-05``."""
        return f"{self.name}@{self.date}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a profile says of one use, and by which rule."""

    verdict: Verdict
    effect: Verdict
    """The same, with what ``profile_parameters.not_listed`` makes of ``NOT_LISTED``: never that itself."""

    rule: str
    """The rule's name; ``NAME/not-listed`` where none applies, and ``NAME/unjudged`` for operations that profiles leave
    open."""

    text: str
    source: str
    """The title of the document; "" where no rule applies."""

    section: str
