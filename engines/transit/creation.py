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
        "derived": "Derive a key from each request's `context`, which is then required.",
        "convergent_encryption": (
            "Convergent encryption: equal plaintexts with equal contexts and associated data have equal "
            "ciphertexts. Requires `derived`."
        ),
        "exportable": "Allow exports of private and secret keys. Once true, it stays true.",
        "allow_plaintext_backup": "Allow backups, which contain the key unencrypted. Once true, it stays true.",
        "context": "Accepted and ignored, as by OpenBao.",
        "auto_rotate_period": "The age of the latest version at which the server rotates the key, as a duration "
        "of at least an hour; 0 for never.",
        "key_size": "The length of an `hmac` key in bytes, 32 to 512. Required for that type, refused for others.",
        "parameter_set": (
            "Required for `ml-dsa` and `hybrid` (`44`, `65` or `87`) and for `slh-dsa` (`slh-dsa-sha2-128s` and so on)."
        ),
        "hybrid_key_type_pqc": "Required for `hybrid`: `ml-dsa`.",
        "hybrid_key_type_ec": ("Required for `hybrid`: `ecdsa-p256`, `ecdsa-p384`, `ecdsa-p521` or `ed25519`."),
        "external_key_ref": "For OpenBao's type `external-key`, which is not supported.",
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
