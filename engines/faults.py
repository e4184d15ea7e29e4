"""The fault tree of engines, auth methods and the core. Only ``compat`` knows HTTP statuses.

    Fault
      +- InvalidRequest        the caller's input is wrong                         (answered with the bare text)
      +- Denied                the caller may not
      |    +- Unauthenticated  ... because it has shown no valid token
      +- NotFound              no such object; often without any text
      |    +- NotYet           ... but soon
      +- UnsupportedPath       the mount has no such path
      +- UnsupportedOperation  the path exists, but not with this method
      +- Failed                OpenBao answers 500, which clients may depend on; planned, not a bug
      +- TooLarge              the body is over the limit
      +- RateLimited           a quota is used up
      +- Sealed                the server is sealed or not initialised
      +- Unavailable           the server can't do it at present: storage or all audit devices fail

Vault distinguishes an error that a handler *returns* (wrapped as ``1 error occurred: ...``) from an error *response*
that it composes (the bare text). ``Fault.wrapped`` tells which a fault is; each class has Vault's usual choice.

Anything raised that isn't a Fault is a bug in the server, answered by a fixed text.
"""

from __future__ import annotations

from typing import ClassVar


class Fault(Exception):
    """A planned refusal. ``message`` is for the caller and holds no secret; ``None`` means no text."""

    wraps: ClassVar[bool] = False

    def __init__(self, message: str | None = None, *, wrapped: bool | None = None) -> None:
        super().__init__(message or type(self).__name__)
        self.message = message
        self.wrapped = self.wraps if wrapped is None else wrapped


class InvalidRequest(Fault):
    """The input is wrong; nothing has been changed."""


class Denied(Fault):
    """A valid token without the right to this."""

    wraps = True

    def __init__(self, message: str | None = "permission denied", *, wrapped: bool | None = None) -> None:
        super().__init__(message, wrapped=wrapped)


class Unauthenticated(Denied):
    """No token, or an unknown, expired, revoked or used-up one; the answer doesn't say which."""

    wraps = False


class NotFound(Fault):
    """The object doesn't exist."""


class NotYet(NotFound):
    """The object is on its way; ``retry_after_seconds`` says when it makes sense to ask again."""

    def __init__(
        self, message: str | None = None, *, wrapped: bool | None = None, retry_after_seconds: int = 1
    ) -> None:
        super().__init__(message, wrapped=wrapped)
        self.retry_after_seconds = retry_after_seconds


class UnsupportedPath(Fault):
    """The mount has no such path."""

    wraps = True

    def __init__(self, message: str | None = "unsupported path", *, wrapped: bool | None = None) -> None:
        super().__init__(message, wrapped=wrapped)


class UnsupportedOperation(Fault):
    """The path doesn't have this method."""

    wraps = True

    def __init__(self, message: str | None = "unsupported operation", *, wrapped: bool | None = None) -> None:
        super().__init__(message, wrapped=wrapped)


class Failed(Fault):
    """A failure that OpenBao reports as its own, with its text, though the caller's input often causes it."""

    wraps = True


class TooLarge(Fault):
    """The request body is over the limit."""


class RateLimited(Fault):
    """A quota is used up for now; ``retry_after_seconds`` is the time to wait, 0 if unknown."""

    def __init__(
        self, message: str | None = None, *, wrapped: bool | None = None, retry_after_seconds: int = 0
    ) -> None:
        super().__init__(message, wrapped=wrapped)
        self.retry_after_seconds = retry_after_seconds


class Sealed(Fault):
    """The server is sealed, or not initialised."""

    def __init__(self, message: str | None = "Vault is sealed", *, wrapped: bool | None = None) -> None:
        super().__init__(message, wrapped=wrapped)


class Unavailable(Fault):
    """The server can't do this at present, and the caller may try again."""
