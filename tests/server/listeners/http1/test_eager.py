"""Work that begins at once: what needs no task has none, and what needs one is a task in every way."""

from __future__ import annotations

import asyncio
import weakref
from contextvars import ContextVar
from typing import Any

import pytest
import uvloop

from server.listeners.http1.eager import Work, begin

LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]
SEEN: ContextVar[str] = ContextVar("SEEN", default="")


async def _begun(work: Work) -> asyncio.Task[None] | None:
    """What ``begin`` answers, called as a protocol's callback is: outside of any task."""
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[asyncio.Task[None] | None] = loop.create_future()

    def callback() -> None:
        answered.set_result(begin(loop, work))

    loop.call_soon(callback)
    return await answered


@pytest.fixture(params=LOOPS, ids=["asyncio", "uvloop"])
def runner(request: pytest.FixtureRequest) -> Any:
    """Runs a coroutine on a loop of its own."""
    with asyncio.Runner(loop_factory=request.param) as made:
        yield made


def test_what_waits_for_nothing_is_over_at_once(runner: asyncio.Runner) -> None:
    done: list[object] = []

    async def work() -> None:
        done.append(asyncio.current_task())

    async def main() -> None:
        assert await _begun(work()) is None

    runner.run(main())
    assert done and done[0] is not None


def test_what_waits_goes_on_as_a_task(runner: asyncio.Runner) -> None:
    steps: list[object] = []

    async def work() -> None:
        SEEN.set("set before the first wait")
        await asyncio.sleep(0)
        steps.append(SEEN.get())
        await asyncio.sleep(0.001)
        steps.append(asyncio.current_task())

    async def main() -> None:
        task = await _begun(work())
        assert task is not None
        await task
        assert steps == ["set before the first wait", task]
        assert SEEN.get() == ""

    runner.run(main())


def test_a_timeout_that_began_before_the_task_ends_it(runner: asyncio.Runner) -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            ended.append("timeout")

    async def main() -> None:
        task = await _begun(work())
        assert task is not None
        await task

    runner.run(main())
    assert ended == ["timeout"]


def test_a_task_group_that_began_before_the_task_waits_for_its_own(runner: asyncio.Runner) -> None:
    ended: list[int] = []

    async def part(number: int) -> None:
        await asyncio.sleep(0)
        ended.append(number)

    async def failing() -> None:
        raise LookupError

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(part(1))
            group.create_task(part(2))
        with pytest.raises(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                group.create_task(failing())
                await asyncio.Event().wait()
        ended.append(3)

    async def main() -> None:
        task = await _begun(work())
        assert task is not None
        await task

    runner.run(main())
    assert ended == [1, 2, 3]


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_cancelling_reaches_what_waits(runner: asyncio.Runner, steps: int) -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def main() -> None:
        task = await _begun(work())
        assert task is not None
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    runner.run(main())
    assert ended == ["cancelled"]


def test_an_error_before_the_first_wait_is_told_to_the_loop(runner: asyncio.Runner) -> None:
    told: list[dict[str, Any]] = []

    async def work() -> None:
        raise LookupError("nobody asked")

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        await _begun(work())

    runner.run(main())
    assert [type(context["exception"]) for context in told] == [LookupError]


def test_libraries_may_keep_a_weak_reference(runner: asyncio.Runner) -> None:
    kept: list[object] = []

    async def work() -> None:
        kept.append(weakref.ref(asyncio.current_task())())

    async def main() -> None:
        await _begun(work())

    runner.run(main())
    assert kept[0] is not None
