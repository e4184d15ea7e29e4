"""Certificates of key pairs: requests, and chains."""

from __future__ import annotations

from functools import partial

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from engines.algorithms.encodings.interchange import KeyFormat
from engines.algorithms.formats.certificate_requests import parse_template, request_certificate, request_options
from engines.algorithms.formats.certificates import check_certified, check_chain, parse_chain
from engines.base import Call, Reply
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.requests import signature_facts
from engines.crypto_policy.uses import begin, note
from engines.encoding import decode_base64
from engines.faults import Failed, Fault, InvalidRequest
from engines.keys.keyring import Keyring
from engines.keys.records import KeyringRecord
from engines.keys.settings import KeyName
from engines.keys.states import Use
from engines.keys.store import KeepsKeys
from engines.worker_pools import at_pace


class CertificateRequest(KeyName):
    """The key to request a certificate for; ``csr`` is a request in PEM to take the subject from."""

    csr: str = ""
    version: int | UnsetType = UNSET

    tells = {
        "csr": "A certificate request in PEM, whose subject and extensions are used. Without it, both are empty.",
        "version": "The version. Default: the latest.",
    }


class CertificateChain(KeyName):
    """The certificates of a key in PEM, the key's own first."""

    certificate_chain: str = ""
    version: int | UnsetType = UNSET

    tells = {
        "certificate_chain": "Certificates in PEM, the key's own first. With several, the last is a certificate "
        "authority's.",
        "version": "The version. Default: the latest.",
    }


async def request(engine: KeepsKeys, call: Call, body: CertificateRequest) -> Reply:
    """A certificate request, signed by the key."""
    uses = begin(engine.keys, call, CryptoOperation.SIGN, body.name)
    keyring = await _load(engine, body.name, Use.PROTECT, call)
    template = parse_template(body.csr)
    if keyring.record.soft_deleted:
        raise Failed("refusing to use soft-deleted key")
    number = keyring.record.latest_version if body.version is UNSET else body.version
    version = keyring.versions.get(number)
    if version is None:
        raise InvalidRequest("could not create the csr: no such key version")
    material = keyring.protecting(version).material()
    if not material.private:
        raise InvalidRequest("could not create the csr: private key not imported for key version selected")
    options = request_options(keyring.algorithm)
    use = uses.allow(version.facts(uses.place), signature_facts(keyring.algorithm, options))
    use.begin()
    text = await at_pace(
        keyring.algorithm.pacing.signing, partial(request_certificate, keyring.algorithm, material, template)
    )
    use.made()
    return Reply({"name": keyring.record.name, "type": keyring.algorithm.key_type, "csr": text})


async def set_chain(engine: KeepsKeys, call: Call, body: CertificateChain) -> Reply:
    """Store a chain of certificates with a version of a key, which the first must be for."""
    note(call, CryptoOperation.CONFIGURE, body.name)
    keyring = await _load(engine, body.name, Use.MANAGE, call)
    chain = parse_chain(body.certificate_chain)

    def edit(record: KeyringRecord) -> KeyringRecord:
        number = record.latest_version if body.version is UNSET else body.version
        try:
            check_chain(chain)
            version = record.versions.get(number)
            if version is None:
                raise InvalidRequest("no such key version")
            public = keyring.algorithm.interchange.export_public(version.public, KeyFormat.DER)
            check_certified(chain[0], decode_base64(public), keyring.algorithm.key_type)
        except Fault as fault:
            kind = Failed if isinstance(fault, Failed) else InvalidRequest
            raise kind(f"failed to persist certificate chain: {fault.message}") from None
        return replace(record, versions={**record.versions, number: replace(version, certificate_chain=chain)})

    await engine.keys.change(body.name, call, _missing(body.name), edit)
    return Reply(
        {"name": keyring.record.name, "type": keyring.algorithm.key_type, "certificate_chain": body.certificate_chain}
    )


async def _load(engine: KeepsKeys, name: str, use: Use, call: Call) -> Keyring:
    keyring = await engine.keys.use(name, use, call)
    if keyring is None:
        raise _missing(name)
    if not keyring.algorithm.signs:
        raise InvalidRequest(f"key type '{keyring.algorithm.key_type}' does not support signing")
    if keyring.record.derived:
        raise InvalidRequest("operation not supported for keys with derivation enabled")
    return keyring


def _missing(name: str) -> InvalidRequest:
    return InvalidRequest(f"key with provided name '{name}' not found")
