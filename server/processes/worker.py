"""Worker: a process forked from the supervisor after all imports, which serves until told to stop.

It ends with its supervisor, even when busy: by the kernel's parent-death signal where there is one, else by the end of
the channel.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace

from server.config import Config, ConfigError
from server.listeners import OpenListener
from server.processes.messages import (
    MAX_MESSAGE_BYTES,
    TO_WORKER,
    Abort,
    ChannelClosed,
    Frames,
    FromWorker,
    Ping,
    Pong,
    Ready,
    Refused,
    Reload,
    Reloaded,
    Stop,
    ToWorker,
    encode,
)
from server.processes.shared_state_client import SharedStateClient
from server.processes.worker_loop import Member, OpenService, ReadConfig, Service, Serving, new_loop
from server.runtime import malloc
from storage.base import StorageFault

_log = logging.getLogger(__name__)

STARTED, FAILED, ORPHANED = 0, 1, 2
"""Exit statuses: served to the end; could not start or go on; the supervisor is gone."""

_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process as soon as ``parent``, from which it was forked, ends; on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(ORPHANED)


class Worker:
    """The run of a forked process, over ``channel``, its end of the pair."""

    def __init__(
        self,
        config: Config,
        open_service: OpenService,
        read_config: ReadConfig,
        opened: Sequence[OpenListener],
        channel: socket.socket,
        member: Member,
    ) -> None:
        """``member`` lacks the shared state, which is reached through ``channel``."""
        self._channel = channel
        self._shared_state = SharedStateClient(self._post, lambda: os._exit(FAILED))
        self._serving = Serving(
            config,
            open_service,
            read_config,
            opened,
            replace(member, shared_state=self._shared_state),
            reloaded=lambda: self._post(Reloaded()),
        )

    def run(self) -> int:
        """Serve until told to stop; return the exit status."""
        malloc.collect_rarely()
        with asyncio.Runner(loop_factory=new_loop) as runner:
            return runner.run(self._run())

    async def _run(self) -> int:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._serving.stop)
        self._channel.setblocking(False)
        listening = asyncio.create_task(self._listen())
        try:
            await self._serving.run(self._ready)
        except (ConfigError, StorageFault) as error:
            self._post(Refused(str(error)))
            return FAILED
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        return STARTED

    def _ready(self, service: Service) -> None:
        self._post(Ready())

    def _post(self, message: FromWorker) -> None:
        """Send to the supervisor, which always reads; if it can't be reached, the worker ends."""
        try:
            frame = encode(message)
            if self._channel.send(frame) < len(frame):
                os._exit(ORPHANED)
        except OSError:
            os._exit(ORPHANED)

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        frames = Frames()
        while True:
            try:
                data = await loop.sock_recv(self._channel, MAX_MESSAGE_BYTES)
                if not data:
                    os._exit(ORPHANED)
                for record in frames.feed(data):
                    self._heard(TO_WORKER.decode(record))
            except (OSError, ChannelClosed):
                os._exit(ORPHANED)

    def _heard(self, message: ToWorker) -> None:
        match message:
            case Ping():
                self._post(Pong())
            case Stop():
                self._serving.stop()
            case Abort():
                self._serving.hurry()
            case Reload():
                self._serving.reload()
            case _:
                self._shared_state.heard(message)
