"""Generation of a root token by share holders: the way back in when no root token is left.

The token is returned encrypted only: by a one-time pad given to the caller that begins the ceremony, or for an OpenPGP
key. So the holder of the last share, who sees the answer, can't use it without the other party.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import string
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from auth_methods.records import TokenRecord
from engines.faults import Failed, InvalidRequest, Sealed
from server.seal.ceremonies import Recipients, RootGeneration, keep_recipients, recipients_of
from server.seal.pgp import PgpKey
from storage.seals.base import InvalidKey, SealFault
from storage.seals.progress import ShareProgress

if TYPE_CHECKING:
    from server.core.lifecycle import Core
    from server.core.unsealed import Unsealed

OTP_CHARACTERS = 26
"""The length of a pad; as long as a token."""

_ALPHABET = string.ascii_letters + string.digits
_NAME = "generate-root"


@dataclass(frozen=True, slots=True)
class GenerationStatus:
    """The progress of the ceremony; ``nonce`` is empty if none has begun."""

    required: int
    nonce: str = ""
    progress: int = 0
    fingerprint: str = ""
    encoded_token: str = ""
    """The encrypted token; set once, with the last share."""

    otp: str = field(default="", repr=False)
    """The pad; set once, if the server has chosen it."""


async def generation_status(core: Core) -> GenerationStatus:
    """The progress of the ceremony. Raises ``Sealed``."""
    return await _status(core, core.shared_state.state.generation)


async def begin_generation(core: Core, otp: str, pgp_key: str) -> GenerationStatus:
    """Begin a ceremony: with the pad ``otp``, for ``pgp_key``, or with a pad of the server's choice.

    Raises ``InvalidRequest`` in Vault's words.
    """
    async with core.shared_state.changing() as state:
        view = _open(core).root.view
        if otp and len(otp.encode()) != OTP_CHARACTERS:
            raise InvalidRequest("OTP string has incorrect length")
        key = None
        if pgp_key and not otp:
            try:
                key = PgpKey(pgp_key)
            except InvalidRequest as error:
                raise InvalidRequest(f"error parsing PGP key: {error}") from None
        if state.generation is not None:
            raise InvalidRequest("root generation already in progress for this namespace")
        nonce = str(uuid.uuid4())
        if key is not None:
            await keep_recipients(view, _NAME, Recipients(nonce, (pgp_key,), (key.fingerprint,)))
        chosen = ""
        if key is None and not otp:
            chosen = "".join(secrets.choice(_ALPHABET) for _ in range(OTP_CHARACTERS))
        state.generation = RootGeneration(
            nonce, ShareProgress(await _threshold(core)), otp or chosen, wrapped=key is not None
        )
        return await _status(core, state.generation, otp=chosen)


async def cancel_generation(core: Core) -> None:
    """Cancel the ceremony; no error if there is none."""
    async with core.shared_state.changing() as state:
        if state.generation is not None:
            state.generation.progress.reset()
            state.generation = None


async def submit_share(core: Core, share: bytes, nonce: str) -> GenerationStatus:
    """Add a share; with the last one needed, make the token. Raises ``InvalidRequest`` in Vault's words.

    Continues if the waiting task is cancelled, so that a ceremony is never left half done.
    """
    return await asyncio.shield(_submit(core, share, nonce))


async def _submit(core: Core, share: bytes, nonce: str) -> GenerationStatus:
    async with core.shared_state.changing() as state:
        unsealed = _open(core)
        generation = state.generation
        if generation is None:
            raise InvalidRequest("no root generation in progress")
        if nonce != generation.nonce:
            raise InvalidRequest(
                f'incorrect nonce supplied; nonce for this root generation operation is "{generation.nonce}"'
            )
        try:
            added = generation.progress.add(share)
        except InvalidKey as error:
            raise InvalidRequest(f"invalid key: {error}") from None
        if not added:
            raise InvalidRequest("given key has already been provided during this generation operation")
        if not generation.progress.complete:
            return await _status(core, generation)
        await _authorize(core, generation.progress.take())
        required = generation.progress.threshold
        recipients = Recipients(nonce, (), ())
        if generation.wrapped:
            recipients = await recipients_of(unsealed.root.view, _NAME, nonce)
        token = await new_root_token(unsealed, core.runtime.clock())
        state.generation = None
        return GenerationStatus(
            required,
            nonce,
            required,
            "".join(recipients.fingerprints),
            _encoded(token, generation.otp, "".join(recipients.pgp_keys)),
        )


async def new_root_token(unsealed: Unsealed, now: float) -> str:
    """A root token without a parent, like the first one."""
    record = TokenRecord(
        policies=("root",), path="auth/token/root", display_name="root", creation_time=now, leased=False
    )
    return (await unsealed.root.tokens.mint(record)).id


def decode_token(encoded: bytes, otp: str) -> str:
    """The token in ``encoded``, decrypted with the pad. Raises ``InvalidRequest`` for a pad of another length."""
    pad = otp.encode()
    if len(pad) != len(encoded):
        raise InvalidRequest(
            f"error xoring token: length of byte slices is not equivalent: {len(encoded)} != {len(pad)}"
        )
    return _xor(encoded, pad).decode("utf-8", "replace")


def _encoded(token: str, otp: str, pgp_key: str) -> str:
    if pgp_key:
        return base64.b64encode(PgpKey(pgp_key).encrypt(token.encode())).decode()
    return base64.b64encode(_xor(token.encode(), otp.encode())).decode().rstrip("=")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(first ^ second for first, second in zip(one, other, strict=True))


async def _authorize(core: Core, shares: list[bytes]) -> None:
    try:
        await core.stored_seal.verify(shares)
    except InvalidKey as error:
        if core.stored_seal.seal.automatic:
            reason = f"recovery key verification failed: {error}"
        elif "decrypt" in str(error):
            reason = f"unable to retrieve stored keys: invalid key: {error}"
        else:
            reason = str(error)
        raise InvalidRequest(f"root generation aborted: unable to authenticate: {reason}") from None
    except SealFault as error:
        raise Failed(str(error)) from None


async def _status(core: Core, generation: RootGeneration | None, otp: str = "") -> GenerationStatus:
    view = _open(core).root.view
    required = await _threshold(core)
    if generation is None:
        return GenerationStatus(required)
    fingerprint = ""
    if generation.wrapped:
        fingerprint = "".join((await recipients_of(view, _NAME, generation.nonce)).fingerprints)
    return GenerationStatus(required, generation.nonce, generation.progress.progress, fingerprint, otp=otp)


async def _threshold(core: Core) -> int:
    seal = core.stored_seal
    config = await (seal.recovery_config() if seal.seal.automatic else seal.config())
    return 0 if config is None else config.secret_threshold


def _open(core: Core) -> Unsealed:
    if core.unsealed is None:
        raise Sealed
    return core.unsealed
