"""Supervisor: a small process without threads or an event loop, so that it can fork at any time.

Workers are forked from it after all imports, and share that memory until it is written to. It holds the listening
sockets, so a connection that arrives while a worker is replaced waits for another one. A worker that ends is replaced
at once; one that keeps ending, after pauses. One that doesn't answer is killed first.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

from cryptoserve_cli.hangups import take_hangup
from server.config import Config, ConfigError
from server.listeners import ConnectionBudget, OpenListener
from server.listeners.connection_budget import ABSENT
from server.listeners.open import DRAIN_SECONDS
from server.processes.messages import (
    Abort,
    Acquire,
    ChannelClosed,
    Followed,
    FromWorker,
    Ping,
    Pong,
    Ready,
    Refused,
    Release,
    Reload,
    Reloaded,
    Stop,
    SupervisorChannel,
    ToWorker,
)
from server.processes.service_manager import ServiceManager
from server.processes.shared_state_server import SharedStateServer
from server.processes.worker import FAILED, Worker, end_with_parent
from server.processes.worker_loop import Member, OpenService, ReadConfig, reread
from server.runtime import malloc
from server.runtime.meter import Meter, MeterTables
from server.runtime.shared_counters import SharedRows
from server.tenants.limits import rate_limits
from server.tenants.limits.login_counts import LoginCounts, LoginCountTables
from server.tenants.limits.rate_limits import RateCounts
from storage.shared_memory import SharedRevision, SharedSlots

_log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
ASK_SECONDS = 5.0
"""The interval of liveness checks, in seconds."""

SILENT_SECONDS = 60.0
"""The seconds for which a worker may be silent before it is replaced; it may be busy with a long task."""

FOLLOW_SECONDS = 15.0
"""The seconds that a worker may take to unseal or seal with the others before it is replaced."""

STOP_SECONDS = DRAIN_SECONDS + 5.0
"""The seconds that workers may take to end before they are killed."""

_SHORTEST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 5.0
_SETTLED_SECONDS = 10.0
_OURS = (signal.SIGINT, signal.SIGHUP)
"""Signals that a terminal sends to all processes; workers ignore them and follow the supervisor."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


class _Handle:
    """The supervisor's record of one worker."""

    def __init__(self, slot: int, pid: int, channel: SupervisorChannel) -> None:
        self.slot = slot
        self.pid = pid
        self.channel = channel
        self.ready = False
        self.refusal = ""
        self.doomed = False
        self.started = self.heard = time.monotonic()
        self.following_since: float | None = None
        self.reloading = False
        """Whether it isn't through with a reload."""

    def tell(self, message: ToWorker) -> None:
        """As ``Participant.tell``."""
        try:
            self.channel.send(message)
        except ChannelClosed:
            self.kill()

    def kill(self) -> None:
        """Kill it; its end is handled when it is reaped."""
        if not self.doomed:
            self.doomed = True
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


class Supervisor:
    """Runs ``config.workers`` workers on ``opened``."""

    def __init__(
        self,
        config: Config,
        open_service: OpenService,
        read_config: ReadConfig,
        opened: Sequence[OpenListener],
        manager: ServiceManager,
    ) -> None:
        self._config = config
        self._open_service = open_service
        self._read_config = read_config
        self._opened = opened
        self._manager = manager
        self._reloading = False
        self._revisions = SharedSlots(config.workers)
        self._connections = SharedSlots(config.workers)
        self._rates = SharedRows(config.workers, rate_limits.COLUMNS)
        self._logins = LoginCountTables(config.workers)
        self._counts = MeterTables(config.workers)
        self._keeper = SharedStateServer()
        self._workers: dict[int, _Handle] = {}
        self._due: dict[int, float] = {}
        """When the worker of a slot is to be started, by the monotonic clock."""
        self._pauses: dict[int, float] = {}
        self._selector = selectors.DefaultSelector()
        self._wake, self._waker = socket.socketpair()
        self._announced = False
        self._stopping_since: float | None = None
        self._asked = time.monotonic()

    def run(self, announce: Callable[[], None]) -> None:
        """Serve until told to stop; ``announce`` is called once all workers serve.

        Raises ``ConfigError`` if a worker can't start the first time.
        """
        malloc.share_from_here()
        for slot in range(len(self._connections)):
            self._connections[slot] = ABSENT
            self._due[slot] = 0.0
        with self._signals():
            try:
                while self._workers or self._stopping_since is None:
                    self._start_due()
                    for key, _ in self._selector.select(TICK_SECONDS):
                        key.data()
                    self._reap()
                    self._look_after()
                    if not self._announced and self._all_ready():
                        self._announced = True
                        announce()
                        self._manager.ready()
                    self._end_reload()
            finally:
                self._end()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        self._wake.setblocking(False)
        self._waker.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno())
        before = {number: signal.signal(number, lambda *_: None) for number in _SIGNALS}
        self._selector.register(self._wake, selectors.EVENT_READ, self._signalled)
        if take_hangup():
            self._reload()
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _signalled(self) -> None:
        for number in self._wake.recv(4096):
            if number in (signal.SIGTERM, signal.SIGINT):
                self._stop()
            elif number == signal.SIGHUP and self._stopping_since is None:
                self._reload()

    def _reload(self) -> None:
        if self._announced:
            self._reloading = True
            self._manager.reloading()
        self._config, _ = reread(self._config, self._read_config, self._opened)
        for worker in self._workers.values():
            worker.reloading = True
        self._tell_all(Reload())

    def _end_reload(self) -> None:
        """Report the end of a reload once all workers have finished; workers that have ended are replaced."""
        if self._reloading and not any(worker.reloading for worker in self._workers.values()):
            self._reloading = False
            if self._stopping_since is None:
                self._manager.ready()

    def _stop(self) -> None:
        if self._stopping_since is not None:
            self._tell_all(Abort())
            return
        self._stopping_since = time.monotonic()
        self._manager.stopping()
        self._due.clear()
        for one in self._opened:
            one.close()
        self._tell_all(Stop())

    def _tell_all(self, message: ToWorker) -> None:
        for worker in list(self._workers.values()):
            worker.tell(message)

    def _all_ready(self) -> bool:
        return len(self._workers) == len(self._connections) and all(worker.ready for worker in self._workers.values())

    def _start_due(self) -> None:
        now = time.monotonic()
        for slot in [slot for slot, due in self._due.items() if due <= now]:
            del self._due[slot]
            self._fork(slot)

    def _fork(self, slot: int) -> None:
        ours, theirs = socket.socketpair()
        parent = os.getpid()
        # A signal between the fork and the worker's own handlers must not reach the supervisor's, in either process.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            pid = os.fork()
            if pid == 0:
                self._become_worker(slot, parent, ours, theirs)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        worker = _Handle(slot, pid, SupervisorChannel(ours))
        self._workers[slot] = worker
        self._keeper.join(worker)
        self._selector.register(ours, selectors.EVENT_READ, lambda: self._listen(worker))

    def _become_worker(self, slot: int, parent: int, ours: socket.socket, theirs: socket.socket) -> NoReturn:
        """In the new process: release all that belongs to the supervisor, and serve."""
        status = FAILED
        try:
            end_with_parent(parent)
            signal.set_wakeup_fd(-1)
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_IGN if number in _OURS else signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            self._selector.close()
            for inherited in (ours, self._wake, self._waker):
                inherited.close()
            for other in self._workers.values():
                other.channel.close()
            share = ConnectionBudget(
                self._connections,
                slot,
                limit=self._config.max_connections,
                most_requests=-(-self._config.max_concurrent_requests // len(self._connections)),
            )
            worker = Worker(
                self._config,
                self._open_service,
                self._read_config,
                self._opened,
                theirs,
                Member(
                    revision=SharedRevision(self._revisions, slot),
                    share=share,
                    rate_counts=RateCounts(self._rates, slot),
                    login_counts=LoginCounts(self._logins, slot),
                    meter=Meter(self._counts, slot),
                ),
            )
            status = worker.run()
        except BaseException:  # noqa: BLE001 - what the supervisor would do with it isn't this process's business.
            _log.exception("a worker failed")
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def _listen(self, worker: _Handle) -> None:
        try:
            for message in worker.channel.receive():
                worker.heard = time.monotonic()
                self._heard(worker, message)
        except ChannelClosed:
            # It has ended or is about to; it will be reaped.
            self._selector.unregister(worker.channel.socket)
            worker.kill()

    def _heard(self, worker: _Handle, message: FromWorker) -> None:
        match message:
            case Ready():
                worker.ready = True
            case Refused(reason):
                worker.refusal = reason
            case Acquire(ticket):
                self._keeper.acquire(worker, ticket)
            case Release(ticket, state):
                self._keeper.release(worker, ticket, state)
            case Followed(number):
                self._keeper.followed(worker, number)
            case Reloaded():
                worker.reloading = False
            case Pong():
                pass

    def _reap(self) -> None:
        for worker in list(self._workers.values()):
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if pid:
                self._bury(worker, os.waitstatus_to_exitcode(status))

    def _bury(self, worker: _Handle, status: int) -> None:
        """Handle a worker's end, and have another one started in its place."""
        with contextlib.suppress(ChannelClosed):
            for message in worker.channel.receive():
                self._heard(worker, message)
        with contextlib.suppress(KeyError):
            self._selector.unregister(worker.channel.socket)
        worker.channel.close()
        del self._workers[worker.slot]
        self._connections[worker.slot] = ABSENT
        self._keeper.leave(worker)
        if self._stopping_since is not None:
            return
        if not self._announced:
            raise ConfigError(worker.refusal or f"a worker ended with status {status} while the server was starting")
        now = time.monotonic()
        settled = worker.ready and now - worker.started > _SETTLED_SECONDS
        pause = 0.0 if settled else self._pauses.get(worker.slot, 0.0)
        self._pauses[worker.slot] = min(max(2 * pause, _SHORTEST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
        self._due[worker.slot] = now + pause
        reason = f": {worker.refusal}" if worker.refusal else ""
        _log.error("worker %d ended with status %d and is replaced%s", worker.pid, status, reason)

    def _look_after(self) -> None:
        """Kill workers that have missed a deadline."""
        now = time.monotonic()
        following = self._keeper.following
        for worker in list(self._workers.values()):
            if worker not in following:
                worker.following_since = None
            elif worker.following_since is None:
                worker.following_since = now
            late = worker.following_since is not None and now - worker.following_since > FOLLOW_SECONDS
            if late or now - worker.heard > SILENT_SECONDS:
                if not worker.doomed:
                    _log.error("worker %d doesn't answer", worker.pid)
                worker.kill()
            elif self._stopping_since is not None and now - self._stopping_since > STOP_SECONDS:
                worker.kill()
        if now - self._asked > ASK_SECONDS:
            self._asked = now
            self._tell_all(Ping())

    def _end(self) -> None:
        """Clean up, however the run ended."""
        for worker in self._workers.values():
            worker.kill()
            os.waitpid(worker.pid, 0)
            worker.channel.close()
        for one in self._opened:
            one.close()
        self._selector.close()
        self._wake.close()
        self._waker.close()
