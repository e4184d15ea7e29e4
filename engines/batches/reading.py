"""Batches: parsing of their items, and the answer to a batch as a whole.

Almost every batch is well-formed and parsed by one call into C; others are parsed again item by item, to decide whether
they are wrong and to report it in OpenBao's words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET

from engines.base import Call, Reply
from engines.batches.items import (
    DecryptItem,
    EncryptItem,
    InputItem,
    Item,
    RewrapItem,
    reread_leniently,
    reread_strictly,
    reread_strings,
)
from engines.faults import InvalidRequest

DEFAULT_FAILURE_STATUS = 400
_STATUSES = range(200, 600)


Other = TypeVar("Other", bound=msgspec.Struct)
AnyItem = TypeVar("AnyItem", EncryptItem, DecryptItem, RewrapItem)


def read_strictly(batch: Any, kind: type[Item], required: str, limit: int) -> list[Item]:
    """The items of ``batch`` as encryption and decryption parse them; ``required`` is a mandatory field.

    Raises ``InvalidRequest`` for an empty batch or one of more than ``limit`` items, ``Failed`` for a malformed one.
    """
    _check_size(batch, limit)
    try:
        return _not_empty(msgspec.convert(batch, list[kind]))  # type: ignore[valid-type]
    except msgspec.ValidationError:
        return _not_empty(reread_strictly(batch, kind, required))


def read_leniently(batch: Any, limit: int) -> list[RewrapItem]:
    """The items of ``batch``, at most ``limit``, as rewrapping parses them. Raises ``InvalidRequest`` or ``Failed``."""
    _check_size(batch, limit)
    try:
        # Other spellings of field names must be found, so any surplus field leads to the slow parser.
        return _not_empty(list[RewrapItem](msgspec.convert(batch, list[_ExactRewrapItem])))
    except msgspec.ValidationError:
        return _not_empty(reread_leniently(batch))


def read_strings(batch: Any, type_name: str, limit: int) -> list[InputItem]:
    """The items of ``batch``, at most ``limit``, for maps of strings; ``type_name`` is OpenBao's name of one.

    Raises ``InvalidRequest`` or ``Failed``.
    """
    _check_size(batch, limit)
    try:
        maps = msgspec.convert(batch, list[dict[str, str]])
    except msgspec.ValidationError:
        maps = reread_strings(batch, type_name)
    return _not_empty(
        [
            InputItem(
                input=map_.get("input", UNSET),
                context=map_.get("context", ""),
                reference=map_.get("reference", ""),
                signature=map_.get("signature", UNSET),
                hmac=map_.get("hmac", UNSET),
                cmac=map_.get("cmac", UNSET),
                mac_length=map_.get("mac_length", ""),
            )
            for map_ in maps
        ]
    )


def read_items(batch: Any, kind: type[Other], limit: int) -> list[Other]:
    """The items of ``batch``, at most ``limit``, of a ``kind`` that OpenBao lacks. Raises ``InvalidRequest``."""
    _check_size(batch, limit)
    try:
        return _not_empty(msgspec.convert(batch, list[kind]))  # type: ignore[valid-type]
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"failed to parse batch input: {error}") from None


def check_contexts(items: Sequence[AnyItem]) -> bool:
    """Whether items have contexts; raises ``InvalidRequest`` unless all or none have one."""
    first = bool(items[0].context)
    for item in items:
        if bool(item.context) is not first:
            raise InvalidRequest("context should be set either in all the request blocks or in none")
    return first


def reply_with_status(
    call: Call,
    results: list[dict[str, Any]],
    succeeded: bool,
    callers_faults: bool,
    own_faults: bool,
    wanted: int | None,
) -> Reply:
    """The answer to a batch of messages to encrypt or decrypt; its status tells a partial failure."""
    data = {"batch_results": results}
    if not callers_faults and not own_faults:
        return Reply(data)
    status = DEFAULT_FAILURE_STATUS if callers_faults else 500
    if wanted is not None and succeeded:
        if wanted in _STATUSES:
            status = wanted
        else:
            call.warn(f"invalid HTTP response code override from partial_failure_response_code, reverting to {status}")
    return Reply(data, status=status)


def batch_results(reply: Reply) -> list[dict[str, Any]]:
    """The results in the answer to a batch."""
    assert reply.data is not None, "a batch has results"
    results: list[dict[str, Any]] = reply.data["batch_results"]
    return results


class _ExactRewrapItem(RewrapItem, forbid_unknown_fields=True, kw_only=True):
    pass


def _check_size(batch: Any, limit: int) -> None:
    """Check the number of items; the parser reports a batch that isn't a list."""
    if isinstance(batch, list) and len(batch) > limit:
        raise InvalidRequest(f"batch_input holds {len(batch)} items, more than the {limit} that max_batch_items allows")


Listed = TypeVar("Listed")


def _not_empty(items: list[Listed]) -> list[Listed]:
    if not items:
        raise InvalidRequest("missing batch input to process")
    return items
