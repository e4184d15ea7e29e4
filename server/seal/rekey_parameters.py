"""What a rekeying is asked for and answers, and how the two APIs of it speak; see ``server.seal.rekey``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from engines.faults import Fault, InvalidRequest


@dataclass(frozen=True, slots=True)
class ErrorTexts:
    """How one of the APIs speaks."""

    busy: str
    """A round is under way already."""

    idle: str
    """A share comes, and there is no round."""

    unknown: str
    """The state of a verification is asked for, and there is no round."""

    finished: str
    """A present share comes, and the new ones have been handed out."""

    nonce: str
    """What a nonce is of."""

    again: str
    """In what a share was given twice."""

    not_verifying: str
    """A new share comes, and there is no round."""

    nothing_to_verify: str
    """A new share comes, and none have been handed out."""

    not_verified: str
    """The new shares that were shown are wrong."""

    not_computed: str
    """What stands before the reason why shares don't go together."""

    not_read: str
    """What stands before the reason why the unseal key doesn't open the root key."""

    invalid: str
    """What stands before what is wrong with the configuration."""

    miscounted: str
    """There isn't one OpenPGP key for each share."""

    failed: Callable[[str], Fault] = InvalidRequest
    """The fault for a mistake in the configuration, and for wrong shares."""

    keys_checked_first: bool = False
    """Whether ``miscounted`` is found out before all else, and a backup refused that has no keys."""


@dataclass(frozen=True, slots=True)
class SealParameters:
    """What is to be made."""

    shares: int
    threshold: int
    pgp_keys: tuple[str, ...] = ()
    backup: bool = False
    require_verification: bool = False


@dataclass(frozen=True, slots=True)
class RekeyStatus:
    """How far a round is; ``nonce`` is empty where none has begun."""

    nonce: str
    required: int
    shares: int = 0
    threshold: int = 0
    progress: int = 0
    fingerprints: tuple[str, ...] = ()
    backup: bool = False
    verification_required: bool = False
    verification_nonce: str = ""
    verification_progress: int = 0
    verifying: bool = False


@dataclass(frozen=True, slots=True)
class IssuedShares:
    """The new shares, encrypted where keys were given."""

    nonce: str
    shares: list[bytes] = field(repr=False)
    fingerprints: tuple[str, ...]
    backup: bool
    verification_required: bool
    verification_nonce: str
