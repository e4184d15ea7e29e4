"""The type and settings of a new key, and the record made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from engines.algorithms.registry import DEFAULT_SIGNING_ALGORITHM
from engines.base import Body
from engines.faults import InvalidRequest
from engines.fields import Duration, KeyValues
from engines.keys.handlers import ParameterSetName, find_algorithm
from engines.keys.policy.classification import TELLS as CLASSIFICATION_TELLS
from engines.keys.policy.classification import with_default_type
from engines.keys.records import KeyringRecord
from engines.keys.rules import KeyRules, TimeText, with_rules
from engines.keys.settings import check_auto_rotate_period
from engines.keys.store import KeyStore


class SigningKeyRules(Body):
    """The times of a key's use and its versions' publication; omitted ones are unchanged."""

    name: str = ""
    not_before: TimeText | UnsetType = UNSET
    not_after: TimeText | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    custom_metadata: KeyValues | UnsetType = UNSET
    publish_ahead: Duration | UnsetType = UNSET
    keep_published: Duration | UnsetType = UNSET

    tells = {
        "name": "The name of the key: letters, digits and `_`, with `-` and `.` inside.",
        "not_before": (
            "When the key becomes usable, in RFC 3339 or seconds since the epoch; empty or 0 for no such time."
        ),
        "not_after": "When it stops signing, in the same forms; later than `not_before`.",
        "disabled": "Whether nothing can be done with the key.",
        "custom_metadata": (
            "Text by name, for your own use; replaces what there was. At most 64, names of 1 to 128 bytes, "
            "values of up to 512."
        ),
        "publish_ahead": "How long a new version is published before it signs. See [Publication].",
        "keep_published": (
            "How long a version stays published after it has stopped signing; 0 for as long as it verifies."
        ),
    }


NEW_KEY_TELLS = {
    **CLASSIFICATION_TELLS,
    "type": "The key type, see [Keys and algorithms].",
    "parameter_set": "The parameter set, for key types with several. See [Keys and algorithms].",
    "hybrid_key_type_pqc": "`ml-dsa`, for the type `hybrid`.",
    "hybrid_key_type_ec": "The classical algorithm of the type `hybrid`.",
    "exportable": "Allow exports of private and secret keys. Once true, it stays true.",
    "allow_plaintext_backup": "Allow backups, which contain the key unencrypted. Once true, it stays true.",
    "auto_rotate_period": "The age of the latest version at which the server rotates the key, as a duration of at"
    " least an hour; 0 for never.",
}
"""The meanings of the settings that creation and import have in common."""


class KeyCreation(SigningKeyRules):
    """The type and settings of a new key."""

    type: str = DEFAULT_SIGNING_ALGORITHM.name
    parameter_set: ParameterSetName = ""
    hybrid_key_type_pqc: str = ""
    hybrid_key_type_ec: str = ""
    exportable: bool = False
    allow_plaintext_backup: bool = False
    auto_rotate_period: Duration = 0
    data_class: str | UnsetType = UNSET
    labels: KeyValues | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    shelf_life_years: int | UnsetType = UNSET

    tells = NEW_KEY_TELLS


def new_key(keys: KeyStore, body: KeyCreation, given: Mapping[str, Any]) -> KeyringRecord:
    """The key that ``body`` asks for, unclassified and without a version; ``given`` tells whether it names a type.

    Raises ``InvalidRequest``.
    """
    body = with_default_type(keys, body, given)
    check_auto_rotate_period(body.auto_rotate_period)
    algorithm = find_algorithm(keys.algorithms, body.type, body)
    if algorithm is None:
        raise InvalidRequest(f"unknown key type {body.type}")
    record = KeyringRecord(
        name=body.name,
        type=algorithm.name,
        versions={},
        exportable=body.exportable,
        allow_plaintext_backup=body.allow_plaintext_backup,
        auto_rotate_period_seconds=body.auto_rotate_period,
    )
    return with_signing_rules(record, body)


def with_signing_rules(record: KeyringRecord, body: SigningKeyRules) -> KeyringRecord:
    """``record`` with what ``body`` says. Raises ``InvalidRequest``."""
    rules = KeyRules(
        not_before=body.not_before,
        not_after=body.not_after,
        disabled=body.disabled,
        custom_metadata=body.custom_metadata,
    )
    changed = with_rules(record, rules)
    if body.publish_ahead is not UNSET:
        changed = replace(changed, publish_ahead_seconds=body.publish_ahead)
    if body.keep_published is not UNSET:
        changed = replace(changed, keep_published_seconds=body.keep_published)
    return changed
