"""Key bytes that are kept out of logs, pickles and accidental copies, and zeroed after use.

This is best effort: Python may keep other copies, and what ``reveal`` returned is beyond control.
"""

from __future__ import annotations

import hmac
import secrets
from types import TracebackType
from typing import NoReturn


class Secret:
    """A key, as a context manager that zeroes it on leaving."""

    __slots__ = ("_bytes", "_closed")

    def __init__(self, key: bytes | bytearray | memoryview) -> None:
        """Copies ``key``; the caller's own copy stays the caller's to zero."""
        self._closed = False
        self._bytes = bytearray(key)

    @classmethod
    def random(cls, size: int) -> Secret:
        """A new secret of ``size`` random bytes."""
        return cls(secrets.token_bytes(size))

    def reveal(self) -> bytes:
        """The key itself. Raises ``ValueError`` after ``close``."""
        if self._closed:
            raise ValueError("the secret is closed")
        return bytes(self._bytes)

    def close(self) -> None:
        """Overwrite the key with zeros; it can't be used afterwards."""
        self._closed = True
        self._bytes[:] = bytes(len(self._bytes))

    def __len__(self) -> int:
        return len(self._bytes)

    def __repr__(self) -> str:
        return f"Secret({'closed' if self._closed else f'{len(self._bytes)} bytes'})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.reveal(), other.reveal())

    __hash__ = None  # type: ignore[assignment]

    def __enter__(self) -> Secret:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_bytes"):  # Absent if the constructor has raised.
            self.close()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse pickling, and copying, which goes the same way."""
        raise TypeError("a Secret can't be pickled or copied")
