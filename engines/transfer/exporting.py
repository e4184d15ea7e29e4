"""Export of keys in clear, if they are exportable, and of public parts of any key."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from engines.algorithms.encodings.interchange import KeyFormat, export_raw, parse_format
from engines.algorithms.encodings.pem import chain_pem
from engines.base import Call, Reply
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import begin
from engines.faults import Failed, InvalidRequest, NotFound
from engines.keys.keyring import Keyring, KeyVersion
from engines.keys.settings import KeyName
from engines.keys.states import Use
from engines.keys.store import KeepsKeys
from engines.transfer.versions import VersionSegment, select_versions


class Export(KeyName):
    """The part, version and format to export; ``type`` is the part, from the path."""

    path_only: ClassVar[frozenset[str]] = frozenset({"version"})

    type: str = ""
    version: VersionSegment = ""
    format: str = ""

    tells = {
        "type": (
            "`encryption-key`, `signing-key`, `hmac-key`, `cmac-key`, `public-key` or `certificate-chain`, as "
            "far as the key has it."
        ),
        "version": "A version, as `3` or `v3`, or `latest`. Default: all versions from `min_decryption_version` on.",
        "format": "The encoding: `raw`, `der` or `pem`. Empty for the default of the key type.",
    }


async def export(engine: KeepsKeys, call: Call, body: Export) -> Reply:
    """Return a key's versions as text, by number."""
    uses = begin(engine.keys, call, CryptoOperation.EXPORT, body.name)
    kind = _KINDS.get(body.type)
    if kind is None:
        raise InvalidRequest(f"invalid export type: {body.type}")
    form = parse_format(body.format)
    keyring = await engine.keys.use(body.name, Use.COPY, call)
    if keyring is None:
        raise NotFound
    if body.type not in _PUBLIC and not keyring.record.exportable:
        raise InvalidRequest("private key material is not exportable")
    if keyring.record.soft_deleted:
        raise Failed("refusing to use soft-deleted key")
    kind.check(keyring)
    versions = select_versions(keyring, body.version)
    if body.type not in _PUBLIC:
        macs = body.type == _MAC_KEY
        for version in versions:
            uses.allow(version.mac_facts(uses.place) if macs else version.facts(uses.place)).count += 1
    texts = {str(version.number): kind.text(keyring, version, form) for version in versions}
    return Reply({"name": keyring.record.name, "type": keyring.algorithm.key_type, "keys": texts})


class _Kind:
    """One kind of export: the check of a key, and the text of a version."""

    def __init__(self, check: Callable[[Keyring], None], text: Callable[[Keyring, KeyVersion, KeyFormat], str]) -> None:
        self.check = check
        self.text = text


def _check_encrypts(keyring: Keyring) -> None:
    if not keyring.algorithm.encrypts:
        raise InvalidRequest("encryption not supported for the key")


def _check_signs(keyring: Keyring) -> None:
    if not keyring.algorithm.signs:
        raise InvalidRequest("signing not supported for the key")


def _check_certifiable(keyring: Keyring) -> None:
    if not keyring.algorithm.signs:
        raise InvalidRequest("certificate chain not supported for keys that do not support signing")


def _check_cmac(keyring: Keyring) -> None:
    if keyring.algorithm.capabilities.cmac is None:
        raise InvalidRequest("CMAC not supported for the key")


def _no_check(keyring: Keyring) -> None:
    """Allow every key."""


def _key_text(keyring: Keyring, version: KeyVersion, form: KeyFormat) -> str:
    return keyring.algorithm.interchange.export_private(version.material(), form)


def _mac_key_text(keyring: Keyring, version: KeyVersion, form: KeyFormat) -> str:
    record = version.record
    key = record.private if keyring.algorithm.usage.mac_key_is_key else record.mac_key
    return export_raw(key.reveal(), form)


def _public_key_text(keyring: Keyring, version: KeyVersion, form: KeyFormat) -> str:
    return keyring.algorithm.interchange.export_public(version.record.public, form)


def _chain_text(keyring: Keyring, version: KeyVersion, form: KeyFormat) -> str:
    if not version.record.certificate_chain:
        raise Failed("selected key version does not have a certificate chain imported")
    return chain_pem(version.record.certificate_chain)


_MAC_KEY = "hmac-key"
_PUBLIC = ("public-key", "certificate-chain")
_KINDS = {
    "encryption-key": _Kind(_check_encrypts, _key_text),
    "signing-key": _Kind(_check_signs, _key_text),
    "cmac-key": _Kind(_check_cmac, _key_text),
    _MAC_KEY: _Kind(_no_check, _mac_key_text),
    "public-key": _Kind(_no_check, _public_key_text),
    "certificate-chain": _Kind(_check_certifiable, _chain_text),
}
