"""Sessions of browsers: a cookie stands for a service token, which the browser never has.

The cookie is ``OWNER.ID.SECRET``. The entry at ``OWNER/ID``, under the barrier, holds the token and the SHA-256 of the
secret. ``OWNER`` is a hash of the token's entity, or without one of the accessor, so that the sessions of one person
are found together. A session ends when its token does, when it has been idle for too long, and at an absolute age; a
token that was made for it ends with it.

The time of the last use is stored at most once in ``NOTED_SECONDS``: a session may end that much before its idle time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from server.console.guard import is_hexadecimal
from server.core.runtime import Runtime
from server.tenants.namespaces.names import ROOT
from storage.base import Transaction, delete, put, transact
from storage.view import View

_FOLDER = "sys/ui/sessions/"

MAX_PER_OWNER = 20
"""The most sessions of one owner; a further one ends the oldest."""

NOTED_SECONDS = 30.0
SWEPT_OWNERS = 20
"""The owners whose sessions that are over are searched for at each login."""

_OWNER_CHARACTERS = 32
_ID_BYTES = 12
_SECRET_BYTES = 32


class Session(Struct, frozen=True, kw_only=True):
    """One browser that is logged in. Times are seconds since the epoch."""

    owner: str
    id: str
    token: str
    """The service token."""

    own_token: bool
    """Whether the token was made for this session, and so ends with it."""

    secret_hash: bytes
    csrf_token: str
    """The value that each form of this session sends back."""

    namespace: str
    """The path of the namespace that the login was in; ``""`` is the root."""

    display_name: str
    accessor: str
    began: float
    used: float
    ends: float

    def __repr__(self) -> str:
        """Omits all secrets."""
        return f"Session({self.owner}.{self.id})"

    def is_over(self, now: float, idle_seconds: float) -> bool:
        """Whether it has ended by ``now``."""
        return now >= self.ends or now - self.used >= idle_seconds


Revoke: TypeAlias = Callable[[Session], Awaitable[None]]


class Sessions:
    """The sessions of all browsers of this server, stored once for all its processes."""

    def __init__(self, runtime: Runtime, revoke: Revoke) -> None:
        """``revoke`` ends the token of a session that has ended by itself."""
        self._revoke = revoke
        self._view = View(runtime.barrier, ROOT.storage_prefix + _FOLDER, runtime.cache)
        self._clock = runtime.clock
        self._idle_seconds = float(runtime.settings.ui_session_idle_seconds)
        self._max_seconds = float(runtime.settings.ui_session_max_seconds)
        self._swept = ""

    @property
    def idle_seconds(self) -> float:
        """How long a session may be idle, in seconds."""
        return self._idle_seconds

    async def begin(
        self, token: str, *, own_token: bool, accessor: str, owner: str, display_name: str, namespace: str
    ) -> tuple[Session, str]:
        """A new session, and the value of its cookie. ``owner`` is the entity, or the accessor of the token given."""
        now = self._clock()
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        session = Session(
            owner=hashlib.sha256((owner or accessor or token).encode()).hexdigest()[:_OWNER_CHARACTERS],
            id=secrets.token_hex(_ID_BYTES),
            token=token,
            own_token=own_token,
            secret_hash=_hash(secret),
            csrf_token=secrets.token_urlsafe(_SECRET_BYTES),
            namespace=namespace,
            display_name=display_name,
            accessor=accessor,
            began=now,
            used=now,
            ends=now + self._max_seconds,
        )
        await self._sweep()
        others = sorted(await self.of(session.owner), key=lambda other: other.began)
        for oldest in others[: max(0, len(others) - MAX_PER_OWNER + 1)]:
            await self._expire(oldest)
        await self._store(session)
        return session, f"{session.owner}.{session.id}.{secret}"

    async def find(self, cookie: str, *, active: bool = True) -> Session | None:
        """The session of ``cookie``; None if there is none any more. Unless ``active``, it goes on being idle."""
        owner, _, rest = cookie.partition(".")
        id, _, secret = rest.partition(".")
        if not (is_hexadecimal(owner) and is_hexadecimal(id)) or len(cookie) > 256:
            return None
        session = await self._read(owner, id)
        if session is None or not hmac.compare_digest(session.secret_hash, _hash(secret)):
            return None
        now = self._clock()
        if session.is_over(now, self._idle_seconds):
            await self._expire(session)
            return None
        if active and now - session.used >= NOTED_SECONDS:
            session = await self._note_use(session, now)
        return session

    async def of(self, owner: str) -> list[Session]:
        """The sessions of ``owner`` that aren't over."""
        now = self._clock()
        found = [await self._read(owner, id) for id in await self._view.list(f"{owner}/")]
        return [session for session in found if session is not None and not session.is_over(now, self._idle_seconds)]

    async def end(self, session: Session) -> None:
        """Forget ``session``; its token isn't touched."""
        await delete(self._view, _key(session.owner, session.id))

    async def _expire(self, session: Session) -> None:
        """End ``session``, which no person has logged out of, with its own token."""
        await self.end(session)
        if session.own_token:
            await self._revoke(session)

    async def _note_use(self, session: Session, now: float) -> Session:
        used = replace(session, used=now)

        async def write(transaction: Transaction) -> bool:
            if await transaction.get(_key(session.owner, session.id)) is None:
                return False  # It was ended meanwhile.
            transaction.put(_key(session.owner, session.id), msgspec.msgpack.encode(used))
            return True

        await transact(self._view, write)
        return used

    async def _read(self, owner: str, id: str) -> Session | None:
        value = await self._view.get(_key(owner, id))
        return None if value is None else msgspec.msgpack.decode(value, type=Session)

    async def _store(self, session: Session) -> None:
        await put(self._view, _key(session.owner, session.id), msgspec.msgpack.encode(session))

    async def _sweep(self) -> None:
        """End the sessions of the next owners that are over, so that each login does a part of the work."""
        owners = await self._view.list("", self._swept, SWEPT_OWNERS)
        self._swept = owners[-1] if len(owners) == SWEPT_OWNERS else ""
        now = self._clock()
        for owner in owners:
            for id in await self._view.list(owner):
                session = await self._read(owner.rstrip("/"), id)
                if session is not None and session.is_over(now, self._idle_seconds):
                    await self._expire(session)


def _key(owner: str, id: str) -> str:
    return f"{owner}/{id}"


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
