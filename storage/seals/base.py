"""The contract of seals: a seal wraps the barrier's root key and unwraps it again.

An *automatic* seal (a static key, a key service) unwraps when the server starts. The Shamir seal needs enough
shares of its key first. A server with an automatic seal may have *recovery* shares, which unwrap nothing, but prove
that their holders agree.

    SealFault (a StorageFault)
      +- InvalidKey         a key or share is wrong; the text is what Vault puts behind "invalid key: "
      +- InvalidSealConfig  shares or threshold are wrong; the text is Vault's
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from storage.base import StorageFault

MAX_SHARES = 255


class SealFault(StorageFault):
    """A seal could not do what was asked."""


class InvalidKey(SealFault):
    """A key or a share is not the right one."""


class InvalidSealConfig(SealFault):
    """The number of shares or the threshold is out of range."""


class SealConfig(msgspec.Struct, frozen=True, array_like=True):
    """The split of a key; ``type`` is that of the seal, and ``shamir`` for recovery shares."""

    type: str
    secret_shares: int
    secret_threshold: int

    def check(self) -> None:
        """Raise ``InvalidSealConfig`` unless a key can be split so."""
        shares, threshold = self.secret_shares, self.secret_threshold
        if shares < 1:
            raise InvalidSealConfig("shares must be at least one")
        if threshold < 1:
            raise InvalidSealConfig("threshold must be at least one")
        if shares > 1 and threshold == 1:
            raise InvalidSealConfig("threshold must be greater than one for multiple shares")
        if shares > MAX_SHARES:
            raise InvalidSealConfig("shares must be less than 256")
        if threshold > shares:
            raise InvalidSealConfig("threshold cannot be larger than shares")


class Seal(Protocol):
    """Wraps secrets, each bound to a path."""

    @property
    def type(self) -> str:
        """Its name in the configuration and ``seal-status``."""

    @property
    def automatic(self) -> bool:
        """Whether it can unwrap without shares."""

    async def wrap(self, path: str, secret: bytes) -> bytes:
        """Encrypt ``secret`` for the entry at ``path``."""

    async def unwrap(self, path: str, wrapped: bytes) -> bytes:
        """The wrapped secret. Raises ``InvalidKey`` if it wasn't wrapped with the seal's key."""

    def outdated(self, wrapped: bytes) -> bool:
        """Whether ``wrapped`` was made with a key that is going out of use, and should be wrapped again."""

    def close(self) -> None:
        """Forget the key, if it came from shares: the server is being sealed."""
