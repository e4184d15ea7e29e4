"""Rekeying: new shares of the unseal key, or of an automatic seal's recovery key.

Enough of the present shares authorize it. With the unseal shares, the root key is replaced too, so that a leaked old
one is useless. With ``require_verification``, new shares are issued first and take effect once they have been entered
again, so that a mistake in handing them out can't lock all holders out.

Vault has two APIs for it, with texts of their own (``server.system.seal.rekey`` and
``server.system.seal.share_rotation``), which ``ErrorTexts`` holds; this module serves both.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

from engines.faults import Failed, InvalidRequest, Sealed
from server.seal.ceremonies import Recipients, Rekey, keep_recipients, recipients_of
from server.seal.pgp import PgpKey, encrypt_shares
from server.seal.rekey_parameters import ErrorTexts, IssuedShares, RekeyStatus, SealParameters
from server.seal.root_key import replace_root_key
from server.seal.share_backups import keep_backup
from server.seal.shared_state import SharedState
from storage.base import Transaction, transact
from storage.seals.base import InvalidKey, InvalidSealConfig, SealConfig, SealFault
from storage.seals.progress import ShareProgress
from storage.seals.stored import NewShares, join, new_shares
from storage.secret import Secret

if TYPE_CHECKING:
    from server.core.lifecycle import Core
    from server.core.unsealed import Unsealed


class Rekeying:
    """The ceremony ``name``, for the recovery key if ``recovery``, else for the unseal key."""

    def __init__(self, core: Core, name: str, words: ErrorTexts, *, recovery: bool) -> None:
        self._core = core
        self._name = name
        self._words = words
        self.recovery = recovery

    async def status(self) -> RekeyStatus:
        """The progress of the ceremony."""
        return await self._status(self._core.shared_state.state.rekeys.get(self._name))

    async def verification(self) -> RekeyStatus:
        """As ``status``. Raises ``InvalidRequest`` if there is no ceremony."""
        status = await self.status()
        if not status.nonce:
            raise InvalidRequest(self._words.unknown)
        return status

    async def begin(self, wish: SealParameters) -> RekeyStatus:
        """Begin a ceremony. Raises faults in the API's words."""
        words = self._words
        async with self._core.shared_state.changing() as state:
            view = self._open().root.view
            if words.keys_checked_first and wish.pgp_keys and len(wish.pgp_keys) != wish.shares:
                raise InvalidRequest(words.miscounted)
            if words.keys_checked_first and wish.backup and not wish.pgp_keys:
                raise InvalidRequest(
                    "cannot request a backup of the new keys without providing PGP keys for encryption"
                )
            config = SealConfig("shamir", wish.shares, wish.threshold)
            keys = self._checked(config, wish.pgp_keys)
            if self._name in state.rekeys:
                raise InvalidRequest(words.busy)
            nonce = str(uuid.uuid4())
            if keys:
                fingerprints = tuple(key.fingerprint for key in keys)
                await keep_recipients(view, self._name, Recipients(nonce, wish.pgp_keys, fingerprints))
            rekey = state.rekeys[self._name] = Rekey(
                nonce,
                config,
                ShareProgress(await self._threshold()),
                wrapped=bool(keys),
                backup=wish.backup and bool(keys),
                require_verification=wish.require_verification,
            )
            return await self._status(rekey)

    async def cancel(self) -> None:
        """Cancel the ceremony; no error if there is none."""
        async with self._core.shared_state.changing() as state:
            rekey = state.rekeys.pop(self._name, None)
            if rekey is not None:
                rekey.reset()

    async def submit(self, share: bytes, nonce: str) -> RekeyStatus | IssuedShares:
        """Add a present share; with the last one needed, make the new ones.

        Continues if the waiting task is cancelled, so that storage and all processes agree.
        """
        return await asyncio.shield(self._submit(share, nonce))

    async def _submit(self, share: bytes, nonce: str) -> RekeyStatus | IssuedShares:
        words = self._words
        async with self._core.shared_state.changing() as state:
            self._open()
            rekey = state.rekeys.get(self._name)
            if rekey is None:
                raise InvalidRequest(words.idle)
            if rekey.new_key is not None:
                raise InvalidRequest(
                    f"{words.finished}; verification must be performed; nonce for the verification operation is "
                    f'"{rekey.verification_nonce}"'
                )
            if nonce != rekey.nonce:
                raise InvalidRequest(f'incorrect nonce supplied; nonce for {words.nonce} is "{rekey.nonce}"')
            _add(rekey.progress, share, words.again)
            if not rekey.progress.complete:
                return await self._status(rekey)
            await self._authorize(rekey.progress.take())
            return await self._hand_out(state, rekey)

    async def verify(self, share: bytes, nonce: str) -> RekeyStatus | None:
        """Add a new share; None once enough have been entered, and the new key is in effect.

        Continues as ``submit`` does.
        """
        return await asyncio.shield(self._verify(share, nonce))

    async def _verify(self, share: bytes, nonce: str) -> RekeyStatus | None:
        words = self._words
        async with self._core.shared_state.changing() as state:
            self._open()
            rekey = state.rekeys.get(self._name)
            if rekey is None:
                raise InvalidRequest(words.not_verifying)
            if rekey.new_key is None:
                raise InvalidRequest(words.nothing_to_verify)
            if nonce != rekey.verification_nonce:
                raise InvalidRequest(
                    f'incorrect nonce supplied; nonce for this verify operation is "{rekey.verification_nonce}"'
                )
            _add(rekey.verification, share, "this verify operation")
            if not rekey.verification.complete:
                return await self._status(rekey)
            shares = rekey.verification.take()
            try:
                right = Secret(join(rekey.config, shares)) == rekey.new_key
            except InvalidKey:
                right = False
            if not right:
                rekey.verification_nonce = str(uuid.uuid4())
                raise InvalidRequest(words.not_verified)
            await self._install(state, NewShares(rekey.config, rekey.new_key, []))
            del state.rekeys[self._name]
            return None

    async def restart_verification(self) -> RekeyStatus:
        """Forget the new shares entered so far. Raises ``InvalidRequest`` if there is no ceremony."""
        async with self._core.shared_state.changing() as state:
            rekey = state.rekeys.get(self._name)
            if rekey is None:
                raise InvalidRequest(self._words.unknown)
            rekey.verification.reset()
            rekey.verification_nonce = str(uuid.uuid4())
            return await self._status(rekey)

    def _open(self) -> Unsealed:
        if self._core.unsealed is None:
            raise Sealed
        return self._core.unsealed

    def _checked(self, config: SealConfig, pgp_keys: tuple[str, ...]) -> list[PgpKey]:
        words = self._words
        invalid = "invalid recovery configuration: " if self.recovery else words.invalid
        try:
            config.check()
            if pgp_keys and len(pgp_keys) != config.secret_shares:
                raise InvalidRequest(words.miscounted)
            return [PgpKey(text) for text in pgp_keys]
        except (InvalidSealConfig, InvalidRequest) as error:
            raise words.failed(f"{invalid}{error}") from None

    async def _threshold(self) -> int:
        """The number of present shares needed."""
        seal = self._core.stored_seal
        config = await (seal.recovery_config() if seal.seal.automatic else seal.config())
        return 0 if config is None else config.secret_threshold

    async def _status(self, rekey: Rekey | None) -> RekeyStatus:
        required = await self._threshold()
        if rekey is None:
            return RekeyStatus("", required)
        fingerprints: tuple[str, ...] = ()
        if rekey.wrapped:
            fingerprints = (await recipients_of(self._open().root.view, self._name, rekey.nonce)).fingerprints
        return RekeyStatus(
            rekey.nonce,
            required,
            rekey.config.secret_shares,
            rekey.config.secret_threshold,
            rekey.progress.progress,
            fingerprints,
            rekey.backup,
            rekey.require_verification,
            rekey.verification_nonce,
            rekey.verification.progress,
            rekey.new_key is not None,
        )

    async def _authorize(self, shares: list[bytes]) -> None:
        """Raise a fault in the API's words unless ``shares`` are the present ones."""
        words = self._words
        try:
            await self._core.stored_seal.verify(shares)
        except InvalidKey as error:
            reason = str(error)
            if self._core.stored_seal.seal.automatic:
                raise InvalidRequest(f"recovery key verification failed: {reason}") from None
            combining = "failed to compute combined key: "
            if reason.startswith(combining):
                raise words.failed(words.not_computed + reason.removeprefix(combining)) from None
            raise words.failed(words.not_read + reason) from None
        except SealFault as error:
            raise Failed(str(error)) from None

    async def _hand_out(self, state: SharedState, rekey: Rekey) -> IssuedShares:
        new = new_shares(rekey.config.secret_shares, rekey.config.secret_threshold)
        view = self._open().root.view
        handed_out, fingerprints = new.shares, tuple[str, ...]()
        if rekey.wrapped:
            recipients = await recipients_of(view, self._name, rekey.nonce)
            fingerprints = recipients.fingerprints
            handed_out = encrypt_shares([PgpKey(text) for text in recipients.pgp_keys], new.shares)
        if rekey.backup:
            await keep_backup(view, rekey.nonce, fingerprints, handed_out, recovery=self.recovery)
        if rekey.require_verification:
            rekey.new_key = Secret(new.key.reveal())
            rekey.verification = ShareProgress(rekey.config.secret_threshold)
            rekey.verification_nonce = str(uuid.uuid4())
        else:
            await self._install(state, new)
            del state.rekeys[self._name]
        return IssuedShares(
            rekey.nonce, handed_out, fingerprints, rekey.backup, rekey.require_verification, rekey.verification_nonce
        )

    async def _install(self, state: SharedState, new: NewShares) -> None:
        """Replace the present shares by ``new``."""
        core = self._core
        if self.recovery:

            async def replace(transaction: Transaction) -> None:
                await core.stored_seal.replace_shares(transaction, b"", new)

            await transact(core.runtime.store, replace)
        else:
            await replace_root_key(core, state, new)


def _add(progress: ShareProgress, share: bytes, what: str) -> None:
    try:
        added = progress.add(share)
    except InvalidKey as error:
        raise InvalidRequest(str(error)) from None
    if not added:
        raise InvalidRequest(f"given key has already been provided during {what}")
