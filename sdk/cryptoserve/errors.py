"""The errors of calls: one tree of exceptions.

    CryptoServeError
      +- DecryptionFailed    damaged, or made under another context, app or team, or with a key that is gone
      +- PermissionDenied    the token may not do this, or is no longer good
      +- ContextNotFound     there is no such key, and the token may not make it
      +- UnsuitableKey       the key's type can't do this, or can't bind associated data
      +- PolicyRefused       a crypto policy of the server forbids it
      +- BatchFailed         some items of a list failed
      +- RateLimited         a quota is used up for longer than the call may take
      +- LimitReached        the key has made as many encryptions as it may
      +- Unavailable         no answer within the call's time, or the server is sealed
      +- InvalidResponse     an answer that no such server gives

Messages name the operation and the context. They never hold plaintexts, ciphertexts, tokens or the server's own words,
except for the rules of crypto policies. What is wrong with the arguments is ``TypeError`` or ``ValueError``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class CryptoServeError(Exception):
    """The call failed. ``request_id`` finds it in the server's audit; ``""`` if the server has told none."""

    def __init__(self, message: str, *, request_id: str = "") -> None:
        super().__init__(f"{message} (request {request_id})" if request_id else message)
        self.request_id = request_id

    def __reduce__(self) -> tuple[object, ...]:
        # By default, an exception is unpickled by its message alone, which would tell the request twice.
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[CryptoServeError], arguments: tuple[object, ...], state: dict[str, object]) -> Exception:
    error = kind.__new__(kind, *arguments)
    error.args = arguments
    error.__dict__.update(state)
    return error


class DecryptionFailed(CryptoServeError):
    """The text doesn't open: damaged, another context, app or team, or a key that is gone. Which, isn't told."""


class PermissionDenied(CryptoServeError):
    """The token is unknown or ended, or its policies don't allow this."""


class ContextNotFound(CryptoServeError):
    """There is no such key, and it isn't made: the token may not, or the server makes none by itself."""


class UnsuitableKey(CryptoServeError):
    """The type of the key can't do this; for encryption, it has to be able to bind associated data."""


class PolicyRefused(CryptoServeError):
    """Rules of crypto policies forbid this; the message has the server's sentence for each."""


class RateLimited(CryptoServeError):
    """Too many requests. ``retry_after_seconds`` is when the server wants to be asked again, None if it doesn't say."""

    def __init__(self, message: str, *, request_id: str = "", retry_after_seconds: float | None = None) -> None:
        super().__init__(message, request_id=request_id)
        self.retry_after_seconds = retry_after_seconds


class LimitReached(CryptoServeError):
    """The latest version of the key has made as many encryptions as it may: rotate it."""


class Unavailable(CryptoServeError):
    """The server wasn't there, or couldn't answer, for as long as the call was given."""


class InvalidResponse(CryptoServeError):
    """The answer is malformed, too large, or not what was asked for: another kind of server, or a proxy."""


class BatchFailed(CryptoServeError):
    """Some items failed: ``results`` has None in their places, ``errors`` an error by each such index."""

    def __init__(
        self,
        message: str,
        *,
        results: Sequence[str | bytes | None],
        errors: Mapping[int, CryptoServeError],
        request_id: str = "",
    ) -> None:
        super().__init__(message, request_id=request_id)
        self.results = list(results)
        self.errors = dict(errors)
