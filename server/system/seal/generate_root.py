"""Generation of a root token by shares, in two APIs: ``sys/generate-root/*`` takes no token, and a listener must allow
it; ``sys/generate-root-token/*`` takes one, is audited, and answers in Vault's envelope. Both share one ceremony.
"""

from __future__ import annotations

from typing import Any

from engines.base import Access, Body, Call, Nothing, Operation, Reply, Route, Row, Scope
from engines.encoding import NotBase64, decode_base64
from engines.faults import Failed, InvalidRequest
from server.seal.generate_root import (
    OTP_CHARACTERS,
    GenerationStatus,
    begin_generation,
    cancel_generation,
    decode_token,
    generation_status,
    submit_share,
)
from server.seal.pgp import check_pgp
from server.system.seal.shares import MISSING, ShareBody, decode_share
from server.system.state import System


class GenerationBody(Body):
    """The encryption of the new token."""

    otp: str = ""
    pgp_key: str = ""

    tells = {
        "otp": "A one-time pad that encrypts the token. Default: a generated one, unless there is a `pgp_key`.",
        "pgp_key": "An OpenPGP public key in base64, which encrypts the token.",
    }


class DecodeBody(Body):
    """An encrypted token, and its pad."""

    encoded_token: str = ""
    otp: str = ""

    tells = {
        "encoded_token": "The encoded token of the last share's answer.",
        "otp": "The one-time pad.",
    }


async def read(system: System, call: Call, body: Nothing) -> Reply:
    """Show the progress of the ceremony."""
    return Reply(_status(await generation_status(system.core), otp_length=OTP_CHARACTERS))


async def begin(system: System, call: Call, body: GenerationBody) -> Reply:
    """Begin a ceremony."""
    check_pgp(system.core.runtime.fips, call, (body.pgp_key,))
    status = await begin_generation(system.core, body.otp, body.pgp_key)
    return Reply(_status(status, otp_length=OTP_CHARACTERS))


async def cancel(system: System, call: Call, body: Nothing) -> None:
    """Cancel the ceremony."""
    await cancel_generation(system.core)


async def update(system: System, call: Call, body: ShareBody) -> Reply:
    """Add a share; the last one makes the token."""
    if not body.key:
        raise InvalidRequest(MISSING)
    return Reply(_status(await submit_share(system.core, decode_share(body.key), body.nonce), otp_length=0))


GENERATE_ROOT_ROUTES: tuple[Row[System], ...] = (
    Route(Operation.READ, "generate-root/attempt", read, Nothing,
          "Show the progress of generating a root token.", Access.OPEN,
          scope=Scope.SERVER, opened_by="generate_root"),
    Route(Operation.UPDATE, "generate-root/attempt", begin, GenerationBody,
          "Begin to generate a root token.", Access.OPEN,
          scope=Scope.SERVER, opened_by="generate_root"),
    Route(Operation.DELETE, "generate-root/attempt", cancel, Nothing,
          "Cancel the generation of a root token.", Access.OPEN,
          scope=Scope.SERVER, opened_by="generate_root"),
    Route(Operation.UPDATE, "generate-root/update", update, ShareBody,
          "Submit a share; the last one generates the token.",
          Access.OPEN, scope=Scope.SERVER, opened_by="generate_root"),
)  # fmt: skip
"""Routes served if a listener allows them."""


async def read_with_token(system: System, call: Call, body: Nothing) -> Reply:
    """Show the progress of the ceremony."""
    return Reply(_attempt(await generation_status(system.core)))


async def begin_with_token(system: System, call: Call, body: GenerationBody) -> Reply:
    """Begin a ceremony."""
    check_pgp(system.core.runtime.fips, call, (body.pgp_key,))
    return Reply(_attempt(await begin_generation(system.core, body.otp, body.pgp_key)))


async def update_with_token(system: System, call: Call, body: ShareBody) -> Reply:
    """Add a share; the last one makes the token. Errors are 500, as in OpenBao."""
    for name in ("nonce", "key"):
        if not getattr(body, name):
            raise InvalidRequest(f"{name} is required")
    try:
        status = await submit_share(system.core, decode_share(body.key), body.nonce)
    except InvalidRequest as error:
        raise Failed(error.message) from None
    return Reply(
        {
            "started": True,
            "complete": bool(status.encoded_token),
            "nonce": status.nonce,
            "progress": status.progress,
            "required": status.required,
            "encoded_token": status.encoded_token,
            "pgp_fingerprint": status.fingerprint,
        }
    )


async def decode(system: System, call: Call, body: DecodeBody) -> Reply:
    """Decrypt the token of a ceremony with its pad; needs no secret of the server."""
    if not body.encoded_token or not body.otp:
        raise InvalidRequest("provided 'encoded_token' or 'otp' is empty")
    encoded = body.encoded_token
    try:
        token = decode_base64(encoded + "=" * (-len(encoded) % 4))
    except NotBase64 as error:
        raise InvalidRequest(f"error decoding base64'd token: {error}") from None
    return Reply({"token": decode_token(token, body.otp)})


def _status(status: GenerationStatus, *, otp_length: int) -> dict[str, Any]:
    return {
        "nonce": status.nonce,
        "started": bool(status.nonce),
        "progress": status.progress,
        "required": status.required,
        "complete": bool(status.encoded_token),
        "encoded_token": status.encoded_token,
        "encoded_root_token": status.encoded_token,
        "pgp_fingerprint": status.fingerprint,
        "otp": status.otp,
        "otp_length": otp_length,
    }


def _attempt(status: GenerationStatus) -> dict[str, Any]:
    data: dict[str, Any] = {
        "started": bool(status.nonce),
        "complete": False,
        "progress": status.progress,
        "required": status.required,
        "otp": status.otp,
        "otp_length": OTP_CHARACTERS,
    }
    if status.nonce:
        data |= {"nonce": status.nonce, "pgp_fingerprint": status.fingerprint}
    return data
