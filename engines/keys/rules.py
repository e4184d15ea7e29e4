"""Settings of a key beyond Vault's: limits, times of activity, a disabling switch, and notes."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from engines.algorithms.registry import ALGORITHMS
from engines.base import Body
from engines.durations import SECOND, format_time_nanoseconds
from engines.encoding import parse_rfc3339
from engines.faults import InvalidRequest
from engines.fields import READING, Duration, KeyValues, same_words
from engines.keys.counting.limits import REFUSE, ROTATE
from engines.keys.records import KeyringRecord

MAX_METADATA = 64
"""The most notes on a key, as many as Vault's key-value engine takes."""

MAX_METADATA_NAME_BYTES = 128
MAX_METADATA_VALUE_BYTES = 512

_INT64_MAX = 2**63 - 1
_EPOCH_SECONDS = re.compile(r"[0-9]{1,10}", re.ASCII)
_MAX_SECONDS = _INT64_MAX // SECOND


def parse_time(name: str, text: str) -> int:
    """The nanoseconds since the epoch of a time in RFC 3339 or in seconds since the epoch; 0 for "" and "0".

    Raises ``InvalidRequest``.
    """
    if not text:
        return 0
    if _EPOCH_SECONDS.fullmatch(text) and int(text) <= _MAX_SECONDS:
        return int(text) * SECOND
    moment = parse_rfc3339(text)
    if moment is None:
        raise InvalidRequest(f"{name} is neither a time in RFC 3339 nor a number of seconds since the epoch")
    return moment


def plain_time(text: str) -> str:
    """The canonical text of a time."""
    try:
        return str(parse_time("", text))
    except InvalidRequest:
        return text


TimeText: TypeAlias = Annotated[str, Meta(extra={READING: plain_time})]
"""A time in RFC 3339, or in seconds since the epoch."""


class KeyRules(Body):
    """The settings of a key beyond Vault's; omitted ones are unchanged, empty or zero ones are unset."""

    name: str = ""
    max_encryptions: int | UnsetType = UNSET
    on_max_encryptions: Annotated[str, Meta(extra={READING: same_words({"": ROTATE})})] | UnsetType = UNSET
    not_before: TimeText | UnsetType = UNSET
    not_after: TimeText | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    custom_metadata: KeyValues | UnsetType = UNSET

    tells = {
        "name": "The name of the key: letters, digits and `_`, with `-` and `.` inside.",
        "max_encryptions": "How often one version may encrypt; 0 for what its type allows. See [States and counts].",
        "on_max_encryptions": "What happens then: `rotate` (also when empty) or `refuse`.",
        "not_before": (
            "When the key becomes usable, in RFC 3339 or seconds since the epoch; empty or 0 for no such time."
        ),
        "not_after": "When it stops protecting anything new, in the same forms; later than `not_before`.",
        "disabled": "Whether nothing can be done with the key.",
        "custom_metadata": (
            "Text by name, for your own use; replaces what there was. At most 64, names of 1 to 128 bytes, "
            "values of up to 512."
        ),
    }


class KeyConfig(KeyRules):
    """All settings of a key; omitted ones are unchanged."""

    min_decryption_version: int | UnsetType = UNSET
    min_encryption_version: int | UnsetType = UNSET
    deletion_allowed: bool | UnsetType = UNSET
    exportable: bool | UnsetType = UNSET
    allow_plaintext_backup: bool | UnsetType = UNSET
    auto_rotate_period: Duration | UnsetType = UNSET

    tells = {
        "min_decryption_version": (
            "The oldest version that decrypts and verifies. Older versions are archived. 0 means 1, with a warning."
        ),
        "min_encryption_version": (
            "The oldest version that `key_version` may name to encrypt, sign or authenticate; 0 for any."
        ),
        "deletion_allowed": "Allow the key to be deleted.",
        "exportable": "Allow exports of private and secret keys. Once true, it stays true.",
        "allow_plaintext_backup": "Allow backups, which contain the key unencrypted. Once true, it stays true.",
        "auto_rotate_period": "The age of the latest version at which the server rotates the key, as a duration "
        "of at least an hour; 0 for never.",
    }


def with_rules(record: KeyringRecord, rules: KeyRules) -> KeyringRecord:
    """``record`` with the settings in ``rules``. Raises ``InvalidRequest``."""
    not_before = record.not_before if rules.not_before is UNSET else parse_time("not_before", rules.not_before)
    not_after = record.not_after if rules.not_after is UNSET else parse_time("not_after", rules.not_after)
    if not_before and not_after and not_after <= not_before:
        raise InvalidRequest("not_after must be later than not_before")
    return replace(
        record,
        max_encryptions=_max_encryptions(record, rules.max_encryptions),
        refuses_at_max=_refuses_at_max(record, rules.on_max_encryptions),
        not_before=not_before,
        not_after=not_after,
        disabled=record.disabled if rules.disabled is UNSET else rules.disabled,
        custom_metadata=_custom_metadata(record, rules.custom_metadata),
    )


def describe_rules(record: KeyringRecord) -> dict[str, Any]:
    """The settings that aren't unset, by name."""
    shown: dict[str, Any] = {}
    if record.max_encryptions:
        shown["max_encryptions"] = record.max_encryptions
    if record.refuses_at_max:
        shown["on_max_encryptions"] = REFUSE
    if record.not_before:
        shown["not_before"] = format_time_nanoseconds(record.not_before)
    if record.not_after:
        shown["not_after"] = format_time_nanoseconds(record.not_after)
    if record.disabled:
        shown["disabled"] = True
    if record.custom_metadata:
        shown["custom_metadata"] = record.custom_metadata
    return shown


def _max_encryptions(record: KeyringRecord, given: int | UnsetType) -> int:
    if given is UNSET or given == 0:
        return record.max_encryptions if given is UNSET else 0
    algorithm = ALGORITHMS[record.type]
    if not algorithm.counted:
        raise InvalidRequest(
            f"max_encryptions is not valid for keys of type {algorithm.key_type}, which encrypt nothing"
        )
    most = algorithm.usage.max_encryptions or _INT64_MAX
    if not 0 < given <= most:
        raise InvalidRequest(f"max_encryptions of keys of type {algorithm.key_type} must be between 1 and {most}, or 0")
    return given


def _refuses_at_max(record: KeyringRecord, given: str | UnsetType) -> bool:
    if given is UNSET:
        return record.refuses_at_max
    if given not in ("", ROTATE, REFUSE):
        raise InvalidRequest(f'on_max_encryptions must be "{ROTATE}" or "{REFUSE}"')
    return given == REFUSE


def _custom_metadata(record: KeyringRecord, given: dict[str, str] | UnsetType) -> dict[str, str]:
    return record.custom_metadata if given is UNSET else checked_metadata("custom_metadata", given)


def checked_metadata(name: str, given: dict[str, str]) -> dict[str, str]:
    """``given``, which came as the parameter ``name``, if it is within bounds. Raises ``InvalidRequest``."""
    if len(given) > MAX_METADATA:
        raise InvalidRequest(f"{name} has more than {MAX_METADATA} entries")
    for entry, value in given.items():
        if not entry or _size(name, entry) > MAX_METADATA_NAME_BYTES:
            raise InvalidRequest(f"names in {name} have 1 to {MAX_METADATA_NAME_BYTES} bytes of UTF-8")
        if _size(name, value) > MAX_METADATA_VALUE_BYTES:
            raise InvalidRequest(f"values in {name} have at most {MAX_METADATA_VALUE_BYTES} bytes of UTF-8")
    return given


def _size(name: str, text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise InvalidRequest(f"{name} is not Unicode") from None
