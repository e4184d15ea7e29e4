"""Serving loop of one process: opens everything, answers requests until stopped, and shuts down in order.

It knows the core by three callables alone (``Service``), so tests run it with applications of their own. Stop and
reload come as signals in a single process (``server.processes.single``), else from the supervisor
(``server.processes.supervisor``).
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
from server.runtime.meter import Meter
from server.seal.shared_state import SharedStateAccess, SoleProcess
from server.tenants.limits.login_counts import LoginCounts
from server.tenants.limits.rate_limits import RateCounts
from storage.shared_memory import SharedRevision

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Member:
    """A process's share of what the server's processes have in common; the defaults are for a single one."""

    shared_state: SharedStateAccess = field(default_factory=SoleProcess)
    revision: SharedRevision | None = None
    share: ConnectionBudget = field(default_factory=ConnectionBudget)
    """Its share of the connection budget."""

    rate_counts: RateCounts | None = None
    """The shared counts of quotas."""

    login_counts: LoginCounts | None = None
    """The shared counts of failed logins."""

    meter: Meter | None = None
    """The shared counts of requests."""

    certificates: Sequence[ListenerCertificates] = ()
    """The certificates of the listeners."""


@dataclass(frozen=True, slots=True)
class Service:
    """The open service."""

    build: Callable[[Listener], Application]
    """The application for one listener."""

    reload: Callable[[Config], Awaitable[bool]]
    """Apply those settings of a re-read configuration that can change while running; return whether all could."""

    close: Callable[[], Awaitable[None]]
    """Called once, after serving has stopped."""

    always_served: Collection[str] = ()
    """Paths served whatever the number of requests under way."""

    development: DevelopmentKeys | None = None
    """In development mode, the secrets made at the start."""


OpenService: TypeAlias = Callable[[Config, Member], Awaitable[Service]]
ReadConfig: TypeAlias = Callable[[], Config]
"""Reads the configuration again for a reload, and may raise ``ConfigError``."""


def _nothing() -> None:
    """The default of ``reloading`` and ``reloaded``."""


class Serving:
    """Serves on ``opened``, which are closed at the end."""

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
        """``reloading`` and ``reloaded`` are called around each reload, also a failed one."""
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
        """Accept no more connections, and finish the requests under way."""
        self._stop.set()

    def hurry(self) -> None:
        """Abort the requests under way."""
        self._stop.set()
        if self._main is not None:
            self._main.cancel()

    def leave(self) -> None:
        """``stop``; the second time, ``hurry``."""
        if self._stop.is_set():
            self.hurry()
        self.stop()

    def reload(self) -> None:
        """Read configuration and certificates again, and reopen audit files."""
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
        except Exception:  # noqa: BLE001 - a failed reload must not stop the server
            _log.exception("the reload failed")
            return
        if whole:
            _log.info("reloaded")
        else:
            _log.error("the reload failed in part: what is named above is as it was, the rest is new")


def reread(config: Config, read_config: ReadConfig, opened: Sequence[OpenListener]) -> tuple[Config, bool]:
    """``config`` with the log level as written now, with certificates reloaded; and whether everything could be read.

    Each part on its own: a failing part keeps its old state, and the rest is reloaded. No other setting is applied, so
    that a worker started later is like the others.
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
    """The event loop of a serving process."""
    import uvloop

    return uvloop.new_event_loop()


def _log_stray(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log exceptions that no task awaited, except failed TLS handshakes."""
    error = context.get("exception")
    if isinstance(error, (ssl.SSLError, ConnectionError)):
        _log.debug("a connection failed: %s", type(error).__name__)
        return
    _log.error("%s", context.get("message", "error in the event loop"), exc_info=error)
