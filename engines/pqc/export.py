"""Export of keys in clear, if they are exportable, and of public keys of any key."""

from __future__ import annotations

from typing import ClassVar

from engines.algorithms.encodings.kem_formats import parse_kem_format
from engines.base import Call, Reply
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import begin
from engines.faults import InvalidRequest, NotFound
from engines.keys.settings import KeyName
from engines.keys.states import Use
from engines.pqc.state import Pqc
from engines.transfer.versions import VersionSegment, select_versions

PRIVATE = "decapsulation-key"
PUBLIC = "public-key"


class Export(KeyName):
    """The part, version and format to export; ``type`` is the part, from the path."""

    path_only: ClassVar[frozenset[str]] = frozenset({"version"})

    type: str = ""
    version: VersionSegment = ""
    format: str = ""

    tells = {
        "type": "`decapsulation-key` or `public-key`.",
        "version": "A version number, or `latest`. Default: all versions from `min_decryption_version` on.",
        "format": "The encoding: `pem`, `der`, `raw`, `seed`, `expanded` or `jwk`. Empty for the default of the "
        "key type.",
    }


async def export(engine: Pqc, call: Call, body: Export) -> Reply:
    """Return a key's versions as text, by number; "" if only the public part is known."""
    uses = begin(engine.keys, call, CryptoOperation.EXPORT, body.name)
    if body.type not in (PRIVATE, PUBLIC):
        raise InvalidRequest(f"invalid export type: {body.type}")
    form = parse_kem_format(body.format)
    keyring = await engine.keys.use(body.name, Use.COPY, call)
    if keyring is None:
        raise NotFound
    if body.type == PRIVATE and not keyring.record.exportable:
        raise InvalidRequest("private key material is not exportable")
    forms = keyring.algorithm.capabilities.kem_keys
    assert forms is not None, "keys that encapsulate have forms"
    texts: dict[str, str] = {}
    for version in select_versions(keyring, body.version):
        if body.type == PUBLIC:
            texts[str(version.number)] = forms.public_text(version.record.public, form)
        else:
            material = version.material()
            uses.allow(version.facts(uses.place)).count += 1
            texts[str(version.number)] = forms.private_text(material, form) if material.private else ""
    return Reply({"name": keyring.record.name, "type": keyring.record.type, "keys": texts})
