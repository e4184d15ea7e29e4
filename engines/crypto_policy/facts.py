"""Facts for the crypto policy: of a key version and of a request, as executed.

Every fact is always present, with ``""``, 0 or False if it doesn't apply. ``engines.keys.facts`` makes ``KeyFacts``
from a loaded key; nothing here comes from a caller's description of a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """The place of keys: the path of their mount below its namespace, and the namespace's; both end in ``/``.

    The root namespace is ``""``. A mount that moves gets a new object.
    """

    mount: str = ""
    namespace: str = ""


NOWHERE = Place()
"""The place of keys examined outside of any mount."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeyFacts:
    """One version of a key, ``key.`` in expressions. Cached with the loaded version."""

    type: str
    """The key type as the API spells it."""

    algorithm: str
    """The id of the registry's row; for an HMAC by any key ``hmac``."""

    family: str
    """The standard's name: ``AES``, ``RSA``, ``ML-DSA``; both joined by ``+`` for a hybrid."""

    primitive: str
    """One of the words of a CycloneDX CBOM, ``engines.algorithms.row.Primitive``."""

    parameter_set: str
    """The standard's name, such as ``ML-DSA-87``."""

    bits: int
    """The size in the standard's sense: RSA's modulus, a curve's field, a symmetric key; 0 where there is none."""

    classical_bits: int
    quantum_category: int
    hybrid: bool
    fips_approved: bool
    authenticates: bool
    derived: bool
    convergent: bool
    exportable: bool
    imported: bool
    version: int
    """0 for a key that isn't created yet."""

    is_latest: bool
    created: float
    """The time of the version's creation, in seconds since the epoch."""

    data_class: str
    labels: Mapping[str, str]
    owner: str
    shelf_life_years: int
    name: str
    mount: str
    """The mount's path below its namespace, ending in ``/``."""

    namespace: str
    """The namespace's path, ending in ``/``; ``""`` for the root."""

    verdicts: dict[Any, Any] = field(default_factory=dict, repr=False)
    """A gate's cached verdicts on this version. Belongs to the gate."""


class RequestFacts(Struct, frozen=True, kw_only=True, gc=False):
    """The execution of one item of a request, ``request.`` in expressions."""

    hash: str = ""
    """The hash function as the API spells it."""

    scheme: str = ""
    """``pss``, ``pkcs1v15``, ``oaep`` ..."""

    prehashed: bool = False
    hash_message: bool = False
    external_mu: bool = False
    pure: bool = False
    """Whether the pure variant of ML-DSA or SLH-DSA runs."""

    has_associated_data: bool = False
    input_bytes: int = 0

    @property
    def variant(self) -> str:
        """Its unusual options, as words joined by commas, for the audit; "" for none."""
        words = []
        if self.pure:
            words.append("pure")
        if self.prehashed:
            words.append("prehashed")
        if self.hash_message:
            words.append("hash-message")
        if self.external_mu:
            words.append("external-mu")
        if self.has_associated_data:
            words.append("associated-data")
        return ",".join(words)


NO_REQUEST = RequestFacts()
"""The facts of operations without options."""
