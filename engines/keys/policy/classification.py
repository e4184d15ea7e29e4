"""The classification of a key: data class, owner, and the years for which the data must stay secret.

Crypto policies judge keys by it. So it has a path of its own, and fields of it in other requests ask for the right to
update that path: who may only make or configure a key can't change what policies rest on. What was set with a token
of a namespace above the key's is only changed with one from there, or from further above.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from engines.base import Body, Call, Reply
from engines.faults import Denied, InvalidRequest, NotFound
from engines.fields import KeyValues
from engines.keys.records import Classification, KeyringRecord
from engines.keys.rules import checked_metadata
from engines.keys.settings import KeyName
from engines.keys.store import KeepsKeys, KeyStore

MAX_DATA_CLASS_BYTES = 64
MAX_OWNER_BYTES = 256
MAX_SHELF_LIFE_YEARS = 1000


class Classified(Protocol):
    """The fields of a classification in a body; what is absent stays as it is, what is empty or zero is unset.

    Each body that has them writes them out, since a ``Struct`` has one base; mypy holds them against these.
    """

    data_class: str | UnsetType
    labels: KeyValues | UnsetType
    owner: str | UnsetType
    shelf_life_years: int | UnsetType


TELLS = {
    "data_class": "The class of the data that the key protects, such as `phi`; at most 64 bytes. See [Classification].",
    "labels": (
        "Labels for crypto policies, an object of texts by name. Replaces the present ones. At most 64, with "
        "names of 1 to 128 bytes and values of up to 512. See [Classification]."
    ),
    "owner": "The person or team responsible for the key; at most 256 bytes. See [Classification].",
    "shelf_life_years": "The years for which the data must stay secret, 0 to 1000. See [Classification].",
}
"""The meaning of the fields, for each body that has them."""


class ClassificationBody(KeyName):
    """The key, and its classification."""

    data_class: str | UnsetType = UNSET
    labels: KeyValues | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    shelf_life_years: int | UnsetType = UNSET

    tells = TELLS


FIELDS = ("data_class", "labels", "owner", "shelf_life_years")


def given_fields(body: Classified) -> dict[str, Any]:
    """The given fields, by name."""
    return {name: value for name in FIELDS if (value := getattr(body, name)) is not UNSET}


async def check_may_classify(keys: KeyStore, call: Call, name: str, body: Classified) -> None:
    """Raises ``Denied`` if ``body`` classifies a key and the caller may not update the path for that."""
    given = given_fields(body)
    if given and not await keys.may_update(call.caller, f"keys/{name}/classification", given):
        raise Denied


def classified(record: KeyringRecord, body: Classified, keys: KeyStore, call: Call) -> KeyringRecord:
    """``record`` with what is given. Raises ``InvalidRequest``, and ``Denied`` for what a namespace above has set."""
    given = given_fields(body)
    if not given:
        return record
    caller = "" if call.caller is None else call.caller.namespace
    above = dict(record.classification.set_above)
    for name in given:
        if not above.get(name, caller).startswith(caller):
            where = f'"{above[name]}"' if above[name] else "the root namespace"
            raise Denied(f"{name} was set from {where} and can only be changed by tokens from there", wrapped=False)
        above.pop(name, None)
        if len(caller) < len(keys.place.namespace):
            above[name] = caller
    changed = with_classification(record, body).classification
    return replace(record, classification=replace(changed, set_above=above))


def with_classification(record: KeyringRecord, body: Classified) -> KeyringRecord:
    """``record`` with what is given, for any caller. Raises ``InvalidRequest``."""
    return replace(record, classification=_checked(record.classification, given_fields(body)))


def restored(
    record: KeyringRecord, there: KeyringRecord | None, body: Classified, keys: KeyStore, call: Call
) -> KeyringRecord:
    """``record``, which comes from a backup, with its classification there, or that of the key that it replaces.

    What the request gives goes before both. Raises as ``classified``.
    """
    if there is not None:
        record = replace(record, classification=there.classification)
    return classified(record, body, keys, call)


BodyT = TypeVar("BodyT", bound=Body)


def with_default_type(keys: KeyStore, body: BodyT, given: Mapping[str, Any]) -> BodyT:
    """``body`` of a creation, with the type that a policy has for keys of its class if ``given`` names none."""
    if "type" in given:
        return body
    data_class = getattr(body, "data_class", UNSET)
    default = keys.gate.default("" if data_class is UNSET else data_class)
    return replace(body, **{name: value for name, value in default.items() if name in body.__struct_fields__})


def _checked(old: Classification, given: dict[str, Any]) -> Classification:
    for name, most in (("data_class", MAX_DATA_CLASS_BYTES), ("owner", MAX_OWNER_BYTES)):
        try:
            size = len(given.get(name, "").encode())
        except UnicodeEncodeError:
            raise InvalidRequest(f"{name} is not Unicode") from None
        if size > most:
            raise InvalidRequest(f"{name} has more than {most} bytes")
    if not 0 <= given.get("shelf_life_years", 0) <= MAX_SHELF_LIFE_YEARS:
        raise InvalidRequest(f"shelf_life_years must be between 0 and {MAX_SHELF_LIFE_YEARS}")
    checked_metadata("labels", given.get("labels", {}))
    return replace(old, **given)


def describe_classification(record: KeyringRecord) -> dict[str, Any]:
    """All fields, by name."""
    found = record.classification
    return {name: getattr(found, name) for name in FIELDS}


def describe_set(record: KeyringRecord) -> dict[str, Any]:
    """The set fields, by name."""
    return {name: value for name, value in describe_classification(record).items() if value}


async def read(engine: KeepsKeys, call: Call, body: KeyName) -> Reply:
    """Tell how a key is classified."""
    keyring = await engine.keys.load(body.name)
    if keyring is None:
        raise NotFound
    return Reply(describe_classification(keyring.record))


async def write(engine: KeepsKeys, call: Call, body: ClassificationBody) -> Reply:
    """Classify a key: replace what is given."""

    def edit(record: KeyringRecord) -> KeyringRecord:
        return classified(record, body, engine.keys, call)

    changed = await engine.keys.classify(body.name, NotFound(), edit)
    return Reply(describe_classification(changed.record))
