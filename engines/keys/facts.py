"""Facts of keys for the crypto policy, from the registry's row and the key's record.

Those of a version are made once and cached with it (``KeyVersion.facts``). An HMAC uses the MAC key of a version, and
so has facts of its own, for any type of key.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, get_type_hints

import msgspec

from engines.algorithms.formats.jws import jws_algorithms
from engines.algorithms.registry import ALGORITHMS, SIGNING_ALGORITHMS
from engines.algorithms.row import PARAMETER_SET, Algorithm, Fips
from engines.algorithms.symmetric.mac import HMAC_KEY, KEY_BYTES
from engines.algorithms.types import KEY_TYPES, find_row
from engines.crypto_policy.facts import NOWHERE, KeyFacts, Place, RequestFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.requests import signature_facts
from engines.durations import SECOND
from engines.encoding import parse_rfc3339
from engines.faults import InvalidRequest
from engines.keys.approval import unapproved_version
from engines.keys.records import KeyringRecord, VersionRecord

_BYTE_BITS = 8
_UNMADE = (CryptoOperation.CREATE, CryptoOperation.IMPORT)


def facts_of_version(record: KeyringRecord, number: int, version: VersionRecord, place: Place) -> KeyFacts:
    """The facts of version ``number`` of the key."""
    row = ALGORITHMS[record.type]
    return _facts(
        record,
        row,
        place,
        bits=row.size_bits or _chosen_bits(row, len(version.private)),
        fips_approved=not unapproved_version(record, number),
        number=number,
        created=version.created / SECOND,
        imported=version.imported or record.imported,
    )


def facts_of_latest(record: KeyringRecord, place: Place) -> KeyFacts:
    """The facts of the latest version of a key, for operations on the key as a whole."""
    return facts_of_version(record, record.latest_version, record.versions[record.latest_version], place)


def facts_of_mac(record: KeyringRecord, number: int, version: VersionRecord, place: Place) -> KeyFacts:
    """The facts of the MAC key of version ``number``: HMAC, and never derived."""
    own = ALGORITHMS[record.type].usage.mac_key_is_key
    return replace(
        _facts(
            record,
            HMAC_KEY,
            place,
            bits=_BYTE_BITS * len(version.private if own else version.mac_key),
            fips_approved=HMAC_KEY.strength.fips is Fips.APPROVED,
            number=number,
            created=version.created / SECOND,
            imported=own and (version.imported or record.imported),
        ),
        derived=False,
        convergent=False,
    )


def uses_mac(algorithm: Algorithm, operation: CryptoOperation) -> bool:
    """Whether ``operation`` with a key of ``algorithm`` is by its MAC key; checking is, where it does nothing else."""
    if operation is CryptoOperation.VERIFY:
        return not algorithm.signs and algorithm.capabilities.cmac is None
    return operation is CryptoOperation.HMAC


def facts_of_new(record: KeyringRecord, place: Place, now: float) -> KeyFacts:
    """The facts of the key that ``record`` describes, before its creation: version 0, created ``now``.

    If ``record`` has an imported latest version already, they are that one's.
    """
    row = ALGORITHMS[record.type]
    brought = record.versions.get(record.latest_version)
    return _facts(
        record,
        row,
        place,
        bits=row.size_bits or _chosen_bits(row, record.key_bytes if brought is None else len(brought.private)),
        fips_approved=not unapproved_version(record, record.latest_version),
        number=0,
        created=now,
        imported=record.imported or (brought is not None and brought.imported),
    )


def facts_of_issuer(algorithm: str, name: str, created: float, place: Place) -> tuple[KeyFacts, RequestFacts]:
    """The facts of a key called ``name`` that signs JSON Web Tokens by ``algorithm`` (JOSE) and is no named key.

    And those of each signature. ``created`` is in seconds since the epoch.
    """
    row, jws = next(
        (row, jws) for row in SIGNING_ALGORITHMS.values() for jws in jws_algorithms(row) if jws.name == algorithm
    )
    record = KeyringRecord(name=name, type=row.name, versions={})
    approved = row.strength.fips is Fips.APPROVED
    facts = _facts(record, row, place, bits=row.size_bits, fips_approved=approved, number=1, created=created)
    return facts, signature_facts(row, jws.options)


def _facts(
    record: KeyringRecord,
    row: Algorithm,
    place: Place,
    *,
    bits: int,
    fips_approved: bool,
    number: int,
    created: float,
    imported: bool = False,
) -> KeyFacts:
    return KeyFacts(
        type=ALGORITHMS[record.type].key_type,
        algorithm=row.name,
        family=row.family,
        primitive=row.primitive.value,
        parameter_set=row.parameter_set_name,
        bits=bits,
        classical_bits=row.strength.classical_bits,
        quantum_category=row.strength.quantum_category,
        hybrid=row.hybrid,
        fips_approved=fips_approved,
        authenticates=row.usage.authenticates,
        derived=record.derived,
        convergent=record.convergent,
        exportable=record.exportable,
        imported=imported,
        version=number,
        is_latest=number in (0, record.latest_version),
        created=created,
        data_class=record.classification.data_class,
        labels=record.classification.labels,
        owner=record.classification.owner,
        shelf_life_years=record.classification.shelf_life_years,
        name=record.name,
        mount=place.mount,
        namespace=place.namespace,
    )


def _chosen_bits(row: Algorithm, key_bytes: int) -> int:
    return _BYTE_BITS * key_bytes if row.sizes.key_bytes_chosen is not None else 0


def facts_of_type(key_type: str, operation: CryptoOperation, given: Mapping[str, Any], *, now: float = 0) -> KeyFacts:
    """The facts of a key of ``key_type`` in use by ``operation``, with those in ``given`` replaced.

    ``key_type`` is as in the API, with the creation parameters (``parameter_set`` and halves) in ``given`` if rows
    share it; or the registry's id. ``created`` is in seconds since the epoch or in RFC 3339, ``now`` if absent. Raises
    ``InvalidRequest`` for an unknown type or fact, and for a value of another type.
    """
    row = _row(key_type, given)
    taken = {name: _value(name, value) for name, value in given.items() if name not in _CREATION and name != "type"}
    if "parameter_set" in given and not row.type_parameters:
        taken["parameter_set"] = _value("parameter_set", given["parameter_set"])
    own, row = row, HMAC_KEY if uses_mac(row, operation) else row
    number = 0 if operation in _UNMADE else 1
    record = KeyringRecord(name="", type=own.name, versions={}, key_bytes=KEY_BYTES, latest_version=1)
    approved = row.strength.fips is Fips.APPROVED
    bits = row.size_bits or _chosen_bits(row, KEY_BYTES)
    facts = _facts(record, row, NOWHERE, bits=bits, fips_approved=approved, number=number, created=now)
    return replace(facts, **{"is_latest": True, "imported": operation is CryptoOperation.IMPORT, **taken})


_CREATION = frozenset({PARAMETER_SET, "hybrid_key_type_pqc", "hybrid_key_type_ec"})
_HINTS = {name: hint for name, hint in get_type_hints(KeyFacts).items() if name != "verdicts"}


def _row(key_type: str, given: Mapping[str, Any]) -> Algorithm:
    named = ALGORITHMS.get(key_type)
    if named is not None:
        return named
    rows = KEY_TYPES.get(key_type, [])
    texts = {name: str(given.get(name, "")) for name in _CREATION}
    for row in rows:
        if texts[PARAMETER_SET] == row.parameter_set_name:
            return row
    found = find_row(key_type, texts)
    if found is None:
        raise InvalidRequest(f"unknown key type {key_type}")
    return found


def _value(name: str, value: Any) -> Any:
    """``value`` converted to the type of the fact ``name``. Raises ``InvalidRequest``."""
    hint = _HINTS.get(name)
    if hint is None:
        raise InvalidRequest(f'key: there is no fact "{name}"')
    if name == "created" and isinstance(value, str):
        moment = parse_rfc3339(value)
        if moment is None:
            raise InvalidRequest("key: created is neither a time in RFC 3339 nor a number of seconds")
        return moment / SECOND
    try:
        converted = msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"key: {name}: {error}") from None
    if isinstance(converted, float) and not math.isfinite(converted):
        raise InvalidRequest(f"key: {name} is not a number")
    return converted


assert _HINTS.keys() == {field.name for field in fields(KeyFacts)} - {"verdicts"}
