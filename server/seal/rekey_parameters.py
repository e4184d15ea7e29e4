"""Parameters, status and error texts of rekeying in its two APIs; see ``server.seal.rekey``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from engines.faults import Fault, InvalidRequest


@dataclass(frozen=True, slots=True)
class ErrorTexts:
    """The error texts of one of the APIs, by the situation."""

    busy: str
    """A ceremony is under way already."""

    idle: str
    """A share without a ceremony."""

    unknown: str
    """The verification's state without a ceremony."""

    finished: str
    """A present share after the new ones were issued."""

    nonce: str
    """The noun that a wrong nonce is said to be of."""

    again: str
    """The noun for what a share was entered twice in."""

    not_verifying: str
    """A new share without a ceremony."""

    nothing_to_verify: str
    """A new share before any were issued."""

    not_verified: str
    """Wrong new shares."""

    not_computed: str
    """The prefix of the reason why shares can't be combined."""

    not_read: str
    """The prefix of the reason why the unseal key doesn't open the root key."""

    invalid: str
    """The prefix of a mistake in the configuration."""

    miscounted: str
    """The number of OpenPGP keys isn't that of the shares."""

    failed: Callable[[str], Fault] = InvalidRequest
    """The fault for a mistake in the configuration, and for wrong shares."""

    keys_checked_first: bool = False
    """Whether ``miscounted`` is checked first, and a backup without keys refused."""


@dataclass(frozen=True, slots=True)
class SealParameters:
    """The requested new key and its split."""

    shares: int
    threshold: int
    pgp_keys: tuple[str, ...] = ()
    backup: bool = False
    require_verification: bool = False


@dataclass(frozen=True, slots=True)
class RekeyStatus:
    """The progress of a ceremony; ``nonce`` is empty if none has begun."""

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
    """The new shares, encrypted if keys were given."""

    nonce: str
    shares: list[bytes] = field(repr=False)
    fingerprints: tuple[str, ...]
    backup: bool
    verification_required: bool
    verification_nonce: str
