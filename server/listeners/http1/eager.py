"""Eager coroutines: they start at once, and become tasks only if they have to wait.

Most requests never wait, and a task for each would cost a fifth of an empty answer's time. Python has eager tasks from
3.12 on; this implements them for earlier versions, by asyncio's rules for other implementations of tasks.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Callable, Coroutine, Generator
from contextvars import copy_context
from typing import Any

Work = Coroutine[Any, Any, None]
# Their annotations ask for a task.
_enter: Callable[[asyncio.AbstractEventLoop, Any], None] = _enter_task
_leave: Callable[[asyncio.AbstractEventLoop, Any], None] = _leave_task


def begin(loop: asyncio.AbstractEventLoop, work: Work) -> asyncio.Task[None] | None:
    """Run ``work`` to its end, or to its first wait, returning its task then. Not to be called within a task."""
    if sys.version_info >= (3, 12):
        task = asyncio.Task(work, loop=loop, eager_start=True)
        if not task.done():
            return task
        error = task.exception()
        if error is not None:
            _tell(loop, error)
        return None
    beginning = _Beginning()
    context = copy_context()
    _enter(loop, beginning)
    try:
        awaited = context.run(work.send, None)
    except StopIteration:
        return None
    except Exception as error:  # noqa: BLE001 - as for a task whose error is never retrieved
        _tell(loop, error)
        return None
    finally:
        _leave(loop, beginning)
    beginning.task = loop.create_task(_Rest(work, awaited), context=context)
    return beginning.task


def _tell(loop: asyncio.AbstractEventLoop, error: BaseException) -> None:
    loop.call_exception_handler({"message": "exception in a request", "exception": error})


class _Beginning:
    """The current task before it exists. Code that keeps it, as timeouts do, reaches the later task through it."""

    __slots__ = ("__weakref__", "task")

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None

    def cancel(self, msg: Any | None = None) -> bool:
        """As a task's; before the task exists, nothing can be cancelled."""
        return self.task is not None and self.task.cancel(msg)

    def cancelling(self) -> int:
        """As a task's."""
        return 0 if self.task is None else self.task.cancelling()

    def uncancel(self) -> int:
        """As a task's."""
        return 0 if self.task is None else self.task.uncancel()

    def done(self) -> bool:
        """As a task's."""
        return self.task is not None and self.task.done()


class _Rest(Coroutine[Any, Any, None]):
    """The rest of ``work``, which waits for ``awaited``."""

    def __init__(self, work: Work, awaited: Any) -> None:
        self._work = work
        self._awaited = [awaited]

    def send(self, value: Any) -> Any:
        """Yield the awaitable already reached; then continue."""
        return self._awaited.pop() if self._awaited else self._work.send(value)

    def throw(self, *error: Any) -> Any:
        """Continue with an error."""
        self._awaited.clear()
        return self._work.throw(*error)

    def close(self) -> None:
        """Close the coroutine."""
        self._work.close()

    def __await__(self) -> Generator[Any, Any, None]:
        raise TypeError("it is run by a task alone")
