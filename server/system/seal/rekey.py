"""Rekeying without a token, by holders of shares: ``sys/rekey/*`` and ``sys/rekey-recovery-key/*``.

A listener must allow these paths (see ``server.pipeline.open_routes``). Their backups are read with a token.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engines.base import Access, Body, Call, Nothing, Operation, Reply, Route, Row, Scope
from engines.encoding import encode_base64
from engines.faults import Failed, Fault, InvalidRequest, Sealed
from server.core.lifecycle import Core
from server.seal.pgp import check_pgp
from server.seal.rekey import Rekeying
from server.seal.rekey_parameters import ErrorTexts, IssuedShares, RekeyStatus, SealParameters
from server.seal.share_backups import Backup, delete_backup, read_backup
from server.system.seal.shares import MISSING, ShareBody, decode_share, verification_data
from server.system.state import System


def _failed(text: str) -> Fault:
    return Failed(text, wrapped=False)


def _words(what: str) -> ErrorTexts:
    return ErrorTexts(
        busy="rekey already in progress",
        idle=f"no {what} rekey in progress",
        unknown="no rekey configuration found",
        finished="rekey operation already finished",
        nonce="this rekey operation",
        again="this generation operation",
        not_verifying="no rekey in progress",
        nothing_to_verify="no rekey verification in progress",
        not_verified="rekey verification failed; incorrect key shares supplied",
        not_computed="failed to compute root key: ",
        not_read="failed to read root key: invalid key: ",
        invalid="invalid rekey seal configuration: ",
        miscounted="incorrect number of PGP keys for rekey",
        failed=_failed,
        keys_checked_first=True,
    )


_WORDS = {False: _words("barrier"), True: _words("recovery")}


class RekeyBody(Body):
    """The split of the new key, and its recipients."""

    secret_shares: int = 0
    secret_threshold: int = 0
    stored_shares: int = 0
    pgp_keys: list[str] = []
    backup: bool = False
    require_verification: bool = False

    tells = {
        "secret_shares": "The number of key shares.",
        "secret_threshold": "The number of shares that are needed together.",
        "stored_shares": "Accepted and ignored, for old clients.",
        "pgp_keys": "OpenPGP public keys in base64, one for each share, which encrypt the shares.",
        "backup": "Store the encrypted shares until they are deleted. Requires `pgp_keys`.",
        "require_verification": "Require the new shares to be submitted before they take effect.",
    }

    def wish(self) -> SealParameters:
        """The parameters in the core's form."""
        return SealParameters(
            self.secret_shares, self.secret_threshold, tuple(self.pgp_keys), self.backup, self.require_verification
        )


def rekeying(core: Core, *, recovery: bool) -> Rekeying:
    """The ceremony of these paths. Raises ``Sealed``, and ``InvalidRequest`` if the seal has no such key."""
    if core.unsealed is None:
        raise Sealed
    automatic = core.stored_seal.seal.automatic
    if recovery and not automatic:
        raise InvalidRequest("recovery rekeying not supported")
    if automatic and not recovery:
        raise InvalidRequest("rekeying not supported: an automatic seal has no unseal shares")
    return Rekeying(core, f"rekey/{'recovery' if recovery else 'unseal'}", _WORDS[recovery], recovery=recovery)


def _routes(prefix: str, *, recovery: bool) -> tuple[Row[System], ...]:
    """The paths below ``prefix``; the same handlers serve both keys."""

    async def read(system: System, call: Call, body: Nothing) -> Reply:
        return Reply(_status(await rekeying(system.core, recovery=recovery).status()))

    async def begin(system: System, call: Call, body: RekeyBody) -> Reply:
        check_pgp(system.core.runtime.fips, call, body.pgp_keys)
        return Reply(_status(await rekeying(system.core, recovery=recovery).begin(body.wish())))

    async def cancel(system: System, call: Call, body: Nothing) -> None:
        await rekeying(system.core, recovery=recovery).cancel()

    async def update(system: System, call: Call, body: ShareBody) -> Reply:
        rounds = rekeying(system.core, recovery=recovery)
        outcome = await rounds.submit(_share(body), body.nonce)
        return Reply(_handed_out(outcome) if isinstance(outcome, IssuedShares) else _status(outcome))

    async def read_verification(system: System, call: Call, body: Nothing) -> Reply:
        return Reply(verification_data(await rekeying(system.core, recovery=recovery).verification()))

    async def verify(system: System, call: Call, body: ShareBody) -> Reply:
        status = await rekeying(system.core, recovery=recovery).verify(_share(body), body.nonce)
        return Reply({"nonce": body.nonce, "complete": True} if status is None else verification_data(status))

    async def restart(system: System, call: Call, body: Nothing) -> Reply:
        return Reply(verification_data(await rekeying(system.core, recovery=recovery).restart_verification()))

    rows: tuple[Row[System], ...] = (
        Route(Operation.READ, "init", read, Nothing, "Show how far a rekeying is.", scope=Scope.SERVER),
        Route(Operation.UPDATE, "init", begin, RekeyBody, "Begin to replace the shares.", scope=Scope.SERVER),
        Route(Operation.DELETE, "init", cancel, Nothing, "End a rekeying without effect.", scope=Scope.SERVER),
        Route(Operation.UPDATE, "update", update, ShareBody,
              "Submit a present share; the last one makes the new shares.", scope=Scope.SERVER),
        Route(Operation.READ, "verify", read_verification, Nothing,
              "Show the progress of the verification of the new shares.", scope=Scope.SERVER),
        Route(Operation.UPDATE, "verify", verify, ShareBody,
              "Submit a new share; the last one puts the new shares into effect.", scope=Scope.SERVER),
        Route(Operation.DELETE, "verify", restart, Nothing,
              "Restart the verification of the new shares.", scope=Scope.SERVER),
    )  # fmt: skip
    return tuple(replace(row, path=f"{prefix}/{row.path}", access=Access.OPEN, opened_by="rekey") for row in rows)


REKEY_ROUTES = (*_routes("rekey", recovery=False), *_routes("rekey-recovery-key", recovery=True))
"""Routes served if a listener allows them."""


async def read_unseal_backup(system: System, call: Call, body: Nothing) -> Reply:
    """Show the encrypted unseal shares stored by a rekeying."""
    return Reply(backup_data(await read_backup(system.unsealed.root.view, recovery=False)))


async def delete_unseal_backup(system: System, call: Call, body: Nothing) -> None:
    """Delete the encrypted unseal shares."""
    await delete_backup(system.unsealed.root.view, recovery=False)


async def read_recovery_backup(system: System, call: Call, body: Nothing) -> Reply:
    """Show the encrypted recovery shares stored by a rekeying."""
    return Reply(backup_data(await read_backup(system.unsealed.root.view, recovery=True)))


async def delete_recovery_backup(system: System, call: Call, body: Nothing) -> None:
    """Delete the encrypted recovery shares."""
    await delete_backup(system.unsealed.root.view, recovery=True)


def backup_data(backup: Backup) -> dict[str, Any]:
    """A backup, as shown to clients."""
    in_base64 = {
        fingerprint: [encode_base64(bytes.fromhex(share)) for share in shares]
        for fingerprint, shares in backup.keys.items()
    }
    return {"nonce": backup.nonce, "keys": backup.keys, "keys_base64": in_base64}


def shares_data(shares: list[bytes]) -> dict[str, Any]:
    """New shares, as shown to clients."""
    return {"keys": [share.hex() for share in shares], "keys_base64": [encode_base64(share) for share in shares]}


def _share(body: ShareBody) -> bytes:
    if not body.key:
        raise InvalidRequest(MISSING)
    return decode_share(body.key)


def _status(status: RekeyStatus) -> dict[str, Any]:
    data: dict[str, Any] = {
        "nonce": status.nonce,
        "started": bool(status.nonce),
        "t": status.threshold,
        "n": status.shares,
        "progress": status.progress,
        "required": status.required,
        "pgp_fingerprints": list(status.fingerprints) or None,
        "backup": status.backup,
        "verification_required": status.verification_required,
    }
    if status.verification_nonce:
        data["verification_nonce"] = status.verification_nonce
    return data


def _handed_out(made: IssuedShares) -> dict[str, Any]:
    data: dict[str, Any] = {
        "nonce": made.nonce,
        "complete": True,
        **shares_data(made.shares),
        "pgp_fingerprints": list(made.fingerprints) or None,
        "backup": made.backup,
        "verification_required": made.verification_required,
    }
    if made.verification_nonce:
        data["verification_nonce"] = made.verification_nonce
    return data
