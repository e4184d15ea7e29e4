"""Worker pools: bounded threads for slow work, and cooperative turns for long work on the event loop.

A row of the registry has the pace of its work (``Pace``). Work below a millisecond is done in place, since a thread
would cost more than it saves. Other work goes to one of two pools, so that milliseconds don't wait for seconds. A pool
has a few threads, at a lower priority than the event loop, and a bounded queue: beyond it, callers are told to retry.

Threads help because the called code releases the interpreter's lock: OpenSSL does. Code that doesn't is called in a
process of its own (``algorithms/signatures/slhdsa_process.py``).

A batch on the event loop yields to other requests (``in_turns``): one thread answers all requests of a process, so ten
thousand RSA signatures in a row would delay the others for half a minute.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from typing import Any, Generic, TypeVar

from engines.algorithms.row import Pace
from engines.faults import InvalidRequest, RateLimited

T = TypeVar("T")
Piece = TypeVar("Piece")

TURN_SECONDS = 0.01
"""The seconds for which a batch runs before it yields."""

SHORT_TURN_SECONDS = 0.001
"""The seconds for which work does so that takes long as a whole, and may take longer."""

MAX_THREADS = 4
THREADS = min(MAX_THREADS, max(1, (os.cpu_count() or 1) // 2))
"""The threads of each pool. There is a worker for each processor, and each has pools of its own."""

MAX_BRIEF = 256
"""The most pieces of brief work under way or waiting at a time, in this process."""

MAX_LONG = 16
"""The same for long work."""

MAX_LONG_ITEMS = 100
"""The most items in a batch whose items are each long work."""

_RETRY_SECONDS = 1
_WAIT_SECONDS = 0.1

_NICENESS = 8
"""nice(2) increment of pool threads: about a seventh of the processor's time under full load."""


class WorkerPool:
    """A few threads with a bounded queue."""

    def __init__(self, name: str, threads: int, places: int) -> None:
        self._name = name
        self._places = threading.BoundedSemaphore(places)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"{name}-work", initializer=_give_way)

    async def run(self, work: Callable[[], T]) -> T:
        """The result of ``work``, returned or raised. Raises ``RateLimited`` when the queue is full."""
        if not self._places.acquire(blocking=False):
            raise RateLimited(
                f"too many requests at once for work that takes long ({self._name})",
                retry_after_seconds=_RETRY_SECONDS,
            )
        future = self._threads.submit(_Outcome, work)
        # A thread continues when its caller is cancelled, so it occupies its place until the work has ended.
        future.add_done_callback(self._leave)
        return (await asyncio.wrap_future(future)).take()

    async def run_each(self, pieces: Iterable[Callable[[], T]]) -> list[T]:
        """As ``run`` for one piece after the other: only the first may be refused, the others wait for a place."""
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
    """Lower the priority of this thread below the event loop's."""
    with contextlib.suppress(OSError):  # Not every system has priorities per thread.
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICENESS)


_BESIDE = ThreadPoolExecutor(1, thread_name_prefix="beside")


async def beside(work: Callable[[], T]) -> T:
    """The result of ``work``, done in a single thread: for code that holds the interpreter's lock.

    The event loop gets the lock every few milliseconds. More threads would gain nothing, and each takes memory of its
    own. Callers bound the amount of work.
    """
    return (await asyncio.get_running_loop().run_in_executor(_BESIDE, _Outcome, work)).take()


class _Outcome(Generic[T]):
    """The result of a piece of work, returned or raised once.

    asyncio's futures for threads refer to each other, and an exception refers to its frames. A future that held either
    would keep all of their data, perhaps a body of ten megabytes, until a garbage collection.
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
        """Return the value, or raise the error."""
        if self._error:
            raise self._error.pop()
        return self._value.pop()


_INSTANT = Pace.INSTANT
_LANES = {Pace.BRIEF: WorkerPool("brief", THREADS, MAX_BRIEF), Pace.LONG: WorkerPool("long", THREADS, MAX_LONG)}


async def at_pace(pace: Pace, work: Callable[[], T]) -> T:
    """The result of ``work``, done where its ``pace`` doesn't delay other requests.

    Raises ``RateLimited`` when the queue is full. The called code must be thread-safe.
    """
    return work() if pace is _INSTANT else await _LANES[pace].run(work)


async def each_at_pace(pace: Pace, pieces: Iterable[Callable[[], T]]) -> list[T]:
    """As ``at_pace`` for work in several pieces, between which other work runs. Raises the first error."""
    return [work() for work in pieces] if pace is _INSTANT else await _LANES[pace].run_each(pieces)


def check_long_items(pace: Pace, count: int) -> None:
    """Raises ``InvalidRequest`` for a batch of more items than are allowed at this ``pace``."""
    if pace is Pace.LONG and count > MAX_LONG_ITEMS:
        raise InvalidRequest(f"batch_input holds {count} items, more than the {MAX_LONG_ITEMS} for keys of this type")


class Turns:
    """Long work on the event loop: ``pause`` is called between its pieces, and yields when they have taken long."""

    __slots__ = ("_began", "_seconds")

    def __init__(self, seconds: float | None = None) -> None:
        self._began = monotonic()
        self._seconds = TURN_SECONDS if seconds is None else seconds

    async def pause(self) -> None:
        """Let other requests have their turn, if this one's is over."""
        if monotonic() - self._began > self._seconds:
            await asyncio.sleep(0)
            self._began = monotonic()


async def in_turns(pieces: Iterable[Piece], seconds: float | None = None) -> AsyncIterator[Piece]:
    """Each of ``pieces``; before one of them others get their turn, if those before it have taken long.

    That is ``seconds``, or ``TURN_SECONDS``.
    """
    turns = Turns(seconds)
    for piece in pieces:
        await turns.pause()
        yield piece


class Places:
    """Places for requests of one kind that read a lot, in this process; a part of them for each namespace."""

    def __init__(self, name: str, most: int, most_of_one: int) -> None:
        """``name`` is what there are too many of, in the error."""
        self._name = name
        self._most = most
        self._most_of_one = most_of_one
        self._taken: Counter[str] = Counter()

    @contextlib.contextmanager
    def taken(self, namespace: str) -> Iterator[None]:
        """Hold a place for ``namespace``, its id. Raises ``RateLimited`` if there is none left for it."""
        if self._taken.total() >= self._most or self._taken[namespace] >= self._most_of_one:
            raise RateLimited(f"too many {self._name} at once; try again later", retry_after_seconds=_RETRY_SECONDS)
        self._taken[namespace] += 1
        try:
            yield
        finally:
            self._taken[namespace] -= 1
            self._taken += Counter()  # Without those that have none.
