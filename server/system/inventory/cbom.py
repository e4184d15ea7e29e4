"""``inventory/cbom``: the inventory of this namespace and those below as a document of CycloneDX or SPDX."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from msgspec import UNSET, UnsetType

from engines.base import Call, Operation, Reply, Route, Row, Scope
from engines.crypto_policy.profiles.catalogue import all_profiles
from engines.faults import InvalidRequest
from engines.worker_pools import SHORT_TURN_SECONDS, in_turns
from server.inventory.documents.used import key_properties
from server.inventory.documents.writers import FORMATS, writer_of
from server.inventory.hiding import HiddenNames
from server.inventory.own import Own
from server.inventory.verdicts import Judging
from server.inventory.walking import Chosen, all_rows
from server.system.inventory.long_answers import beginning_of, raw_reply
from server.system.inventory.parts import own_cryptography
from server.system.inventory.signing import MAX_SIGNED_BYTES, sign_document
from server.system.inventory.views import NAMES_TELL, AtBody, hiding_of, moment
from server.system.state import System
from server.tenants.namespaces.names import normalise


class CbomBody(AtBody):
    """The form of the document, and its part of the inventory."""

    format: str = FORMATS[0]
    use: bool = False
    namespace: str | UnsetType = UNSET
    mount: str = ""
    names: str = ""
    sign: str = ""

    tells = {
        "format": f"One of {', '.join(f'`{each}`' for each in FORMATS)}.",
        "use": "Include counts and dates of use. Documents with them differ whenever keys were used in between.",
        "namespace": "Limit the document to a namespace, by its whole path.",
        "mount": "Limit the document to a mount, by its path.",
        "names": NAMES_TELL,
        "sign": "Sign the document: the path of a `signing` mount and a role of it, such as `signing/releases`.",
    }


async def read_cbom(system: System, call: Call, body: CbomBody) -> Reply:
    """Give the inventory as a cryptographic bill of materials."""
    if body.format not in FORMATS:
        raise InvalidRequest(f"format must be one of {', '.join(FORMATS)}")
    at, hiding = moment(body.at, call.now), await hiding_of(system, body.names)
    if body.use:
        await system.unsealed.use_writer.flush_all()
    own = await own_cryptography(system, call.now)
    document = _Document(system, body, call.now, at, own, hiding)
    parts = document.parts()
    if not body.sign:
        return await raw_reply(document.content_type, parts)
    content, whole = await beginning_of(parts, MAX_SIGNED_BYTES)
    await parts.aclose()
    if not whole:
        raise InvalidRequest(
            f"a document of more than {MAX_SIGNED_BYTES} bytes can't be signed: ask for a namespace or a mount"
        )
    return Reply(await sign_document(system, call, body.sign, content))


class _Document:
    """A document that is being made."""

    def __init__(
        self, system: System, body: CbomBody, now: float, at: float, own: Own, hiding: HiddenNames | None
    ) -> None:
        self._system = system
        self._now, self._at = now, at
        self._use = body.use
        self._hiding = hiding
        self._writer = writer_of(body.format, own if hiding is None else own.hidden(hiding.hidden))
        self.content_type = self._writer.content_type
        self._profiles = [Judging(profile) for profile in all_profiles().values()]
        namespace = None if body.namespace is UNSET else normalise(body.namespace)
        self._chosen = Chosen(namespace, f"{body.mount.strip('/')}/" if body.mount.strip("/") else "")

    async def parts(self) -> AsyncGenerator[bytes, None]:
        """The document. Raises ``RateLimited`` if too many read at once."""
        yield self._writer.begin(self._now)
        unsealed, tenant = self._system.unsealed, self._system.tenant
        async with aclosing(all_rows(unsealed, tenant, self._chosen, self._at, use=self._use)) as rows:
            async for row in rows:
                properties = key_properties(row, self._at, self._profiles, use=self._use)
                yield self._writer.key(row, properties if self._hiding is None else self._hiding.properties(properties))
        async for part in in_turns(self._writer.end(), SHORT_TURN_SECONDS):
            yield part


CBOM_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.READ, "inventory/cbom", read_cbom, CbomBody,
          "Return the inventory as a CycloneDX or SPDX document.", writes=False, scope=Scope.EACH),
)  # fmt: skip
