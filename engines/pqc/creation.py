"""The type and settings of a new key, and the record made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, UnsetType

from engines.algorithms.registry import APPROVED_KEM_ALGORITHM, DEFAULT_KEM_ALGORITHM, KEM_ALGORITHMS
from engines.algorithms.row import Algorithm
from engines.faults import InvalidRequest
from engines.fields import Duration, KeyValues
from engines.keys.policy.classification import TELLS as CLASSIFICATION_TELLS
from engines.keys.policy.classification import with_default_type
from engines.keys.records import KeyringRecord
from engines.keys.rules import KeyRules, with_rules
from engines.keys.settings import check_auto_rotate_period
from engines.keys.store import KeyStore


class KeyCreation(KeyRules):
    """The type and settings of a new key."""

    type: str | UnsetType = UNSET
    exportable: bool = False
    allow_plaintext_backup: bool = False
    auto_rotate_period: Duration = 0
    data_class: str | UnsetType = UNSET
    labels: KeyValues | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    shelf_life_years: int | UnsetType = UNSET

    tells = {
        **CLASSIFICATION_TELLS,
        "type": (
            "The key type: `x25519-ml-kem-768`, `p384-ml-kem-1024`, `ml-kem-512`, `ml-kem-768` or "
            "`ml-kem-1024`; empty for the default."
        ),
        "exportable": "Allow exports of private and secret keys. Once true, it stays true.",
        "allow_plaintext_backup": "Allow backups, which contain the key unencrypted. Once true, it stays true.",
        "auto_rotate_period": "The age of the latest version at which the server rotates the key, as a duration "
        "of at least an hour; 0 for never.",
    }


def chosen_type(keys: KeyStore, name: str | UnsetType) -> Algorithm:
    """The requested algorithm, or the default. Raises ``InvalidRequest``."""
    if name is UNSET:
        return APPROVED_KEM_ALGORITHM if keys.fips.active else DEFAULT_KEM_ALGORITHM
    return parse_type(name)


def parse_type(name: str) -> Algorithm:
    """The algorithm called ``name``, if its keys encapsulate. Raises ``InvalidRequest``."""
    algorithm = KEM_ALGORITHMS.get(name)
    if algorithm is None:
        raise InvalidRequest(f"unknown key type {name}")
    return algorithm


def new_key(keys: KeyStore, body: KeyCreation, given: Mapping[str, Any]) -> KeyringRecord:
    """The key that ``body`` asks for, unclassified and without a version; ``given`` tells whether it names a type.

    Raises ``InvalidRequest``.
    """
    body = with_default_type(keys, body, given)
    check_auto_rotate_period(body.auto_rotate_period)
    record = KeyringRecord(
        name=body.name,
        type=chosen_type(keys, body.type).name,
        versions={},
        exportable=body.exportable,
        allow_plaintext_backup=body.allow_plaintext_backup,
        auto_rotate_period_seconds=body.auto_rotate_period,
    )
    return with_rules(record, body)
