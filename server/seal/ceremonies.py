"""Ceremonies of share holders: rekeying, and generating a root token.

A ceremony begins with a request, takes shares one by one, and ends with the last one needed. Its state is shared by all
processes of the server (see ``server.seal.shared_state``), so each share may come through another worker; it is lost
when the server is sealed or stopped. The OpenPGP keys of its recipients may be many and are no secrets, so they are
stored (``Recipients``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from storage.base import put
from storage.seals.base import SealConfig
from storage.seals.progress import ShareProgress
from storage.secret import Secret
from storage.view import View

_RECIPIENTS = "sys/recipients/"


class ProgressRecord(msgspec.Struct, frozen=True):
    """The shares received so far, serialised for another process."""

    threshold: int
    nonce: str
    shares: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"ProgressRecord({len(self.shares)} of {self.threshold})"


class RekeyRecord(msgspec.Struct, frozen=True):
    """A ``Rekey``, serialised for another process."""

    name: str
    nonce: str
    shares: int
    threshold: int
    wrapped: bool
    backup: bool
    require_verification: bool
    progress: ProgressRecord
    verification: ProgressRecord
    verification_nonce: str
    new_key: bytes | None

    def __repr__(self) -> str:
        return f"RekeyRecord({self.name})"


class GenerationRecord(msgspec.Struct, frozen=True):
    """A ``RootGeneration``, serialised for another process."""

    nonce: str
    otp: str
    wrapped: bool
    progress: ProgressRecord

    def __repr__(self) -> str:
        return "GenerationRecord()"


class Recipients(msgspec.Struct, frozen=True):
    """The recipients of a ceremony's result; ``nonce`` is the ceremony's. Keys in base64, fingerprints in hex."""

    nonce: str
    pgp_keys: tuple[str, ...]
    fingerprints: tuple[str, ...]


@dataclass(slots=True)
class Rekey:
    """A ceremony that replaces the unseal shares, or the recovery shares of an automatic seal."""

    nonce: str
    config: SealConfig
    """The split of the new key."""

    progress: ShareProgress
    wrapped: bool = False
    """Whether each new share is encrypted for an OpenPGP key (``Recipients`` has them)."""

    backup: bool = False
    require_verification: bool = False
    new_key: Secret | None = None
    """The new key, whose shares have been issued and must be verified before it takes effect."""

    verification: ShareProgress = field(default_factory=lambda: ShareProgress(0))
    verification_nonce: str = ""

    def reset(self) -> None:
        """Forget the secrets."""
        self.progress.reset()
        self.verification.reset()
        if self.new_key is not None:
            self.new_key.close()


@dataclass(slots=True)
class RootGeneration:
    """A ceremony that makes a root token, returned encrypted by a one-time pad or for an OpenPGP key."""

    nonce: str
    progress: ShareProgress
    otp: str = field(default="", repr=False)
    wrapped: bool = False
    """Whether the token is encrypted for an OpenPGP key (``Recipients`` has it), and not by ``otp``."""


def record_progress(progress: ShareProgress) -> ProgressRecord:
    """``progress``, serialised."""
    return ProgressRecord(progress.threshold, progress.nonce, tuple(progress.reveal()))


def progress_of(record: ProgressRecord) -> ShareProgress:
    """The progress in ``record``."""
    return ShareProgress(record.threshold, record.nonce, record.shares)


def record_rekeys(rekeys: dict[str, Rekey]) -> tuple[RekeyRecord, ...]:
    """All ceremonies, serialised."""
    return tuple(
        RekeyRecord(
            name=name,
            nonce=rekey.nonce,
            shares=rekey.config.secret_shares,
            threshold=rekey.config.secret_threshold,
            wrapped=rekey.wrapped,
            backup=rekey.backup,
            require_verification=rekey.require_verification,
            progress=record_progress(rekey.progress),
            verification=record_progress(rekey.verification),
            verification_nonce=rekey.verification_nonce,
            new_key=None if rekey.new_key is None else rekey.new_key.reveal(),
        )
        for name, rekey in sorted(rekeys.items())
    )


def rekeys_of(records: Iterable[RekeyRecord]) -> dict[str, Rekey]:
    """The ceremonies in ``records``."""
    return {
        record.name: Rekey(
            nonce=record.nonce,
            config=SealConfig("shamir", record.shares, record.threshold),
            progress=progress_of(record.progress),
            wrapped=record.wrapped,
            backup=record.backup,
            require_verification=record.require_verification,
            new_key=None if record.new_key is None else Secret(record.new_key),
            verification=progress_of(record.verification),
            verification_nonce=record.verification_nonce,
        )
        for record in records
    }


def record_generation(generation: RootGeneration | None) -> GenerationRecord | None:
    """``generation``, serialised."""
    if generation is None:
        return None
    return GenerationRecord(generation.nonce, generation.otp, generation.wrapped, record_progress(generation.progress))


def generation_of(record: GenerationRecord | None) -> RootGeneration | None:
    """The ceremony in ``record``."""
    if record is None:
        return None
    return RootGeneration(record.nonce, progress_of(record.progress), record.otp, record.wrapped)


async def keep_recipients(view: View, name: str, recipients: Recipients) -> None:
    """Store the recipients of the ceremony ``name``, replacing an earlier ceremony's."""
    await put(view, _RECIPIENTS + name, msgspec.msgpack.encode(recipients))


async def recipients_of(view: View, name: str, nonce: str) -> Recipients:
    """The recipients of the ceremony ``name`` with this ``nonce``."""
    value = await view.get(_RECIPIENTS + name)
    recipients = None if value is None else msgspec.msgpack.decode(value, type=Recipients)
    return recipients if recipients is not None and recipients.nonce == nonce else Recipients(nonce, (), ())
