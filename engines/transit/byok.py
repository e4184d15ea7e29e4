"""Export of a key to another system, wrapped to that system's public key, which was imported here."""

from __future__ import annotations

from typing import ClassVar

from engines.algorithms.hashes import Hash
from engines.algorithms.rsa.key_wrapping import DEFAULT_WRAPPING_HASH, parse_wrapping_hash, wrap
from engines.base import Body, Call, Reply
from engines.crypto_policy.fips import unapproved_hash
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.requests import wrapping_facts
from engines.crypto_policy.uses import begin
from engines.encoding import encode_base64
from engines.faults import Failed, InvalidRequest
from engines.keys.keyring import Keyring
from engines.keys.states import Use
from engines.transfer.versions import VersionSegment, select_versions
from engines.transit.state import Transit


class ByokExport(Body):
    """The key to export, and the key to wrap it to."""

    path_only: ClassVar[frozenset[str]] = frozenset({"version"})

    destination: str = ""
    source: str = ""
    version: VersionSegment = ""
    hash: str = DEFAULT_WRAPPING_HASH

    tells = {
        "destination": "The wrapping key: a key here with the recipient's public RSA key.",
        "source": "The key to export.",
        "version": "A version, as `3` or `v3`, or `latest`. Default: all versions from `min_decryption_version` on.",
        "hash": "The hash of OAEP, as `hash_function` of imports.",
    }


async def byok_export(engine: Transit, call: Call, body: ByokExport) -> Reply:
    """Return a key's versions, wrapped, by number, without those of which only the public part is known."""
    uses = begin(engine.keys, call, CryptoOperation.BYOK_EXPORT, body.source)
    destination = await engine.keys.use(body.destination, Use.PROTECT, call)
    if destination is None:
        raise Failed("no such destination key to export to")
    _check_not_deleted("destination", destination)
    recipient = destination.protecting(destination.latest)
    source = await engine.keys.use(body.source, Use.COPY, call)
    if source is None:
        raise Failed("no such source key for export")
    if not source.record.exportable:
        raise InvalidRequest("key is not exportable")
    _check_not_deleted("source", source)
    form = source.algorithm.interchange
    wrapped: dict[str, str] = {}
    for version in select_versions(source, body.version):
        material = version.material()
        if material.private:
            hash_ = _check_wraps(engine, call, destination, body.hash)
            uses.allow(version.facts(uses.place), wrapping_facts(hash_)).count += 1
            key = wrap(recipient.record.public, form.wrappable(material), hash_)
            wrapped[str(version.number)] = encode_base64(key)
        elif body.version:
            raise InvalidRequest("version has no private key part")
    return Reply({"name": source.record.name, "type": source.algorithm.key_type, "keys": wrapped})


def _check_not_deleted(role: str, keyring: Keyring) -> None:
    if keyring.record.soft_deleted:
        raise Failed(f"for {role} key: refusing to use soft-deleted key")


def _check_wraps(engine: Transit, call: Call, destination: Keyring, hash_name: str) -> Hash:
    """The hash to wrap with. Raises ``Failed`` if there is none of that name, or ``destination`` can't wrap."""
    try:
        hash_ = parse_wrapping_hash(hash_name)
    except InvalidRequest as fault:
        raise Failed(fault.message) from None
    engine.keys.fips.protecting(call, unapproved_hash("RSA-OAEP", hash_))
    if not destination.algorithm.signs:
        raise Failed(
            f"key wrapping (requring message signing) is not supported for key type {destination.algorithm.key_type}"
        )
    if destination.algorithm.capabilities.encryption is None:
        raise Failed("unsupported key type in use; must be a rsa key")
    return hash_
