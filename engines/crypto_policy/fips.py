"""FIPS modes: whether operations that FIPS 140-3 doesn't approve are allowed, allowed with a warning, or refused.

The mode is in the configuration, and reaches engines with their ``Mount``. The approved algorithms are facts of the
rows in ``engines.algorithms.registry``; this module applies them. The status of a key (``engines.keys.approval``) is
computed once, when the key is loaded, so that approved keys cost no request time.

Protecting (encrypting, signing, making keys) with unapproved algorithms is refused. Processing (decrypting, verifying)
only causes a warning, as *legacy use* in SP 800-131A: data must stay readable, so that it can be protected anew.
"""

from __future__ import annotations

import logging
from enum import Enum
from typing import Protocol

from engines.algorithms.base import Signature, SignatureOptions
from engines.algorithms.hashes import Hash
from engines.algorithms.row import Algorithm, Fips
from engines.algorithms.signatures.options import unapproved_signature, with_approved_salt
from engines.faults import InvalidRequest

_log = logging.getLogger(__name__)


class FipsMode(Enum):
    """The treatment of unapproved algorithms."""

    DISABLED = "disabled"
    """Non-approved algorithms are unrestricted."""

    PREFERRED = "preferred"
    """Defaults are approved, and callers are warned of other algorithms."""

    ENABLED = "enabled"
    """Other algorithms are refused, except for processing existing data."""


class NotApproved(InvalidRequest):
    """``what`` isn't approved, and the mode forbids this use."""

    def __init__(self, what: str) -> None:
        super().__init__(f'{what} is not FIPS-approved, and fips_mode is "{FipsMode.ENABLED.value}"')


class Warned(Protocol):
    """A collector of warnings for an answer: a ``Call``."""

    @property
    def warnings(self) -> list[str]:
        """The warnings so far."""

    def warn(self, text: str) -> None:
        """Add ``text`` to the warnings."""


class FipsGuard:
    """Refuses or warns, by ``mode``; one for each part of the server, named ``place`` in the log.

    Its methods take ``what``, in words, and do nothing if that is empty.
    """

    __slots__ = ("_logged", "_place", "active", "mode")

    def __init__(self, mode: FipsMode, place: str) -> None:
        self.mode = mode
        self.active = mode is not FipsMode.DISABLED
        """Whether it matters at all what is approved."""

        self._place = place
        self._logged: set[str] = set()

    def refuse(self, what: str) -> None:
        """Raise ``NotApproved`` if the mode refuses; no warnings."""
        if what and self.mode is FipsMode.ENABLED:
            refusal = NotApproved(what)
            self._note(str(refusal))
            raise refusal

    def protecting(self, call: Warned, what: str) -> None:
        """Refuse, or warn of, protection with ``what``. Raises ``NotApproved``."""
        self.refuse(what)
        self.processing(call, what)

    def processing(self, call: Warned, what: str) -> None:
        """Warn of processing with ``what``."""
        if not what or not self.active:
            return
        text = f'{what} is not FIPS-approved (fips_mode is "{self.mode.value}")'
        if text not in call.warnings:
            call.warn(text)
        self._note(text)

    def _note(self, text: str) -> None:
        """Log ``text`` once; there are only a few texts for each algorithm, and none names a key."""
        if text not in self._logged:
            self._logged.add(text)
            _log.warning("%s: %s; further uses are not logged", self._place, text)


UNGUARDED = FipsGuard(FipsMode.DISABLED, "")
"""The guard of code outside of any mount."""


class ApprovedSignature:
    """Signatures with one key pair: only of approved kinds if ``guard`` refuses others; all kinds are verified."""

    __slots__ = ("_algorithm", "_guard", "_signature")

    def __init__(self, signature: Signature, algorithm: Algorithm, guard: FipsGuard) -> None:
        self._signature = signature
        self._algorithm = algorithm
        self._guard = guard

    def sign(self, message: bytes, options: SignatureOptions) -> bytes:
        """As ``Signature.sign``; an unspecified salt length is the hash's."""
        options = with_approved_salt(self._algorithm, options)
        self._guard.refuse(unapproved_signature(self._algorithm, options))
        return self._signature.sign(message, options)

    def verify(self, message: bytes, signature: bytes, options: SignatureOptions) -> None:
        """As ``Signature.verify``."""
        self._signature.verify(message, signature, options)


def unapproved_hash(purpose: str, hash_: Hash) -> str:
    """``purpose`` with the name of ``hash_`` if that isn't approved to protect anything, else ""."""
    return "" if hash_.fips is Fips.APPROVED else f"{purpose} with {hash_.name}"
