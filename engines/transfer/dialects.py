"""Dialects of backups: OpenBao and HashiCorp Vault write the same JSON, but number some key types differently.

Numbers up to 9 are common to both. Above, the same number is another algorithm, and both of a pair may hold 32 bytes,
so a mistake would create a key that decrypts and verifies nothing. Hence three kinds of evidence are examined, in this
order, and ambiguity is refused: the caller's statement, fields that only one of the two writes, and whether each
version holds a key of the number's type.

Vault's format is known from its published types. It writes the settings ``ParameterSet`` and ``HybridConfig``
since 1.19, ``public_key_imported`` and ``managed_key_name`` in some releases, and ``managed_key_id`` where it applies;
OpenBao has none of them, and writes ``external_key_ref`` and ``soft_deleted`` instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from engines.algorithms.encodings.interchange import BadBackup, backup_bytes
from engines.algorithms.registry import ALGORITHMS_BY_NUMBER, ALGORITHMS_BY_VAULT_NUMBER, VAULT_NUMBERS_UNPUBLISHED
from engines.algorithms.row import Algorithm
from engines.faults import Failed, InvalidRequest


class Dialect(Enum):
    """The origin of a backup."""

    OPENBAO = "openbao"
    VAULT = "vault"


_NUMBERS: Mapping[Dialect, Mapping[int, Algorithm]] = {
    Dialect.OPENBAO: ALGORITHMS_BY_NUMBER,
    Dialect.VAULT: ALGORITHMS_BY_VAULT_NUMBER,
}
_POLICY_MARKS: Mapping[Dialect, frozenset[str]] = {
    Dialect.OPENBAO: frozenset({"soft_deleted"}),
    Dialect.VAULT: frozenset({"ParameterSet", "HybridConfig", "public_key_imported", "managed_key_name"}),
}
_ENTRY_MARKS: Mapping[Dialect, frozenset[str]] = {
    Dialect.OPENBAO: frozenset({"external_key_ref"}),
    Dialect.VAULT: frozenset({"managed_key_id"}),
}


def parse_dialect(text: str) -> Dialect | None:
    """The dialect called ``text``; None for "", to detect it. Raises ``InvalidRequest``."""
    if not text:
        return None
    try:
        return Dialect(text)
    except ValueError:
        raise InvalidRequest(f'unknown dialect "{text}"; must be "openbao" or "vault"') from None


def algorithm_in(
    said: Dialect | None, number: int, policy: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]
) -> Algorithm:
    """The algorithm that ``number`` means in a backup with these settings and versions.

    Raises ``Failed`` if it is unknown, or ambiguous.
    """
    versions = [entry for entry in entries if entry]
    dialect = said or _marked(policy, versions)
    if dialect is Dialect.VAULT and number in VAULT_NUMBERS_UNPUBLISHED:
        raise Failed(
            f"backups of keys of type {VAULT_NUMBERS_UNPUBLISHED[number]} by HashiCorp Vault can't be read, "
            "since their form isn't published; import the key instead"
        )
    known = {whose: numbers[number] for whose, numbers in _NUMBERS.items() if number in numbers}
    if not known or (dialect is not None and dialect not in known):
        raise Failed(f"unknown key type {number}")
    if dialect is not None:
        algorithm = known[dialect]
    elif known.get(Dialect.OPENBAO) is known.get(Dialect.VAULT):
        algorithm = known[Dialect.OPENBAO]
    else:
        algorithm = _only_fitting(number, known.values(), versions)
    if not algorithm.usage.mac_key_is_key and any(_is_mac_key(version) for version in versions):
        raise Failed(f"the backup holds keys that only authenticate, and none of type {algorithm.key_type}")
    return algorithm


def _only_fitting(number: int, candidates: Iterable[Algorithm], versions: Sequence[Mapping[str, Any]]) -> Algorithm:
    """The one of ``candidates`` that every version is a key of. Raises ``Failed`` unless there is exactly one."""
    held = [version for version in versions if version.get("hmac_key")]
    fitting = [algorithm for algorithm in candidates if held and all(_fits(algorithm, version) for version in held)]
    if len(fitting) != 1:
        raise Failed(f'key type {number} is not the same to OpenBao and to Vault; say in "dialect" whose backup it is')
    return fitting[0]


def _marked(policy: Mapping[str, Any], versions: Sequence[Mapping[str, Any]]) -> Dialect | None:
    """The dialect of the fields present; None if there are those of neither, or of both."""
    names = {name for version in versions for name in version}
    marked = [dialect for dialect in Dialect if _POLICY_MARKS[dialect] & policy.keys() or _ENTRY_MARKS[dialect] & names]
    return marked[0] if len(marked) == 1 else None


def _fits(algorithm: Algorithm, entry: Mapping[str, Any]) -> bool:
    try:
        algorithm.interchange.from_backup(entry)
    except BadBackup:
        return False
    return algorithm.usage.mac_key_is_key == _is_mac_key(entry)


def _is_mac_key(entry: Mapping[str, Any]) -> bool:
    """Whether a version's key and its MAC key are equal, as for keys that only authenticate."""
    try:
        return backup_bytes(entry, "key") == backup_bytes(entry, "hmac_key")
    except BadBackup:
        return False
