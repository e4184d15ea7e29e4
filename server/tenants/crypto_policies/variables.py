"""Variables of expressions: name, type, meaning, and source of the value.

The table in ``docs/crypto-policy.md`` is made from these. All variables are flat and always present; only entries of
maps can be missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from engines.crypto_policy.facts import KeyFacts, RequestFacts
from engines.crypto_policy.operations import CLASS_OF, CryptoOperation

DAY_SECONDS = 86_400
_LAST_SECOND = 253_402_300_799
"""The last second of the year 9999."""


class Need(IntEnum):
    """The knowledge that an expression needs, and so when it is evaluated."""

    KEY = 0
    """A version and an operation: the result is cached with the loaded version."""

    CALLER = 1
    """The caller too: cached with the caller's decisions."""

    REQUEST = 2
    """The request too: evaluated for each item."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable; ``type`` is a type of CEL as the documentation spells it."""

    name: str
    type: str
    meaning: str
    need: Need = Need.KEY

    @property
    def of_key(self) -> bool:
        """Whether it is a fact of the key, which operations without a key don't have."""
        return self.name.startswith("key.")


@dataclass(frozen=True, slots=True, eq=False)
class CallerFacts:
    """The caller, ``caller.`` in expressions."""

    entity_id: str = ""
    groups: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    auth_type: str = ""


NO_CALLER = CallerFacts()
"""The caller of automatic work."""

_KEY = (
    ("type", "string", "The key's type as the API spells it: `rsa-2048`, `ml-dsa`."),
    ("algorithm", "string", "The id in `sys/algorithms` of what is executed; `hmac` for HMAC by any key."),
    ("family", "string", "The standard's family: `AES`, `RSA`, `ML-DSA`; both joined by `+` for a hybrid."),
    ("primitive", "string", "`ae`, `block-cipher`, `signature`, `pke`, `kem`, `mac`, ... as in a CycloneDX CBOM."),
    ("parameter_set", "string", "The standard's name, such as `ML-DSA-87`; empty where the standard has none."),
    ("bits", "int", "The size in the standard's sense: RSA 2048, Ed25519 256, ML-DSA 0, a hybrid's classical half."),
    ("classical_bits", "int", "The strength against classical computers, in bits."),
    ("quantum_category", "int", "NIST's category of strength against quantum computers, 0 to 5; 0 for none."),
    ("hybrid", "bool", "Whether a classical and a post-quantum algorithm are combined."),
    ("fips_approved", "bool", "Whether FIPS 140-3 approves the algorithm for protecting."),
    ("authenticates", "bool", "Whether changed ciphertexts are noticed."),
    ("derived", "bool", "Whether each context has a key of its own."),
    ("convergent", "bool", "Whether the same plaintext gives the same ciphertext."),
    ("exportable", "bool", "Whether the key may be exported."),
    ("imported", "bool", "Whether the version was made elsewhere."),
    ("version", "int", "The version that is used; 0 for a key that is to be made."),
    ("is_latest", "bool", "Whether that is the latest version."),
    ("created", "timestamp", "When the version was made."),
    ("age_days", "int", "Whole days since then, at the start of the present day in UTC."),
    ("data_class", "string", "What the key protects, from its classification."),
    ("labels", "map(string, string)", "The labels of its classification."),
    ("owner", "string", "The owner of its classification."),
    ("shelf_life_years", "int", "For how many years its data has to stay secret, from its classification."),
    ("name", "string", "The key's name."),
    ("mount", "string", "The path of its mount in its namespace, with a slash at the end."),
    ("namespace", "string", "The path of its namespace, with a slash at the end; empty for the root."),
)
_REQUEST = (
    ("hash", "string", "The hash function that is used, as the API spells it; empty where there is none."),
    ("scheme", "string", "`pss`, `pkcs1v15`, `oaep`, ...; empty where the algorithm leaves no choice."),
    ("prehashed", "bool", "Whether the input is a digest that the caller has made; HashML-DSA is that."),
    ("hash_message", "bool", "Whether the server hashes first (HashSLH-DSA)."),
    ("external_mu", "bool", "Whether the caller has made ML-DSA's message representative."),
    ("pure", "bool", "Whether the pure variant of ML-DSA or SLH-DSA runs."),
    ("has_associated_data", "bool", "Whether the ciphertext is bound to associated data."),
    ("input_bytes", "int", "The length of the decoded input."),
    ("remote_address", "string", "The client's address."),
)
_CALLER = (
    ("entity_id", "string", "The id of the caller's entity; empty without one."),
    ("groups", "list(string)", "The names of the groups that the entity is in, by way of others too."),
    ("metadata", "map(string, string)", "The entity's metadata."),
    ("auth_type", "string", "The type of the method that has made the token: `approle`, `jwt`, `token`."),
)

VARIABLES: dict[str, Variable] = {
    variable.name: variable
    for variable in (
        *(Variable(f"key.{name}", type_, text) for name, type_, text in _KEY),
        *(Variable(f"request.{name}", type_, text, Need.REQUEST) for name, type_, text in _REQUEST),
        *(Variable(f"caller.{name}", type_, text, Need.CALLER) for name, type_, text in _CALLER),
        Variable("operation", "string", "The operation, as above."),
        Variable("operation_class", "string", "Its class: `protect`, `process`, `copy` or `manage`."),
    )
}
"""All variables, by name."""


def key_values(key: KeyFacts, day: int) -> dict[str, Any]:
    """The variables of ``key`` on ``day``, counted in days since the epoch (UTC)."""
    values = {f"key.{name}": getattr(key, name) for name, _, _ in _KEY if name not in ("created", "age_days", "labels")}
    created = min(max(key.created, 0), _LAST_SECOND)
    values["key.created"] = datetime.fromtimestamp(created, UTC)
    values["key.age_days"] = max(0, int(day * DAY_SECONDS - created) // DAY_SECONDS) if created else 0
    values["key.labels"] = dict(key.labels)
    return values


def operation_values(operation: CryptoOperation) -> dict[str, Any]:
    """The variables of an operation."""
    return {"operation": operation.value, "operation_class": CLASS_OF[operation].value}


def request_value(field: str, request: RequestFacts, remote_address: str) -> Any:
    """The value of the variable ``request.FIELD``."""
    return remote_address if field == "remote_address" else getattr(request, field)


def caller_value(field: str, caller: CallerFacts) -> Any:
    """The value of the variable ``caller.FIELD``."""
    value = getattr(caller, field)
    return list(value) if field == "groups" else value


def day_of(seconds: float) -> int:
    """The day in UTC of a time in seconds since the epoch, counted in days since then."""
    return int(seconds // DAY_SECONDS)
