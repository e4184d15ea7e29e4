"""One process that serves: opens everything, answers until it is told to stop, and leaves in order.

It knows the core by three callables alone (``Service``), so it is run in tests with an application of theirs. Who tells
it to stop or to reload differs: signals, if it is the only process (``server.processes.single``), or its supervisor
(``server.workers``).
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from server.config import Config, ConfigError, Listener, differences
from server.listeners import Application, ConnectionBudget, ListenFailed, OpenListener, serve
from server.processes.development import DevelopmentKeys
from server.runtime.certificates import ListenerCertificates
from server.runtime.logs import set_level
from server.runtime.metrics import Meter
from server.seal.shared_state import SharedStateAccess, SoleProcess
from server.tenants.limits.login_counts import LoginCounts
from server.tenants.limits.rate_limits import RateCounts
from storage.shared_memory import SharedRevision

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Member:
    """A process's place among those that serve together; as it stands, that of the only one."""

    shared_state: SharedStateAccess = field(default_factory=SoleProcess)
    revision: SharedRevision | None = None
    share: ConnectionBudget = field(default_factory=ConnectionBudget)
    """Its share of the connections."""

    rate_counts: RateCounts | None = None
    """Where quotas are counted with the others."""

    login_counts: LoginCounts | None = None
    """Where failed logins are counted with the others."""

    meter: Meter | None = None
    """Where requests are counted with the others."""

    certificates: Sequence[ListenerCertificates] = ()
    """What the listeners show."""


@dataclass(frozen=True, slots=True)
class Service:
    """What is served, once it is open."""

    build: Callable[[Listener], Application]
    """The application for one listener."""

    reload: Callable[[Config], Awaitable[bool]]
    """Take over from a configuration that was read again what can change while running; whether all of it could be."""

    close: Callable[[], Awaitable[None]]
    """Called once, when nothing is served any more."""

    always_served: Collection[str] = ()
    """Paths that are served whatever the number of requests under way."""

    development: DevelopmentKeys | None = None
    """In development mode, what was made at the start."""


OpenService: TypeAlias = Callable[[Config, Member], Awaitable[Service]]
ReadConfig: TypeAlias = Callable[[], Config]
"""Reads the configuration again for a reload, and may raise ``ConfigError``."""


def _nothing() -> None:
    """There is nobody to be told."""


class Serving:
    """Serves ``opened``, which are closed at the end."""

    def __init__(
        self,
        config: Config,
        open_service: OpenService,
        read_config: ReadConfig,
        opened: Sequence[OpenListener],
        member: Member,
        reloading: Callable[[], None] = _nothing,
        reloaded: Callable[[], None] = _nothing,
    ) -> None:
        """``reloading`` and ``reloaded`` are called around each reload, whatever comes of it."""
        self._config = config
        self._open_service = open_service
        self._read_config = read_config
        self._opened = opened
        self._member = member
        self._reloading = reloading
        self._reloaded = reloaded
        self._main: asyncio.Task[Any] | None = None
        self._stop = asyncio.Event()
        self._hangup = asyncio.Event()

    async def run(self, ready: Callable[[Service], None]) -> None:
        """Serve until ``stop``; ``ready`` is called as soon as requests are answered. Raises what opening raises."""
        self._main = asyncio.current_task()
        asyncio.get_running_loop().set_exception_handler(_log_stray)
        try:
            shown = tuple(one.certificates for one in self._opened if one.certificates is not None)
            service = await self._open_service(self._config, replace(self._member, certificates=shown))
        except BaseException:
            for one in self._opened:
                one.close()
            raise
        try:
            ready(service)
            await self._serve(service)
        except asyncio.CancelledError:
            _log.warning("hurried: requests that were under way are cut off")
        finally:
            await service.close()

    def stop(self) -> None:
        """Take no more connections, and finish what is under way."""
        self._stop.set()

    def hurry(self) -> None:
        """Cut off what is under way."""
        self._stop.set()
        if self._main is not None:
            self._main.cancel()

    def leave(self) -> None:
        """``stop``; the second time, ``hurry``."""
        if self._stop.is_set():
            self.hurry()
        self.stop()

    def reload(self) -> None:
        """Read configuration and certificates again, and take up audit files anew."""
        self._hangup.set()

    async def _serve(self, service: Service) -> None:
        reloads = asyncio.create_task(self._obey_hangups(service))
        try:
            await serve(self._opened, service.build, self._stop, self._member.share, service.always_served)
        finally:
            reloads.cancel()
            await asyncio.gather(reloads, return_exceptions=True)

    async def _obey_hangups(self, service: Service) -> None:
        while True:
            await self._hangup.wait()
            self._hangup.clear()
            self._reloading()
            try:
                await self._reload(service)
            finally:
                self._reloaded()

    async def _reload(self, service: Service) -> None:
        self._config, whole = reread(self._config, self._read_config, self._opened)
        try:
            whole = await service.reload(self._config) and whole
        except Exception:  # noqa: BLE001 - whatever is wrong with a reload, a server that runs goes on running.
            _log.exception("the reload failed")
            return
        if whole:
            _log.info("reloaded")
        else:
            _log.error("the reload failed in part: what is named above is as it was, the rest is new")


def reread(config: Config, read_config: ReadConfig, opened: Sequence[OpenListener]) -> tuple[Config, bool]:
    """``config`` with the level of logging as it is written now, and the present certificates in use; whether all went.

    Each part on its own: what fails keeps its old state, and the rest is reloaded all the same. Nothing else is taken
    over, so that a worker which is started later is like all others.
    """
    _log.info("reloading")
    whole = True
    for one in opened:
        try:
            one.reload()
        except ListenFailed as error:
            _log.error("the old certificate of %s stays in use: %s", one.url, error)
            whole = False
    try:
        read = read_config()
    except ConfigError as error:
        _log.error("the old configuration stays in use: %s", error)
        whole = False
    else:
        config = replace(config, log_level=read.log_level)
        if waiting := differences(config, read):
            _log.warning("changed, and in use after a restart: %s", ", ".join(waiting))
    set_level(config.log_level)
    return config, whole


def new_loop() -> asyncio.AbstractEventLoop:
    """The event loop that everything is served in."""
    import uvloop

    return uvloop.new_event_loop()


def _log_stray(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Exceptions that nobody awaited. A client that breaks off its TLS handshake is none of our business."""
    error = context.get("exception")
    if isinstance(error, (ssl.SSLError, ConnectionError)):
        _log.debug("a connection failed: %s", type(error).__name__)
        return
    _log.error("%s", context.get("message", "error in the event loop"), exc_info=error)
