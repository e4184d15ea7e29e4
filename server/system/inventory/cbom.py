"""``inventory/cbom``: the inventory of this namespace and those below as a document of CycloneDX or SPDX."""

from __future__ import annotations

from contextlib import aclosing

from msgspec import UNSET, UnsetType

from engines.base import Call, Operation, Raw, Reply, Route, Row, Scope
from engines.crypto_policy.profiles.catalogue import all_profiles
from engines.faults import InvalidRequest
from server.inventory.documents.used import key_properties
from server.inventory.documents.writers import FORMATS, writer_of
from server.inventory.verdicts import Judging
from server.inventory.walking import Chosen, all_rows
from server.system.inventory.parts import own_cryptography
from server.system.inventory.views import NAMES_TELL, AtBody, hiding_of, moment
from server.system.state import System
from server.tenants.namespaces.names import normalise

MAX_BYTES = 64 * 1024 * 1024
"""The longest document, in bytes: about 40,000 key versions."""


class CbomBody(AtBody):
    """The form of the document, and its part of the inventory."""

    format: str = FORMATS[0]
    use: bool = False
    namespace: str | UnsetType = UNSET
    mount: str = ""
    names: str = ""

    tells = {
        "format": f"One of {', '.join(f'`{each}`' for each in FORMATS)}.",
        "use": "Tell counts and dates of use too, with which two documents are hardly ever the same.",
        "namespace": "Tell of the keys of this namespace alone, by its whole path.",
        "mount": "Tell of the keys of the mount at this path alone.",
        "names": NAMES_TELL,
    }


async def read_cbom(system: System, call: Call, body: CbomBody) -> Reply:
    """Give the inventory as a cryptographic bill of materials."""
    if body.format not in FORMATS:
        raise InvalidRequest(f"format must be one of {', '.join(FORMATS)}")
    at, hiding = moment(body.at, call.now), await hiding_of(system, body.names)
    if body.use:
        await system.unsealed.use_writer.flush_all()
    own = await own_cryptography(system, call.now)
    writer = writer_of(body.format, own if hiding is None else own.hidden(hiding.hidden))
    profiles = [Judging(profile) for profile in all_profiles().values()]
    namespace = None if body.namespace is UNSET else normalise(body.namespace)
    mount = f"{body.mount.strip('/')}/" if body.mount.strip("/") else ""
    document = bytearray(writer.begin(call.now))
    async with aclosing(all_rows(system.unsealed, system.tenant, Chosen(namespace, mount), at, use=body.use)) as rows:
        async for row in rows:
            properties = key_properties(row, at, profiles, use=body.use)
            document += writer.key(row, properties if hiding is None else hiding.properties(properties))
            if len(document) > MAX_BYTES:
                raise InvalidRequest(f"the document is longer than {MAX_BYTES} bytes: ask for a namespace or a mount")
    for piece in writer.end():
        document += piece
    return Reply(raw=Raw(writer.content_type, bytes(document)))


CBOM_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.READ, "inventory/cbom", read_cbom, CbomBody, "Give the inventory as CycloneDX or SPDX.",
          writes=False, scope=Scope.EACH),
)  # fmt: skip
