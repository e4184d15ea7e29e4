"""The token of requests: login, renewal, and replacement after its end."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptoserve.errors import InvalidResponse, PermissionDenied, Unavailable
from cryptoserve.http.exchange import Answer, Exchange
from cryptoserve.http.steps import SignIn, Steps
from cryptoserve.logins import GivenToken, Login
from cryptoserve.settings import checked_token

clock = time.monotonic

RENEWAL = 2 / 3
"""The part of a token's time after which it is renewed, by the first call that comes."""

WATCHED_SECONDS = 5.0
"""How long a token of an agent's file is used before the file is read again."""

RENEWAL_RETRY_SECONDS = 5.0
"""How long a token that couldn't be renewed, and still holds, is used before it is tried again."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A token in use; times are on ``clock``."""

    token: str = field(repr=False)
    renew_at: float
    ends: float
    renewable: bool


class Session:
    """The token of one client. Without a ``login``, it is the one that was given, and stays."""

    def __init__(self, exchange: Exchange, token: str, login: Login | None) -> None:
        self._exchange = exchange
        self._given = token
        self._login = login
        self._held: _Held | None = None

    def request(
        self, method: str, path: str, body: Mapping[str, object] | None = None, *, deadline: float, repeats: bool = True
    ) -> Steps[Answer]:
        """As ``Exchange.request``, with the token. If that has ended, there is a login, at most one for a request."""
        token = yield from self._token(deadline)
        answer = yield from self._exchange.request(method, path, body, token=token, deadline=deadline, repeats=repeats)
        if answer.status != 403 or self._login is None or (yield from self._is_good(token, deadline)):
            return answer
        # The server has refused the request before it did anything, so sending it again isn't doing it twice.
        if self._held is not None and self._held.token == token:
            self._held = None
        token = yield from self._token(deadline)
        answer = yield from self._exchange.request(method, path, body, token=token, deadline=deadline, repeats=repeats)
        return answer

    def _token(self, deadline: float) -> Steps[str]:
        if self._login is None:
            return self._given
        if self._fresh() is None:
            yield SignIn(self._renew_or_log_in(self._login, deadline), deadline)
        held = self._held
        if held is None:
            raise Unavailable("another call of this client has just lost the token")
        return held.token

    def _fresh(self) -> _Held | None:
        held = self._held
        return held if held is not None and clock() < held.renew_at else None

    def _is_good(self, token: str, deadline: float) -> Steps[bool]:
        path = "auth/token/lookup-self"
        answer = yield from self._exchange.request("GET", path, None, token=token, deadline=deadline)
        return answer.status != 403

    def _renew_or_log_in(self, login: Login, deadline: float) -> Steps[None]:
        if self._fresh() is not None:
            return  # Another call was first.
        held = self._held
        if held is not None and held.renewable and clock() < held.ends:
            renewed = yield from self._renew(held, deadline)
            if renewed:
                return
        self._held = yield from self._log_in(login, deadline)

    def _renew(self, held: _Held, deadline: float) -> Steps[bool]:
        """Whether the token can be used on. A server that isn't there now doesn't end a token that holds."""
        now = clock()
        try:
            answer = yield from self._exchange.request(
                "POST", "auth/token/renew-self", {}, token=held.token, deadline=deadline, repeats=False
            )
        except (Unavailable, InvalidResponse):
            self._held = _Held(held.token, min(now + RENEWAL_RETRY_SECONDS, held.ends), held.ends, held.renewable)
            return now < held.ends
        if not answer.succeeded:
            return False
        renewed = _granted(answer, now)
        # Near its maximum, a token is renewed for less and less; then a login is due.
        if renewed.ends <= held.ends and renewed.renew_at - now < 1.0:
            return False
        self._held = renewed
        return True

    def _log_in(self, login: Login, deadline: float) -> Steps[_Held]:
        start = login.start()
        now = clock()
        if isinstance(start, GivenToken):
            if start.watched:
                return _Held(start.token, now + WATCHED_SECONDS, float("inf"), renewable=False)
            return (yield from self._looked_up(start.token, deadline))
        answer = yield from self._exchange.request(
            "POST", start.path, dict(start.body), token="", deadline=deadline, repeats=False
        )
        if not answer.succeeded:
            message = f"the login at {start.path} was refused (status {answer.status})"
            raise PermissionDenied(message, request_id=answer.request_id)
        return _granted(answer, now)

    def _looked_up(self, token: str, deadline: float) -> Steps[_Held]:
        now = clock()
        path = "auth/token/lookup-self"
        answer = yield from self._exchange.request("GET", path, None, token=token, deadline=deadline)
        if not answer.succeeded:
            raise PermissionDenied("the token is not good, or may not look itself up", request_id=answer.request_id)
        renewable = answer.data.get("renewable") is True
        return _held(token, answer.data.get("ttl"), renewable, now, answer.request_id)


def _granted(answer: Answer, now: float) -> _Held:
    """The token that a login or renewal has given. Raises ``InvalidResponse``."""
    auth = answer.body.get("auth")
    if not isinstance(auth, dict):
        raise InvalidResponse("a login was answered without a token", request_id=answer.request_id)
    token = auth.get("client_token")
    try:
        checked_token(token if isinstance(token, str) else "")
    except ValueError:
        raise InvalidResponse("a login was answered without a token", request_id=answer.request_id) from None
    assert isinstance(token, str), "it has been checked"
    return _held(token, auth.get("lease_duration"), auth.get("renewable") is True, now, answer.request_id)


def _held(token: str, ttl_seconds: object, renewable: bool, now: float, request_id: str) -> _Held:
    """``now`` is from before the token was asked for, so that it isn't believed to last longer than it does."""
    if not isinstance(ttl_seconds, int) or isinstance(ttl_seconds, bool) or ttl_seconds < 0:
        raise InvalidResponse("a token was answered without its time", request_id=request_id)
    if ttl_seconds == 0:
        return _Held(token, float("inf"), float("inf"), renewable=False)
    return _Held(token, now + ttl_seconds * RENEWAL, now + ttl_seconds, renewable)
