"""The API of ``signing`` as one table.

Named keys, and the modules that import, export, back up and certify them, are shared with transit. For OpenBao's sake
they report some errors of the caller as failures of the server; here, where that isn't needed, they become
``InvalidRequest``.
"""

from __future__ import annotations

from dataclasses import replace

from engines.algorithms.registry import SIGNING_ALGORITHMS
from engines.base import B, Call, EngineType, Handler, Nothing, Page, Reply, Route, Row
from engines.base.operations import DELETE, LIST, READ, UPDATE
from engines.faults import Failed, InvalidRequest
from engines.keys import certificates as key_certificates
from engines.keys import handlers as named_keys
from engines.keys.counting import usage
from engines.keys.policy import classification, compromise
from engines.keys.settings import KeyName, KeyTrim
from engines.signing import creation, jwks, keys, role_settings, transfer
from engines.signing.formats import cms, cose, jws, jwt
from engines.signing.state import Signing
from engines.transfer import backups, importing
from engines.transfer.exporting import Export

_PUBLIC = ("jwks", "public")

# fmt: off
_ROUTES: tuple[Row[Signing], ...] = (
    Route(LIST, "keys", named_keys.list_keys, Page, "List the keys.", writes=False),
    Route(READ, "keys/{name}", keys.read, KeyName, "Read a key's settings and versions.", writes=False),
    Route(UPDATE, "keys/{name}", keys.create, creation.KeyCreation, "Create a key."),
    Route(DELETE, "keys/{name}", named_keys.delete, KeyName, "Destroy a key."),
    Route(READ, "keys/{name}/usage", usage.read, usage.Usage, "Read the counts and times of use of a key's versions.",
          writes=False),
    Route(READ, "keys/{name}/classification", classification.read, KeyName, "Read how a key is classified.",
          writes=False),
    Route(UPDATE, "keys/{name}/classification", classification.write, classification.ClassificationBody,
          "Classify a key."),
    Route(UPDATE, "keys/{name}/compromised", compromise.mark, compromise.CompromiseBody,
          "Mark a version as compromised."),
    Route(UPDATE, "keys/{name}/config", keys.configure, keys.KeyConfig, "Change a key's settings."),
    Route(UPDATE, "keys/{name}/rotate", keys.rotate, KeyName, "Rotate a key: make a new version."),
    Route(UPDATE, "keys/{name}/trim", keys.trim, KeyTrim, "Destroy old versions of a key."),
    Route(UPDATE, "keys/{name}/csr", key_certificates.request, key_certificates.CertificateRequest,
          "Make a certificate request (PKCS #10) for a key.", writes=False),
    Route(UPDATE, "keys/{name}/set-certificate", key_certificates.set_chain, key_certificates.CertificateChain,
          "Store a certificate chain with a key version."),

    Route(READ, "wrapping_key", importing.read_wrapping_key, Nothing,

          "Read the public key that wraps keys for import."),
    Route(UPDATE, "keys/{name}/import", transfer.import_key, transfer.ImportedKey, "Import a key."),
    Route(UPDATE, "keys/{name}/import_version", importing.import_version, importing.ImportedUpdate,
          "Import a version of a key."),
    Route(READ, "export/{type:any}/{name}", transfer.export, Export, "Export a key.", writes=False),
    Route(READ, "export/{type:any}/{name}/{version:any}", transfer.export, Export, "Export a key's version.",
          writes=False),
    Route(READ, "backup/{name}", backups.back_up, KeyName, "Back up a key."),
    Route(UPDATE, "restore", backups.restore, backups.Restoration, "Restore a key."),
    Route(UPDATE, "restore/{name:path}", backups.restore, backups.Restoration, "Restore a key under another name."),

    Route(LIST, "roles", role_settings.list_roles, Page, "List the roles.", writes=False),
    Route(READ, "roles/{name}", role_settings.read, role_settings.RoleName, "Read a role.", writes=False),
    Route(UPDATE, "roles/{name}", role_settings.write, role_settings.RoleWriting,
          "Create a role, or replace all of its settings."),
    Route(DELETE, "roles/{name}", role_settings.delete, role_settings.RoleName, "Delete a role."),

    Route(UPDATE, "jwt/sign/{role}", jwt.sign, jwt.TokenSigning, "Sign a JSON Web Token.", writes=False),
    Route(UPDATE, "jwt/verify/{role}", jwt.verify, jwt.TokenVerification, "Verify a JSON Web Token.", writes=False),

    Route(UPDATE, "jws/sign/{role}", jws.sign, jws.PayloadSigning, "Sign a payload as JWS.", writes=False),
    Route(UPDATE, "jws/verify/{role}", jws.verify, jws.PayloadVerification, "Verify a JWS.", writes=False),
    Route(UPDATE, "cose/sign/{role}", cose.sign, cose.MessageSigning, "Sign a payload as COSE_Sign1.", writes=False),
    Route(UPDATE, "cose/verify/{role}", cose.verify, cose.MessageVerification, "Verify a COSE_Sign1.", writes=False),
    Route(UPDATE, "cms/sign/{role}", cms.sign, cms.ContentSigning, "Sign a payload as CMS.", writes=False),
    Route(UPDATE, "cms/verify/{role}", cms.verify, cms.ContentVerification, "Verify a CMS signature.", writes=False),

    Route(READ, "jwks", jwks.read_all, Nothing, "Read the public keys of all keys as a JWK set.",
          writes=False, bare=True, public_where=_PUBLIC),
    Route(READ, "keys/{name}/jwks", jwks.read_of_key, KeyName, "Read a key's public keys as a JWK set.",
          writes=False, bare=True, public_where=_PUBLIC),
    Route(READ, "roles/{name}/jwks", jwks.read_of_role, role_settings.RoleName,
          "Read the public keys of a role as a JWK set.", writes=False, bare=True, public_where=_PUBLIC),
)
# fmt: on


def _refusing(handler: Handler[Signing, B]) -> Handler[Signing, B]:
    async def handle(engine: Signing, call: Call, body: B) -> Reply | None:
        try:
            return await handler(engine, call, body)
        except Failed as fault:
            raise InvalidRequest(fault.message) from None

    return handle


ROUTES: tuple[Row[Signing], ...] = tuple(replace(route, handler=_refusing(route.handler)) for route in _ROUTES)

SIGNING = EngineType(
    type="signing",
    summary="Signed tokens and messages (JWT, JWS, COSE, CMS), with keys that stay in the server.",
    routes=ROUTES,
    open=Signing,
    eager=True,
    algorithms=tuple(SIGNING_ALGORITHMS),
)
