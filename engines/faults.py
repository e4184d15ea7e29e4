"""The one fault tree: how an engine, an auth method or the core says no. Only ``compat`` knows HTTP statuses.

    Fault
      +- InvalidRequest        the caller's input is wrong                         (answered with the bare text)
      +- Denied                the caller may not
      |    +- Unauthenticated  ... because it has shown no valid token
      +- NotFound              no such object; often without any text
      +- UnsupportedPath       the mount has no such path
      +- UnsupportedOperation  the path is there, but not for this verb
      +- Failed                OpenBao answers 500 to this, and clients may lean on it; planned, not a bug
      +- TooLarge              the body is over the limit
      +- RateLimited           a quota is used up
      +- Sealed                the server is sealed or not initialised
      +- Unavailable           the server can't do it at present: storage or all audit devices refuse

Vault tells an error that a handler *returns* (wrapped as ``1 error occurred: ...``) from an error *response* that it
composes (the bare text). ``Fault.wrapped`` says which of the two a fault is; each class has Vault's usual choice.

Anything raised that isn't a Fault is a bug in the server, answered by a fixed text.
"""

from __future__ import annotations

from typing import ClassVar


class Fault(Exception):
    """A planned refusal. ``message`` is for the caller and holds no secret; ``None`` answers without a text."""

    wraps: ClassVar[bool] = False

    def __init__(self, message: str | None = None, *, wrapped: bool | None = None) -> None:
        super().__init__(message or type(self).__name__)
        self.message = message
        self.wrapped = self.wraps if wrapped is None else wrapped


class InvalidRequest(Fault):
    """The input is wrong; nothing has been changed."""


class Denied(Fault):
    """A valid token without the right to do this."""

    wraps = True

    def __init__(self, message: str | None = "permission denied", *, wrapped: bool | None = None) -> None:
        super().__init__(message, wrapped=wrapped)


class Unauthenticated(Denied):
    """No token, or one that is unknown, expired, revoked or used up; the answer doesn't say which."""

    wraps = False


class NotFound(Fault):
    """There is no such object."""


class UnsupportedPath(Fault):
    """The mount has no such path."""

    wraps = True

    def __init__(self, message: str | None = "unsupported path", *, wrapped: bool | None = None) -> None:
        super().__init__(message, wrapped=wrapped)


class UnsupportedOperation(Fault):
    """The path has no such verb."""

    wraps = True

    def __init__(self, message: str | None = "unsupported operation", *, wrapped: bool | None = None) -> None:
        super().__init__(message, wrapped=wrapped)


class Failed(Fault):
    """What OpenBao reports as its own failure, with its words, though the cause is often the caller's input."""

    wraps = True


class TooLarge(Fault):
    """The request body is over the limit."""


class RateLimited(Fault):
    """A quota is used up for now; ``retry_after_seconds`` says when it makes sense to try again, 0 if that is open."""

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
