"""Work that would delay other requests: in bounded thread pools, or on the event loop with turns in between.

A row of the registry says how long its work takes (``Pace``). What takes less than a millisecond is done in place,
since handing it to a thread and back would cost more than it saves. The rest goes to one of two lanes, so that what
takes some milliseconds doesn't stand behind what takes seconds. A lane has a few threads, which give way to the event
loop where there aren't processors for all, and takes in only so much: beyond that, callers are told to come back.

Threads help because what is called there lets go of the interpreter's lock: OpenSSL does, and what doesn't is called in
a process of its own by the module that calls it (``algorithms/slhdsa.py``).

A batch on the event loop gives other requests their turn (``in_turns``): one thread answers all requests of a process,
so ten thousand RSA signatures in a row would delay the others for half a minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from typing import Any, Generic, TypeVar

from engines.algorithms.row import Pace
from engines.faults import InvalidRequest, RateLimited

T = TypeVar("T")
Piece = TypeVar("Piece")

TURN_SECONDS = 0.01
"""How long one batch goes on before others get their turn."""

MAX_THREADS = 4
THREADS = min(MAX_THREADS, max(1, (os.cpu_count() or 1) // 2))
"""The threads of each lane. There is a worker for each processor, and each has lanes of its own."""

MAX_BRIEF = 256
"""How many pieces of brief work may be under way or waiting at a time, in this process."""

MAX_LONG = 16
"""The same of long work."""

MAX_LONG_ITEMS = 100
"""The most items in a batch whose items are long work each."""

_RETRY_SECONDS = 1
_WAIT_SECONDS = 0.1

_NICENESS = 8
"""How far a lane's threads stand back: about a seventh of the processor's time, if others want all of it."""


class WorkerPool:
    """A few threads, and so many places before them."""

    def __init__(self, name: str, threads: int, places: int) -> None:
        self._name = name
        self._places = threading.BoundedSemaphore(places)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"{name}-work", initializer=_give_way)

    async def run(self, work: Callable[[], T]) -> T:
        """What ``work`` gives or raises. Raises ``RateLimited`` when all places are taken."""
        if not self._places.acquire(blocking=False):
            raise RateLimited(
                f"too many requests at once for work that takes long ({self._name})",
                retry_after_seconds=_RETRY_SECONDS,
            )
        future = self._threads.submit(_Outcome, work)
        # A thread goes on when its caller is cancelled, so its place is taken until the work has ended.
        future.add_done_callback(self._leave)
        return (await asyncio.wrap_future(future)).take()

    async def run_each(self, pieces: Iterable[Callable[[], T]]) -> list[T]:
        """As ``run`` for one after the other: only the first is turned away, the others wait for a place."""
        results: list[T] = []
        for work in pieces:
            while True:
                try:
                    results.append(await self.run(work))
                    break
                except RateLimited:
                    if not results:
                        raise
                    await asyncio.sleep(_WAIT_SECONDS)
        return results

    def _leave(self, _: Future[Any]) -> None:
        self._places.release()


def _give_way() -> None:
    """Let this thread come behind those that answer, where both want the same processor."""
    with contextlib.suppress(OSError):  # Not every system knows threads apart.
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICENESS)


_BESIDE = ThreadPoolExecutor(1, thread_name_prefix="beside")


async def beside(work: Callable[[], T]) -> T:
    """What ``work`` gives or raises, done beside the event loop, one at a time: for what keeps the interpreter's lock.

    The loop has its turn every few milliseconds meanwhile. Further threads would make nothing faster, and each keeps
    memory of its own. How much there is to do is bounded by whoever calls this.
    """
    return (await asyncio.get_running_loop().run_in_executor(_BESIDE, _Outcome, work)).take()


class _Outcome(Generic[T]):
    """What a piece of work gives or raises, to be taken once.

    asyncio's futures for threads refer to each other, and an exception refers to the frames that it went through. A
    future that held either would keep all that was at hand there, ten megabytes of a body maybe, until garbage is
    looked for.
    """

    __slots__ = ("_error", "_value")

    def __init__(self, work: Callable[[], T]) -> None:
        self._value: list[T] = []
        self._error: list[Exception] = []
        try:
            self._value.append(work())
        except Exception as error:  # noqa: BLE001 - raised by ``take``
            self._error.append(error)

    def take(self) -> T:
        """The value; or the error is raised."""
        if self._error:
            raise self._error.pop()
        return self._value.pop()


_INSTANT = Pace.INSTANT
_LANES = {Pace.BRIEF: WorkerPool("brief", THREADS, MAX_BRIEF), Pace.LONG: WorkerPool("long", THREADS, MAX_LONG)}


async def at_pace(pace: Pace, work: Callable[[], T]) -> T:
    """What ``work`` gives or raises, done where its ``pace`` holds up nobody.

    Raises ``RateLimited`` when there is no place left. What it calls must be fit for any thread.
    """
    return work() if pace is _INSTANT else await _LANES[pace].run(work)


async def each_at_pace(pace: Pace, pieces: Iterable[Callable[[], T]]) -> list[T]:
    """As ``at_pace`` for work in several pieces, between which others come in. Raises what the first of them raises."""
    return [work() for work in pieces] if pace is _INSTANT else await _LANES[pace].run_each(pieces)


def check_long_items(pace: Pace, count: int) -> None:
    """Raises ``InvalidRequest`` for a batch of more items than a request may ask for at this ``pace``."""
    if pace is Pace.LONG and count > MAX_LONG_ITEMS:
        raise InvalidRequest(f"batch_input holds {count} items, more than the {MAX_LONG_ITEMS} for keys of this type")


async def in_turns(pieces: Iterable[Piece]) -> AsyncIterator[Piece]:
    """Each of ``pieces``; before one of them others get their turn, if those before it have taken long."""
    began = monotonic()
    for piece in pieces:
        if monotonic() - began > TURN_SECONDS:
            await asyncio.sleep(0)
            began = monotonic()
        yield piece
