"""Collection of shares, one by one, up to a threshold: for unsealing and for every other ceremony."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from storage.seals.base import InvalidKey
from storage.secret import Secret

MIN_SHARE_BYTES = 16
MAX_SHARE_BYTES = 33


class ShareProgress:
    """Collects ``threshold`` shares under a ``nonce``, which identifies the round."""

    def __init__(self, threshold: int, nonce: str = "", shares: Iterable[bytes] = ()) -> None:
        """A new round; with ``nonce`` and ``shares``, one that another process has begun."""
        self.threshold = threshold
        self.nonce = nonce
        """A UUID; empty while no share has come."""

        self._shares = [Secret(share) for share in shares]

    @property
    def progress(self) -> int:
        """The number of different shares received."""
        return len(self._shares)

    @property
    def complete(self) -> bool:
        """Whether there are enough."""
        return len(self._shares) >= self.threshold

    def reveal(self) -> list[bytes]:
        """The shares that have come, for another process to go on with."""
        return [share.reveal() for share in self._shares]

    def add(self, share: bytes) -> bool:
        """Keep ``share``; False if it was there already. Raises ``InvalidKey`` if it can't be one by its length."""
        if len(share) < MIN_SHARE_BYTES:
            raise InvalidKey(f"key is shorter than minimum {MIN_SHARE_BYTES} bytes")
        if len(share) > MAX_SHARE_BYTES:
            raise InvalidKey(f"key is longer than maximum {MAX_SHARE_BYTES} bytes")
        secret = Secret(share)
        if any(secret == known for known in self._shares):
            return False
        if self.complete:
            raise ValueError("complete shares are taken or reset before more are added")
        self.nonce = self.nonce or str(uuid.uuid4())
        self._shares.append(secret)
        return True

    def take(self) -> list[bytes]:
        """The shares, and start anew: a failed attempt begins from nothing."""
        shares = self.reveal()
        self.reset()
        return shares

    def reset(self) -> None:
        """Forget all shares."""
        for share in self._shares:
            share.close()
        self._shares.clear()
        self.nonce = ""
