"""The run of a server process: open everything, serve, obey signals, and leave in order.

    SIGTERM, SIGINT    stop accepting, finish what is under way, close storage and audit, exit 0; a second one hurries
    SIGHUP             read the configuration again: log level, TLS certificates, audit files

The process knows the core by three callables alone (``Service``), so it is run in tests with an application of theirs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import signal
import ssl
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from server.config import Config, ConfigError, Listener
from server.development import DevelopmentKeys, banner, store_token, token_file
from server.listeners import Application, ListenFailed, OpenListener, open_listeners, serve
from server.logs import set_level

_log = logging.getLogger(__name__)
_PRIVATE = 0o077
"""Files that the server makes (databases, audit logs) are for its own account."""


@dataclass(frozen=True, slots=True)
class Service:
    """What is served, once it is open."""

    build: Callable[[Listener], Application]
    """The application for one listener."""

    reload: Callable[[Config], Awaitable[None]]
    """Take over from a configuration that was read again what can change while running."""

    close: Callable[[], Awaitable[None]]
    """Called once, when nothing is served any more."""

    development: DevelopmentKeys | None = None
    """In development mode, what was made at the start."""


OpenService: TypeAlias = Callable[[Config], Awaitable[Service]]


def run(config: Config, open_service: OpenService, read_config: Callable[[], Config]) -> None:
    """Serve until a signal says stop. Raises ``ListenFailed``, and what ``open_service`` raises.

    ``read_config`` reads the configuration again for a reload, and may raise ``ConfigError``.
    """
    _limit_process()
    with asyncio.Runner(loop_factory=_new_loop) as runner, _pid_file(config.pid_file):
        runner.get_loop().set_exception_handler(_log_stray)
        runner.run(_Process(config, open_service, read_config).run())


class _Process:
    def __init__(self, config: Config, open_service: OpenService, read_config: Callable[[], Config]) -> None:
        self._config = config
        self._open_service = open_service
        self._read_config = read_config
        self._stop = asyncio.Event()
        self._hangup = asyncio.Event()

    async def run(self) -> None:
        main = asyncio.current_task()
        assert main is not None
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._leave, main)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._hangup.set)
        for warning in self._config.warnings:
            _log.warning("%s", warning)
        opened = open_listeners(self._config.listeners)
        try:
            service = await self._open_service(self._config)
        except BaseException:
            for one in opened:
                one.close()
            raise
        try:
            _announce(self._config, [one.url for one in opened], service)
            await self._serve(opened, service)
        except asyncio.CancelledError:
            _log.warning("hurried: requests that were under way are cut off")
        finally:
            await service.close()
        _log.info("stopped")

    def _leave(self, main: asyncio.Task[Any]) -> None:
        if self._stop.is_set():
            main.cancel()
        self._stop.set()

    async def _serve(self, opened: Sequence[OpenListener], service: Service) -> None:
        reloads = asyncio.create_task(self._obey_hangups(opened, service))
        try:
            await serve(opened, service.build, self._stop)
        finally:
            reloads.cancel()
            await asyncio.gather(reloads, return_exceptions=True)

    async def _obey_hangups(self, opened: Sequence[OpenListener], service: Service) -> None:
        while True:
            await self._hangup.wait()
            self._hangup.clear()
            await self._reload(opened, service)

    async def _reload(self, opened: Sequence[OpenListener], service: Service) -> None:
        """Each part on its own: what fails keeps its old state, and the rest is reloaded all the same."""
        _log.info("reloading")
        for one in opened:
            try:
                one.reload()
            except ListenFailed as error:
                _log.error("the old certificate of %s stays in use: %s", one.url, error)
        try:
            config = self._read_config()
        except ConfigError as error:
            _log.error("the old configuration stays in use: %s", error)
            config = self._config
        set_level(config.log_level)
        try:
            await service.reload(config)
        except Exception:  # noqa: BLE001 - whatever is wrong with a reload, a server that runs goes on running.
            _log.exception("the reload failed")
        else:
            _log.info("reloaded")


def _announce(config: Config, urls: Sequence[str], service: Service) -> None:
    """Tell where the server listens; one line for each address, for people and programs alike."""
    stored: Path | None = None
    if config.development is not None and service.development is not None:
        if config.development.store_token:
            stored = token_file(os.environ)
            try:
                store_token(service.development.root_token, stored)
            except OSError as error:
                _log.warning("can't leave the root token in %s: %s", stored, error.strerror)
                stored = None
        sys.stdout.write(banner(urls, service.development, stored) + "\n")
    for url in urls:
        sys.stdout.write(f"listening on {url}\n")
    sys.stdout.flush()


def _new_loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


def _limit_process() -> None:
    """No core dumps, which would hold keys; as many connections as the system lets us have; private files."""
    os.umask(_PRIVATE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextlib.contextmanager
def _pid_file(path: str) -> Iterator[None]:
    if not path:
        yield
        return
    try:
        Path(path).write_text(f"{os.getpid()}\n")
    except OSError as error:
        raise ConfigError(f"can't write pid_file {path}: {error.strerror}") from None
    try:
        yield
    finally:
        Path(path).unlink(missing_ok=True)


def _log_stray(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Exceptions that nobody awaited. A client that breaks off its TLS handshake is none of our business."""
    error = context.get("exception")
    if isinstance(error, (ssl.SSLError, ConnectionError)):
        _log.debug("a connection failed: %s", type(error).__name__)
        return
    _log.error("%s", context.get("message", "error in the event loop"), exc_info=error)
