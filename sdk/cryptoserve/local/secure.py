"""Memory for key bytes that is overwritten when it isn't needed any more."""

from __future__ import annotations

from types import TracebackType
from typing import Self


class SecureBytes:
    """A copy of key bytes, overwritten at the end of a ``with`` block, by ``close``, or when it is collected.

    This is best effort: Python has had the bytes in objects that can't be overwritten (the answer of the server, its
    base64), the operating system may have written memory to disk, and OpenSSL keeps a schedule of the key in use.
    """

    __slots__ = ("_bytes",)

    def __init__(self, secret: bytes | bytearray) -> None:
        self._bytes = bytearray(secret)

    def reveal(self) -> bytearray:
        """The bytes themselves, not a copy. Raises ``ValueError`` after ``close``."""
        if not self._bytes:
            raise ValueError("the key has been overwritten")
        return self._bytes

    def close(self) -> None:
        """Overwrite the bytes with zeros, and forget them."""
        self._bytes[:] = bytes(len(self._bytes))
        self._bytes = bytearray()

    def __len__(self) -> int:
        return len(self._bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SecureBytes({len(self._bytes)} bytes)"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("key bytes are not pickled")
