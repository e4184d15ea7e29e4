"""Rekeying with a token *and* shares: ``sys/rotate/root/*`` and ``sys/rotate/recovery/*``, in Vault's envelope.

A policy decides who may take part, and each step is audited; so these paths need no listener's permission.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engines.base import Call, Nothing, Operation, Reply, Route, Row, Scope
from engines.faults import InvalidRequest
from server.core.lifecycle import Core
from server.seal.pgp import check_pgp
from server.seal.rekey import Rekeying
from server.seal.rekey_parameters import ErrorTexts, IssuedShares, RekeyStatus
from server.seal.root_key import rotate_root_key
from server.system.seal.rekey import (
    RekeyBody,
    delete_recovery_backup,
    delete_unseal_backup,
    read_recovery_backup,
    read_unseal_backup,
    shares_data,
)
from server.system.seal.shares import ShareBody, decode_share, verification_data
from server.system.state import System

_WORDS = ErrorTexts(
    busy="rotation already in progress",
    idle="no rotation in progress",
    unknown="no rotation configuration found",
    finished="rotation already finished",
    nonce="rotation",
    again="this rotation",
    not_verifying="no rotation in progress",
    nothing_to_verify="no rotation verification in progress",
    not_verified="rotation verification failed; incorrect key shares supplied",
    not_computed="failed to compute key: ",
    not_read="failed to read root key: ",
    invalid="invalid rotate seal configuration: ",
    miscounted="count mismatch between number of provided PGP keys and number of shares",
)


async def rotate_root(system: System, call: Call, body: Nothing) -> None:
    """Replace the root key, under which the barrier's keys are stored; the shares stay."""
    await rotate_root_key(system.core)


def _rotation(core: Core, *, recovery: bool) -> Rekeying:
    return Rekeying(core, f"rotate/{'recovery' if recovery else 'unseal'}", _WORDS, recovery=recovery)


def _check(core: Core, recovery: bool, refusal: str) -> None:
    """Refuse a key that the seal doesn't have."""
    automatic = core.stored_seal.seal.automatic
    if recovery and not automatic:
        raise InvalidRequest(refusal)
    if automatic and not recovery:
        raise InvalidRequest("an automatic seal has no unseal shares")


def _routes(prefix: str, *, recovery: bool) -> tuple[Row[System], ...]:
    async def read(system: System, call: Call, body: Nothing) -> Reply:
        _check(system.core, recovery, "unable to look up config: recovery not supported")
        return Reply(_status(await _rotation(system.core, recovery=recovery).status()))

    async def begin(system: System, call: Call, body: RekeyBody) -> Reply:
        _check(system.core, recovery, "recovery keys not supported")
        check_pgp(system.core.runtime.fips, call, body.pgp_keys)
        return Reply(_status(await _rotation(system.core, recovery=recovery).begin(body.wish())))

    async def cancel(system: System, call: Call, body: Nothing) -> None:
        await _rotation(system.core, recovery=recovery).cancel()

    async def update(system: System, call: Call, body: ShareBody) -> Reply:
        share = _share(body)
        _check(system.core, recovery, "failed to fetch existing config: recovery not supported")
        outcome = await _rotation(system.core, recovery=recovery).submit(share, body.nonce)
        return Reply(_handed_out(outcome) if isinstance(outcome, IssuedShares) else _status(outcome))

    async def read_verification(system: System, call: Call, body: Nothing) -> Reply:
        return Reply(verification_data(await _rotation(system.core, recovery=recovery).verification()))

    async def verify(system: System, call: Call, body: ShareBody) -> Reply:
        status = await _rotation(system.core, recovery=recovery).verify(_share(body), body.nonce)
        return Reply({"nonce": body.nonce, "complete": True} if status is None else verification_data(status))

    async def restart(system: System, call: Call, body: Nothing) -> Reply:
        return Reply(verification_data(await _rotation(system.core, recovery=recovery).restart_verification()))

    read_backup = read_recovery_backup if recovery else read_unseal_backup
    delete_backup = delete_recovery_backup if recovery else delete_unseal_backup
    rows: tuple[Row[System], ...] = (
        Route(Operation.READ, "init", read, Nothing,
              "Show the progress of a replacement of the shares.", scope=Scope.SEAL),
        Route(Operation.UPDATE, "init", begin, RekeyBody, "Begin to replace the shares.", scope=Scope.SEAL),
        Route(Operation.DELETE, "init", cancel, Nothing,
              "Cancel a replacement of the shares.", scope=Scope.SEAL),
        Route(Operation.UPDATE, "update", update, ShareBody,
              "Submit a present share; the last one makes the new shares.", scope=Scope.SEAL),
        Route(Operation.READ, "verify", read_verification, Nothing,
              "Show the progress of the verification of the new shares.", scope=Scope.SEAL),
        Route(Operation.UPDATE, "verify", verify, ShareBody,
              "Submit a new share; the last one puts the new shares into effect.", scope=Scope.SEAL),
        Route(Operation.DELETE, "verify", restart, Nothing,
              "Restart the verification of the new shares.", scope=Scope.SEAL),
        Route(Operation.READ, "backup", read_backup, Nothing,
              "Show the stored encrypted shares.", scope=Scope.SEAL),
        Route(Operation.DELETE, "backup", delete_backup, Nothing,
              "Delete the stored encrypted shares.", scope=Scope.SEAL),
    )  # fmt: skip
    return tuple(replace(row, path=f"{prefix}/{row.path}") for row in rows)


SHARE_ROTATION_ROUTES = (*_routes("rotate/root", recovery=False), *_routes("rotate/recovery", recovery=True))


def _share(body: ShareBody) -> bytes:
    for name in ("key", "nonce"):
        if not getattr(body, name):
            raise InvalidRequest(f"missing required field '{name}'")
    return decode_share(body.key)


def _status(status: RekeyStatus) -> dict[str, Any]:
    data: dict[str, Any] = {
        "started": bool(status.nonce),
        "t": status.threshold,
        "n": status.shares,
        "required": status.required,
    }
    if status.nonce:
        data |= {
            "nonce": status.nonce,
            "progress": status.progress,
            "verification_required": status.verification_required,
            "verification_nonce": status.verification_nonce,
        }
    if status.fingerprints:
        data |= {"pgp_fingerprints": list(status.fingerprints), "backup": status.backup}
    return data


def _handed_out(made: IssuedShares) -> dict[str, Any]:
    return {
        "complete": True,
        "nonce": made.nonce,
        **shares_data(made.shares),
        "pgp_fingerprints": list(made.fingerprints) or None,
        "backup": made.backup,
        "verification_required": made.verification_required,
        "verification_nonce": made.verification_nonce,
    }
