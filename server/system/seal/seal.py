"""The seal: initialisation, unsealing, sealing, and the server's public status.

These routes work without a token and while the server is sealed, so they take and show as little as Vault does.
"""

from __future__ import annotations

import binascii
from typing import Any

from engines.base import Body, Call, Nothing, Reply
from engines.encoding import encode_base64
from engines.faults import Failed, InvalidRequest, Sealed, UnsupportedOperation
from server.core.lifecycle import SealStatus
from server.runtime.version import API_COMMIT_DATE, API_VERSION, VERSION
from server.seal.pgp import PgpKey, check_pgp, encrypt_shares
from server.system.seal.health import cluster_of, refuse_namespace
from server.system.seal.shares import decode_share
from server.system.state import System


class InitBody(Body):
    """The number of shares to make, and the threshold that unseals (or recovers) the server."""

    secret_shares: int = 0
    secret_threshold: int = 0
    stored_shares: int = 0
    recovery_shares: int = 0
    recovery_threshold: int = 0
    pgp_keys: list[str] = []
    recovery_pgp_keys: list[str] = []
    root_token_pgp_key: str = ""

    tells = {
        "secret_shares": "The number of key shares.",
        "secret_threshold": "The number of shares that are needed together.",
        "stored_shares": "Accepted and ignored, for old clients.",
        "recovery_shares": "The number of recovery shares, for a seal that unseals automatically.",
        "recovery_threshold": "The number of shares that are needed together.",
        "pgp_keys": "OpenPGP public keys in base64, one for each share, which encrypt the shares.",
        "recovery_pgp_keys": "OpenPGP public keys in base64, one for each recovery share.",
        "root_token_pgp_key": "An OpenPGP public key in base64, which encrypts the root token.",
    }


class UnsealBody(Body):
    """One share, or a reset."""

    key: str = ""
    reset: bool = False
    migrate: bool = False

    tells = {
        "key": "A share, in hexadecimal or base64.",
        "reset": "Discard the submitted shares.",
        "migrate": "Not supported.",
    }


async def read_init(system: System, call: Call, body: Nothing) -> Reply:
    "Show whether the server is initialised."
    refuse_namespace(call)
    return Reply({"initialized": await system.core.initialized()})


async def initialize(system: System, call: Call, body: InitBody) -> Reply:
    """Initialise the server; the answer holds the only copy of the shares and of the root token."""
    refuse_namespace(call)
    core = system.core
    seal = core.stored_seal.seal
    _refuse_inapplicable(body, seal.type, automatic=seal.automatic)
    check_pgp(core.runtime.fips, call, (*body.pgp_keys, *body.recovery_pgp_keys, body.root_token_pgp_key))
    if seal.automatic:
        count, threshold, texts = body.recovery_shares, body.recovery_threshold, body.recovery_pgp_keys
    else:
        count, threshold, texts = body.secret_shares, body.secret_threshold, body.pgp_keys
    await core.check_initialize(count, threshold)
    keys = _pgp_keys(texts, count, "recovery" if seal.automatic else "seal")
    token_key = PgpKey(body.root_token_pgp_key) if body.root_token_pgp_key else None
    made = await core.initialize(count, threshold)
    shares = encrypt_shares(keys, made.shares) if keys else made.shares
    root_token = made.root_token
    if token_key is not None:
        root_token = encode_base64(token_key.encrypt(root_token.encode()))
    if seal.automatic:
        shown = {"keys": [], "keys_base64": [], **_encoded(shares, "recovery_keys")}
    else:
        shown = _encoded(shares, "keys")
    return Reply({**shown, "root_token": root_token})


def _pgp_keys(texts: list[str], shares: int, what: str) -> list[PgpKey]:
    """The keys to encrypt the shares for; checked before the shares are made, which otherwise would be lost."""
    try:
        if texts and len(texts) != shares:
            raise InvalidRequest("count mismatch between number of provided PGP keys and number of shares")
        return [PgpKey(text) for text in texts]
    except InvalidRequest as error:
        raise InvalidRequest(f"invalid {what} configuration: {error}") from None


def _refuse_inapplicable(body: InitBody, seal_type: str, *, automatic: bool) -> None:
    if automatic:
        names = ("secret_shares", "secret_threshold", "pgp_keys")
    else:
        names = ("recovery_shares", "recovery_threshold", "recovery_pgp_keys")
    given = ",".join(name for name in names if getattr(body, name))
    if given:
        raise InvalidRequest(f"parameters {given} not applicable to seal type {seal_type}")


def _encoded(shares: list[bytes], name: str) -> dict[str, Any]:
    if not shares and name != "keys":
        return {}
    return {
        name: [share.hex() for share in shares],
        f"{name}_base64": [binascii.b2a_base64(share, newline=False).decode() for share in shares],
    }


async def unseal(system: System, call: Call, body: UnsealBody) -> Reply:
    """Add one share of the unseal key; the last one needed unseals the server."""
    if body.reset:
        return Reply(_seal_status(system, await system.core.reset_unseal()))
    if not body.key:
        raise InvalidRequest("'key' must be specified in request body as JSON, or 'reset' set to true")
    share = decode_share(body.key)
    if body.migrate:
        raise Failed("can't perform a seal migration, no migration seal found", wrapped=False)
    return Reply(_seal_status(system, await system.core.unseal(share)))


async def seal(system: System, call: Call, body: Nothing) -> None:
    """Seal the server: drop every key and all that was decrypted."""
    await system.core.seal()


async def read_seal_status(system: System, call: Call, body: Nothing) -> Reply:
    """Show the state of the seal."""
    return Reply(_seal_status(system, await system.core.seal_status()))


def _seal_status(system: System, status: SealStatus) -> dict[str, Any]:
    data: dict[str, Any] = {
        "type": status.type,
        "initialized": status.initialized,
        "sealed": status.sealed,
        "t": status.threshold,
        "n": status.shares,
        "progress": status.progress,
        "nonce": status.nonce,
        "recovery_seal": status.recovery_seal,
        "version": API_VERSION,
        "cryptoserve_version": VERSION,
        "commit_date": API_COMMIT_DATE,
        "migration": False,
        "storage_type": system.core.runtime.settings.storage_type,
    }
    if status.recovery_seal:
        data["recovery_seal_type"] = "shamir"
    return data | cluster_of(system)


async def read_leader(system: System, call: Call, body: Nothing) -> Reply:
    """Show that this server is alone."""
    return Reply({"ha_enabled": False})


async def refuse_unauthenticated(system: System, call: Call, body: Nothing) -> None:
    """Refuse rekeying and generating root tokens by shares, unless the listener allows it."""
    if system.core.unsealed is None:
        raise Sealed
    raise UnsupportedOperation(wrapped=False)
