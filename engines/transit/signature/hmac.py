"""HMACs of data, by the MAC key of every version of every key, and their verification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from msgspec import UNSET, UnsetType

from engines.algorithms.hashes import DEFAULT_HASH, HASHES, NO_HASH, Hash
from engines.base import Body, Call, Holds, Reply
from engines.batches.items import InputItem
from engines.batches.reading import read_strings
from engines.crypto_policy.facts import RequestFacts
from engines.crypto_policy.fips import unapproved_hash
from engines.crypto_policy.gate import PolicyRefused
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import Uses, begin
from engines.encoding import NotBase64, decode_base64, encode_base64
from engines.faults import InvalidRequest
from engines.fields import Batch
from engines.keys.keyring import Keyring, KeyVersion, parse_header
from engines.keys.states import Use
from engines.keys.store import SoftDeleted
from engines.transit.signature.hash import decode_input
from engines.transit.state import Transit
from engines.worker_pools import in_turns

PURPOSE = "an HMAC"
"""The name of an HMAC in warnings if its hash function isn't approved."""


class Authentication(Body):
    """Data to authenticate, and the key; ``urlalgorithm`` in the path overrides ``algorithm``."""

    holds: ClassVar[Holds] = {"batch_input": InputItem}

    other_names: ClassVar[Mapping[str, str]] = {"urlalgorithm": "algorithm"}

    path_only: ClassVar[frozenset[str]] = frozenset({"urlalgorithm"})

    name: str = ""
    urlalgorithm: str = ""
    algorithm: str = DEFAULT_HASH.name
    input: str | UnsetType = UNSET
    key_version: int = 0
    batch_input: Batch = UNSET

    tells = {
        "name": "The name of the key: letters, digits and `_`, with `-` and `.` inside.",
        "urlalgorithm": "The hash, in the path; takes precedence over the parameters.",
        "algorithm": "The hash, see [Hashes].",
        "input": "Base64 of the data.",
        "key_version": "The version to use; 0 for the latest.",
        "batch_input": "A batch of items. See [Batches]. The parameters of a single item are then ignored.",
    }


async def authenticate(engine: Transit, call: Call, body: Authentication) -> Reply:
    """Return the HMAC of ``input``, or of every item of ``batch_input``."""
    uses = begin(engine.keys, call, CryptoOperation.HMAC, body.name)
    keyring = await load(engine, body.name, Use.PROTECT, call)
    if keyring.record.soft_deleted:
        raise SoftDeleted
    version = version_to_authenticate(keyring, body.key_version)
    hash_ = _parse_algorithm(body.urlalgorithm or body.algorithm)
    if engine.keys.fips.active:
        engine.keys.fips.protecting(call, unapproved_hash(PURPOSE, hash_))
    request = RequestFacts(hash=hash_.name)
    if body.batch_input is not UNSET and body.batch_input is not None:
        items = read_strings(body.batch_input, "transit.batchRequestHMACItem", engine.max_batch_items)
        uses.batch = True
        results = [_authenticate_item(uses, version, hash_, request, item) async for item in in_turns(items)]
        uses.complete(keyring.algorithm.name, len(items))
        return Reply({"batch_results": results})
    if body.input is UNSET:
        raise InvalidRequest("missing input for HMAC")
    return Reply({"hmac": _authenticate(uses, version, hash_, request, body.input)})


async def load(engine: Transit, name: str, use: Use, call: Call) -> Keyring:
    """The key called ``name``, for this use. Raises ``InvalidRequest`` if there is none, or its state forbids it."""
    keyring = await engine.keys.use(name, use, call)
    if keyring is None:
        raise InvalidRequest("encryption key not found")
    return keyring


def _parse_algorithm(name: str) -> Hash:
    if name == NO_HASH:
        raise InvalidRequest("algorithm cannot be none")
    hash_ = HASHES.get(name)
    if hash_ is None:
        # OpenBao prints the missing hash function's number, zero, as a character.
        raise InvalidRequest("unsupported algorithm '\\x00'")
    return hash_


def version_to_authenticate(keyring: Keyring, requested: int) -> KeyVersion:
    """The version ``requested``, 0 for the latest. Raises ``InvalidRequest``."""
    record = keyring.record
    if requested == 0 or requested == record.latest_version:
        return keyring.protecting(keyring.latest)
    if requested > record.latest_version:
        raise InvalidRequest(f"key version does not exist; latest key version is {record.latest_version}")
    if 0 < record.min_encryption_version and requested < record.min_encryption_version:
        raise InvalidRequest("cannot generate HMAC: version is too old (disallowed by policy)")
    if requested < 0:
        raise InvalidRequest("key version does not exist (cannot be negative)")
    return keyring.protecting(keyring.version(requested))


def _authenticate(uses: Uses, version: KeyVersion, hash_: Hash, request: RequestFacts, text: str) -> str:
    data = decode_input(text)
    use = uses.allow(version.mac_facts(uses.place), request, len(data))
    use.begin()
    code = version.mac.digest(data, hash_)
    use.made(len(data), len(code))
    return version.prefix + encode_base64(code)


def _authenticate_item(
    uses: Uses, version: KeyVersion, hash_: Hash, request: RequestFacts, item: InputItem
) -> dict[str, Any]:
    try:
        if item.input is UNSET:
            raise InvalidRequest("missing input for HMAC")
        return {"hmac": _authenticate(uses, version, hash_, request, item.input), "reference": item.reference}
    except (InvalidRequest, PolicyRefused) as fault:
        return {"error": fault.message, "reference": item.reference}


def check(keyring: Keyring, uses: Uses, hash_: Hash, request: RequestFacts, text: str, code: str) -> bool:
    """Whether ``code`` (``vault:v1:...``) authenticates the data in ``text``.

    ``request`` names the hash function too. Raises ``InvalidRequest`` or ``PolicyRefused``.
    """
    data = decode_input(text)
    version, given = open_code(keyring, code, "HMAC")
    use = uses.allow(version.mac_facts(uses.place), request, len(data))
    use.begin()
    matches = version.mac.matches(data, given, hash_)
    use.made(len(data))
    return matches


def open_code(keyring: Keyring, code: str, subject: str) -> tuple[KeyVersion, bytes]:
    """The version in the header of ``code`` (``vault:v1:...``), and the bytes after it.

    ``subject`` is HMAC or CMAC, for errors. Raises ``InvalidRequest``.
    """
    number = parse_header(code, subject, f"invalid {subject} to verify: no prefix")
    try:
        given = decode_base64(code.split(":", 2)[2])
    except NotBase64 as error:
        raise InvalidRequest(f"unable to decode verification {subject} as base64: {error.message}") from None
    record = keyring.record
    if number > record.latest_version:
        raise InvalidRequest(f"invalid {subject}: version is too new")
    if number < 1 or number < record.min_decryption_version:
        raise InvalidRequest(f"cannot verify {subject}: version is too old (disallowed by policy)")
    if record.soft_deleted:
        raise SoftDeleted
    return keyring.version(number), given
