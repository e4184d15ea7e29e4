"""Signatures of documents by a role of an engine of type ``signing``: detached JWS over the raw bytes (RFC 7797)."""

from __future__ import annotations

from typing import Any

from engines.base import Call, Operation
from engines.encoding import encode_base64
from engines.faults import Denied
from server.access.further_rights import may_update
from server.system.state import System

MAX_SIGNED_BYTES = 16 * 1024 * 1024
"""The longest document that is signed, in bytes."""

_TYPE = "signing"


async def sign_document(system: System, call: Call, target: str, document: bytes) -> dict[str, Any]:
    """``document`` as text, with its signature by the role at ``target``, which is ``MOUNT/ROLE``.

    The caller needs the right to sign there. Raises ``Denied`` without it, and what signing raises.
    """
    mount, _, role = target.rpartition("/")
    path = f"jws/sign/{role}"
    given = {"payload": encode_base64(document), "detached": True}
    match = (await system.tenant.mounts.router()).find(f"{mount}/{path}")
    if match is None or match.endpoint is None or match.mounted.type.type != _TYPE:
        raise Denied
    if not await may_update(system.tenant, match.mounted.entry.path, call.caller, path, given):
        raise Denied
    route = match.endpoint.routes[Operation.UPDATE]
    signing = Call(call.request_id, Operation.UPDATE, path, call.caller, given, call.now, call.remote_address)
    try:
        reply = await route.handler(match.mounted.engine, signing, route.body(**given, **match.parameters))
    finally:
        call.warnings.extend(signing.warnings)
        call.crypto, call.crypto_policy = signing.crypto, signing.crypto_policy
        if signing.crypto is not None:
            signing.crypto.mount = match.mounted.entry.path
            uses = system.core.runtime.uses
            if uses.active:
                uses.count(match.mounted, system.tenant.namespace.id, signing, signing.crypto)
    assert reply is not None and reply.data is not None, "signing answers the signature"
    return {"document": document.decode(), "jws": reply.data["jws"]}
