"""CMACs of data, by keys of that type, and their verification: Vault's API, which OpenBao lacks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any, ClassVar

from msgspec import UNSET, UnsetType

from engines.algorithms.symmetric.cmac import CODE_BYTES, MIN_CODE_BYTES
from engines.base import Body, Call, Holds, Reply
from engines.batches.items import InputItem
from engines.batches.reading import read_strings
from engines.crypto_policy.facts import NO_REQUEST
from engines.crypto_policy.gate import PolicyRefused
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import Uses, begin
from engines.encoding import encode_base64
from engines.faults import InvalidRequest
from engines.fields import Batch, IntegerSegment
from engines.keys.keyring import Keyring, KeyVersion
from engines.keys.states import Use
from engines.keys.store import SoftDeleted
from engines.transit.signature import hmac
from engines.transit.signature.hash import decode_input
from engines.transit.state import Transit
from engines.worker_pools import in_turns

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_ITEM = "transit.cmacWriteItem"


class Authentication(Body):
    """Data to authenticate, and the key; ``url_mac_length`` in the path overrides ``mac_length``."""

    holds: ClassVar[Holds] = {"batch_input": InputItem}

    other_names: ClassVar[Mapping[str, str]] = {"url_mac_length": "mac_length"}

    path_only: ClassVar[frozenset[str]] = frozenset({"url_mac_length"})

    name: str = ""
    url_mac_length: IntegerSegment = ""
    mac_length: int = 0
    input: str | UnsetType = UNSET
    key_version: int = 0
    batch_input: Batch = UNSET

    tells = {
        "name": "The name of the key: letters, digits and `_`, with `-` and `.` inside.",
        "url_mac_length": "The length, in the path; takes precedence over `mac_length`.",
        "mac_length": "The length of the MAC in bytes, 4 to 16: the leading bytes of the full MAC. 0 for 16.",
        "input": "The data in base64; not empty.",
        "key_version": "The version to use; 0 for the latest.",
        "batch_input": "A batch of items. See [Batches]. The parameters of a single item are then ignored.",
    }


async def authenticate(engine: Transit, call: Call, body: Authentication) -> Reply:
    """Return the CMAC of ``input``, or of every item of ``batch_input``, whole or its first ``mac_length`` bytes."""
    uses = begin(engine.keys, call, CryptoOperation.CMAC, body.name)
    items = None
    if body.batch_input is not UNSET and body.batch_input is not None:
        items = read_strings(body.batch_input, _ITEM, engine.max_batch_items)
    length = url_length(body.url_mac_length)
    keyring = await load(engine, body.name, Use.PROTECT, call)
    version = hmac.version_to_authenticate(keyring, body.key_version)
    if items is None:
        item = InputItem(input=body.input)
        return Reply({"cmac": _code(uses, version, item, body.mac_length if length is None else length, 0)})
    warn_of_lengths(call, items, length)
    uses.batch = True
    results = [
        _authenticate_item(uses, version, item, length, index) async for index, item in in_turns(enumerate(items))
    ]
    uses.complete(keyring.algorithm.name, len(items))
    return Reply({"batch_results": results})


def _authenticate_item(
    uses: Uses, version: KeyVersion, item: InputItem, length: int | None, index: int
) -> dict[str, Any]:
    try:
        code = _code(uses, version, item, item_length(item, length), index)
    except (InvalidRequest, PolicyRefused) as fault:
        return {"error": fault.message, "reference": item.reference}
    return {"cmac": code, "reference": item.reference}


def _code(uses: Uses, version: KeyVersion, item: InputItem, length: int, index: int) -> str:
    length = check_length(length)
    code = _digest(uses, version, _read_input(item, index))[:length]
    return version.prefix + encode_base64(code)


def _digest(uses: Uses, version: KeyVersion, data: bytes) -> bytes:
    use = uses.allow(version.facts(uses.place), NO_REQUEST, len(data))
    use.begin()
    code = version.cmac.digest(data)
    use.made(len(data), len(code) if uses.operation is CryptoOperation.CMAC else 0)
    return code


def is_code(keyring: Keyring, uses: Uses, item: InputItem, length: int, index: int = 0) -> bool:
    """Whether the CMAC of ``item`` is that of its input, ``length`` bytes long.

    Raises ``InvalidRequest`` or ``PolicyRefused``.
    """
    length = check_length(length)
    data = _read_input(item, index)
    code = item.cmac if item.cmac is not UNSET else ""
    version, given = hmac.open_code(keyring, code, "CMAC")
    return compare_digest(_digest(uses, version, data)[:length], given)


async def load(engine: Transit, name: str, use: Use, call: Call) -> Keyring:
    """The key called ``name``, for this use. Raises ``InvalidRequest`` if it doesn't exist, or isn't for CMAC."""
    keyring = await hmac.load(engine, name, use, call)
    if keyring.algorithm.capabilities.cmac is None:
        raise InvalidRequest(f"key {name} is not a supported CMAC key type: {keyring.algorithm.key_type}")
    if keyring.record.soft_deleted:
        raise SoftDeleted
    return keyring


def url_length(text: str) -> int | None:
    """The length in the path; None if absent. Raises ``InvalidRequest``."""
    if not text:
        return None
    if not _INTEGER.fullmatch(text):
        raise InvalidRequest("the url mac-length parameter failed parsing: it is not a number")
    try:
        check_length(int(text))
    except InvalidRequest as fault:
        raise InvalidRequest(f"the url mac-length parameter is invalid: {fault.message}") from None
    return int(text)


def check_length(length: int) -> int:
    """The bytes of a code for a requested ``length``, 0 meaning all. Raises ``InvalidRequest``."""
    if length < 0:
        raise InvalidRequest("must not be less than 0")
    if length > CODE_BYTES:
        raise InvalidRequest(f"must not be greater than {CODE_BYTES}")
    if 0 < length < MIN_CODE_BYTES:
        raise InvalidRequest(f"must not be less than {MIN_CODE_BYTES}, since so short a code is soon guessed")
    return length or CODE_BYTES


def item_length(item: InputItem, length: int | None) -> int:
    """The length for ``item``; ``length`` is the path's. Raises ``InvalidRequest``."""
    if length is not None:
        return length
    if not item.mac_length:
        return 0
    if not _INTEGER.fullmatch(item.mac_length):
        raise InvalidRequest("mac_length is not a number")
    return int(item.mac_length)


def warn_of_lengths(call: Call, items: list[InputItem], length: int | None) -> None:
    """Warn once for all items whose length the path overrides."""
    if length is not None and any(item.mac_length not in ("", "0") for item in items):
        call.warn(f"the mac_length of items is overridden by url_mac_length {length}")


def _read_input(item: InputItem, index: int) -> bytes:
    if item.input is UNSET or not item.input.strip():
        raise InvalidRequest(f"input item {index} was blank")
    return decode_input(item.input)
