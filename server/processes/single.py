"""Running a server: as one process, or as a supervisor with workers; their common set-up, and signals.

SIGTERM, SIGINT    stop accepting, finish requests, close storage and audit, exit 0; a second one aborts requests
SIGHUP             read the configuration again: log level, TLS certificates, audit files
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from cryptoserve_cli.hangups import take_hangup
from engines.crypto_policy.fips import FipsMode
from server.config import Config, ConfigError, Place
from server.listeners import ConnectionBudget, OpenListener, open_listeners
from server.processes.development import DevelopmentKeys, banner, store_token, token_file
from server.processes.service_manager import ServiceManager
from server.processes.supervisor import Supervisor
from server.processes.worker_loop import Member, OpenService, ReadConfig, Service, Serving, new_loop
from server.runtime.openssl import warn_of_provider
from server.runtime.version import VERSION
from server.tenants.crypto_policies.expressions import AVAILABLE, MISSING
from storage.file_locks import FileLock

_log = logging.getLogger(__name__)
_PRIVATE = 0o077
"""Umask: files that the server creates (databases, audit logs) are for its own account."""


def run(config: Config, open_service: OpenService, read_config: ReadConfig) -> None:
    """Serve until a signal says stop. Raises ``ListenFailed``, ``ConfigError``, and what ``open_service`` raises.

    ``read_config`` reads the configuration again for a reload, and may raise ``ConfigError``.
    """
    manager = ServiceManager.of_environment(os.environ)
    _limit_process()
    mode = FipsMode(config.fips_mode)
    if warning := warn_of_provider(mode):
        _log.warning("%s", warning)
    if config.crypto_policies == "off":
        _log.warning('crypto policies are not enforced: the configuration says crypto_policies = "off"')
    elif not AVAILABLE:
        _log.warning("no crypto policy can be written: %s", MISSING)
    with _pid_file(config.pid_file, config.places.get("pid_file")):
        opened = open_listeners(config.listeners, mode)
        urls = [one.url for one in opened]
        if config.workers > 1:
            supervisor = Supervisor(config, open_service, read_config, opened, manager)
            supervisor.run(lambda: _announce(config, urls, None))
        else:
            with asyncio.Runner(loop_factory=new_loop) as runner:
                runner.run(_serve_alone(config, open_service, read_config, opened, manager))
        _log.info("stopped")


async def _serve_alone(
    config: Config,
    open_service: OpenService,
    read_config: ReadConfig,
    opened: Sequence[OpenListener],
    manager: ServiceManager,
) -> None:
    member = Member(share=ConnectionBudget(limit=config.max_connections, most_requests=config.max_concurrent_requests))
    serving = Serving(config, open_service, read_config, opened, member, manager.reloading, manager.ready)
    loop = asyncio.get_running_loop()

    def leave() -> None:
        manager.stopping()
        serving.leave()

    def ready(service: Service) -> None:
        _announce(config, [one.url for one in opened], service.development)
        manager.ready()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave)
    loop.add_signal_handler(signal.SIGHUP, serving.reload)
    if take_hangup():
        serving.reload()
    try:
        await serving.run(ready)
    finally:
        # Closing the loop would restore the default action, which ends the process at once.
        loop.remove_signal_handler(signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _announce(config: Config, urls: Sequence[str], keys: DevelopmentKeys | None) -> None:
    """Print the addresses on which the server listens, one on each line, for people and programs."""
    about = {
        "version": VERSION,
        "workers": config.workers,
        "storage": config.storage.type,
        "seal": config.seal.type,
    }
    _log.info("serving", extra={"fields": about})
    stored: Path | None = None
    if config.development is not None and keys is not None:
        if config.development.store_token:
            stored = token_file(os.environ)
            try:
                store_token(keys.root_token, stored)
            except OSError as error:
                _log.warning("can't leave the root token in %s: %s", stored, error.strerror)
                stored = None
        _print(banner(urls, keys, stored) + "\n")
    _print("".join(f"listening on {url}\n" for url in urls))


def _print(text: str) -> None:
    """Write to standard output, ignoring errors: it may be a file on a full disk."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        _log.error("can't write to standard output: %s", error.strerror)
        sys.stdout = open(os.devnull, "w")  # The buffered rest would fail again at exit.


def _limit_process() -> None:
    """Set limits of the process: no core dumps, which would hold keys; the most connections; private files."""
    os.umask(_PRIVATE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextlib.contextmanager
def _pid_file(path: str, place: Place | None) -> Iterator[None]:
    """Hold a lock on the pid file while the server runs, so that a file left by a killed server does no harm."""
    if not path:
        yield
        return
    try:
        lock = FileLock(Path(path))
    except OSError as error:
        raise ConfigError(f"can't write pid_file {path}: {error.strerror}", place) from None
    try:
        if not lock.try_acquire():
            raise ConfigError(f"pid_file {path} is that of another server, which is running", place)
        try:
            Path(path).write_text(f"{os.getpid()}\n")
        except OSError as error:  # Only the lock matters; the disk may be full.
            _log.error("can't write pid_file %s: %s", path, error.strerror)
        try:
            yield
        finally:
            Path(path).unlink(missing_ok=True)
    finally:
        lock.close()
