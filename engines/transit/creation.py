"""The type and settings of a new key, and the record made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, UnsetType

from engines.algorithms.registry import DEFAULT_ALGORITHM
from engines.algorithms.row import Algorithm
from engines.faults import InvalidRequest
from engines.fields import Duration, KeyValues
from engines.keys.handlers import ParameterSetName, find_algorithm
from engines.keys.policy.classification import TELLS as CLASSIFICATION_TELLS
from engines.keys.policy.classification import with_default_type
from engines.keys.records import KeyringRecord
from engines.keys.rules import KeyRules, with_rules
from engines.keys.settings import check_auto_rotate_period
from engines.keys.store import KeyStore


class KeyCreation(KeyRules):
    """The type and settings of a new key."""

    type: str = DEFAULT_ALGORITHM.name
    derived: bool = False
    convergent_encryption: bool = False
    exportable: bool = False
    allow_plaintext_backup: bool = False
    context: str = ""
    auto_rotate_period: Duration = 0
    key_size: int = 0
    parameter_set: ParameterSetName = ""
    hybrid_key_type_pqc: str = ""
    hybrid_key_type_ec: str = ""
    external_key_ref: str = ""
    data_class: str | UnsetType = UNSET
    labels: KeyValues | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    shelf_life_years: int | UnsetType = UNSET

    tells = {
        **CLASSIFICATION_TELLS,
        "type": "The key type, see [Key types].",
        "derived": "Derive a key for each `context`; every request must bring one then.",
        "convergent_encryption": (
            "Encrypt equal plaintexts in equal contexts, with equal associated data, to equal ciphertexts. "
            "Needs `derived`."
        ),
        "exportable": "Allow exports of the key itself. Can be turned on later, never off.",
        "allow_plaintext_backup": "Allow backups, which hold the key in clear. Can be turned on later, never off.",
        "context": "Accepted, without a meaning, as OpenBao does.",
        "auto_rotate_period": "Rotate by itself when the latest version is so old; at least an hour, 0 for never.",
        "key_size": "Bytes of an `hmac` key, 32 to 512; for that type alone, which needs it.",
        "parameter_set": (
            "Of `ml-dsa` and `hybrid`: `44`, `65` or `87`. Of `slh-dsa`: `slh-dsa-sha2-128s` and so on. "
            "Needed by these types."
        ),
        "hybrid_key_type_pqc": "Of `hybrid`: `ml-dsa`. Needed by that type.",
        "hybrid_key_type_ec": (
            "Of `hybrid`: `ecdsa-p256`, `ecdsa-p384`, `ecdsa-p521` or `ed25519`. Needed by that type."
        ),
        "external_key_ref": "Of OpenBao's type `external-key`, which isn't served. For that type alone.",
    }


def new_key(keys: KeyStore, body: KeyCreation, given: Mapping[str, Any]) -> KeyringRecord:
    """The key that ``body`` asks for, unclassified and without a version; ``given`` tells whether it names a type.

    Raises ``InvalidRequest``.
    """
    body = with_default_type(keys, body, given)
    check_auto_rotate_period(body.auto_rotate_period)
    if body.convergent_encryption and not body.derived:
        raise InvalidRequest("convergent encryption requires derivation to be enabled")
    record = KeyringRecord(
        name=body.name,
        type=_parse_type(keys, body).name,
        versions={},
        derived=body.derived,
        convergent=body.convergent_encryption,
        exportable=body.exportable,
        allow_plaintext_backup=body.allow_plaintext_backup,
        auto_rotate_period_seconds=body.auto_rotate_period,
        key_bytes=body.key_size,
    )
    return with_rules(record, body)


def _parse_type(keys: KeyStore, body: KeyCreation) -> Algorithm:
    algorithm = find_algorithm(keys.algorithms, body.type, body)
    if algorithm is None:
        raise InvalidRequest(f"unknown key type {body.type}")
    if body.key_size:
        if algorithm.sizes.key_bytes_chosen is None:
            raise InvalidRequest(f"key_size is not valid for algorithm {algorithm.key_type}")
        if body.key_size not in algorithm.sizes.key_bytes_chosen:
            raise InvalidRequest(f"invalid key_size {body.key_size}")
    if body.external_key_ref:
        raise InvalidRequest("must provide type=external-key to use external_key_ref")
    return algorithm
