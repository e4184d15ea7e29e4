"""Work beside the event loop: where it is done, that it is bounded, and that what is quick doesn't wait for it."""

from __future__ import annotations

import asyncio
import base64
import gc
import os
import threading
import weakref
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any, TypeVar

import pytest

from engines import worker_pools
from engines.algorithms.base import SignatureOptions
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Pace
from engines.algorithms.signatures import slhdsa_process
from engines.faults import RateLimited, Unavailable
from engines.worker_pools import WorkerPool, at_pace, check_long_items
from tests.engines.driver import Driver, make_keys

T = TypeVar("T")

HELLO = base64.b64encode(b"hello").decode()


class Gate:
    """Work that says when it begins and waits until it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()

    def work(self) -> str:
        """Begin, wait, and tell in which thread that was."""
        self.entered.release()
        self.open.wait(30)
        return threading.current_thread().name

    async def begun(self) -> None:
        """Wait until some work has begun."""
        assert await asyncio.to_thread(self.entered.acquire, timeout=30)


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A gate that is open at the end, whatever happens."""
    made = Gate()
    yield made
    made.open.set()


async def test_what_is_instant_is_done_in_place() -> None:
    assert await at_pace(Pace.INSTANT, threading.current_thread) is threading.current_thread()


class _Marker:
    """What can be referred to weakly."""


@pytest.mark.parametrize("run", [WorkerPool("test", 1, 1).run, worker_pools.beside])
async def test_nothing_keeps_what_was_at_hand_in_a_thread(run: Callable[[Callable[[], Any]], Awaitable[Any]]) -> None:
    made: list[weakref.ref[_Marker]] = []

    def work() -> _Marker:
        marker = _Marker()
        made.append(weakref.ref(marker))
        return marker

    def fail() -> None:
        marker = work()
        raise RateLimited(f"{type(marker).__name__} was at hand")

    gc.disable()
    try:
        assert await run(work) is not None
        with pytest.raises(RateLimited, match="_Marker was at hand"):
            await run(fail)
    finally:
        gc.enable()
    assert [reference() for reference in made] == [None, None]


@pytest.mark.parametrize("pace", [Pace.BRIEF, Pace.LONG])
async def test_the_rest_is_done_in_threads(pace: Pace) -> None:
    assert (await at_pace(pace, threading.current_thread)).name.startswith(f"{pace.value}-work")

    def fail() -> None:
        raise RateLimited("as it was raised")

    with pytest.raises(RateLimited, match="as it was raised"):
        await at_pace(pace, fail)


async def test_threads_of_lanes_come_behind_those_that_answer() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    own = niceness()
    assert await at_pace(Pace.LONG, niceness) == min(own + 8, 19)
    assert niceness() == own


async def test_brief_work_does_not_stand_behind_long_work(gate: Gate) -> None:
    long = [asyncio.create_task(at_pace(Pace.LONG, gate.work)) for _ in range(worker_pools.THREADS + 1)]
    await gate.begun()
    assert await at_pace(Pace.BRIEF, lambda: "done") == "done"
    assert not any(task.done() for task in long)
    gate.open.set()
    assert len(await asyncio.gather(*long)) == worker_pools.THREADS + 1


async def test_a_lane_takes_in_so_much_and_no_more(gate: Gate) -> None:
    pool = WorkerPool("test", threads=1, places=2)
    tasks = [asyncio.create_task(pool.run(gate.work)) for _ in range(2)]
    await gate.begun()
    with pytest.raises(RateLimited, match=r"too many requests at once for work that takes long \(test\)") as caught:
        await pool.run(gate.work)
    assert caught.value.retry_after_seconds == 1
    gate.open.set()
    await asyncio.gather(*tasks)
    assert await pool.run(lambda: 3) == 3, "the places are free again"


async def test_work_whose_caller_has_gone_takes_its_place_until_it_ends(gate: Gate) -> None:
    pool = WorkerPool("test", threads=1, places=1)
    task = asyncio.create_task(pool.run(gate.work))
    await gate.begun()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(RateLimited):
        await pool.run(gate.work)
    gate.open.set()
    while True:
        try:
            assert await pool.run(lambda: 3) == 3
            break
        except RateLimited:
            await asyncio.sleep(0)


async def test_work_that_has_not_begun_leaves_with_its_caller(gate: Gate) -> None:
    pool = WorkerPool("test", threads=1, places=2)
    first = asyncio.create_task(pool.run(gate.work))
    await gate.begun()
    second = asyncio.create_task(pool.run(gate.work))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    third = asyncio.create_task(pool.run(lambda: "third"))
    await asyncio.sleep(0)
    gate.open.set()
    assert (await first, await third) == (await first, "third")


def test_rows_say_what_takes_long() -> None:
    """The ones that were measured; a row that is forgotten holds up the event loop."""
    assert {
        name: ALGORITHMS[name].pacing.signing for name in ("rsa-2048", "rsa-3072", "rsa-4096", "ed25519", "ml-dsa-87")
    } == {
        "rsa-2048": Pace.INSTANT,
        "rsa-3072": Pace.BRIEF,
        "rsa-4096": Pace.BRIEF,
        "ed25519": Pace.INSTANT,
        "ml-dsa-87": Pace.INSTANT,
    }
    for row in ALGORITHMS.values():
        if row.shared_key_type == "slh-dsa":
            assert (row.pacing.generating, row.pacing.signing, row.pacing.verifying) == (
                Pace.LONG,
                Pace.LONG,
                Pace.BRIEF,
            )
        if row.capabilities.encryption is not None:
            assert (row.pacing.generating, row.pacing.decrypting) == (Pace.LONG, row.pacing.signing)
    check_long_items(Pace.BRIEF, 10_000)


async def test_the_event_loop_turns_while_slh_dsa_signs(transit: Driver) -> None:
    """The provider keeps the interpreter's lock, so in a thread of this process nothing else would be done."""
    await make_keys(transit, {"slow": {"type": "slh-dsa", "parameter_set": "slh-dsa-shake-256f"}, "quick": {}})
    task = asyncio.create_task(transit.write("sign/slow", input=HELLO))
    encrypted = 0
    while not task.done():
        await transit.write("encrypt/quick", plaintext=HELLO)
        encrypted += 1
        await asyncio.sleep(0)
    assert encrypted >= 10
    assert (await transit.write("verify/slow", input=HELLO, signature=(await task)["signature"]))["valid"]


async def test_rsa_signs_and_decrypts_in_a_lane(transit: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    await make_keys(transit, {"rsa": {"type": "rsa-3072"}})
    ciphertext = (await transit.write("encrypt/rsa", plaintext=HELLO))["ciphertext"]
    full = WorkerPool("brief", threads=1, places=1)
    gate = Gate()
    task = asyncio.create_task(full.run(gate.work))
    await gate.begun()
    monkeypatch.setitem(worker_pools._LANES, Pace.BRIEF, full)
    item = {"ciphertext": ciphertext}
    for path, body in (
        ("sign/rsa", {"input": HELLO}),
        ("decrypt/rsa", item),
        ("decrypt/rsa", {"batch_input": [item]}),
        ("rewrap/rsa", item),
        ("rewrap/rsa", {"batch_input": [item]}),
        ("keys/rsa/csr", {}),
    ):
        with pytest.raises(RateLimited):
            await transit.write(path, **body)
    gate.open.set()
    await task
    monkeypatch.undo()
    results = (await transit.write("decrypt/rsa", batch_input=[item, {"ciphertext": "x"}, item]))["batch_results"]
    assert [item.get("plaintext") for item in results] == [HELLO, "", HELLO]


def test_a_process_that_ends_is_replaced() -> None:
    row = ALGORITHMS["slh-dsa-sha2-128f"]
    material = row.generate(0)
    assert row.capabilities.signature is not None
    sign = partial(row.capabilities.signature(material).sign, b"hello", SignatureOptions(None))
    child = slhdsa_process._of_thread.child
    child._process.kill()
    child._process.wait()
    row.capabilities.signature(material).verify(b"hello", sign(), SignatureOptions(None))
    assert slhdsa_process._of_thread.child is not child


def test_a_process_that_ends_while_it_works_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    row = ALGORITHMS["slh-dsa-sha2-128f"]
    row.generate(0)
    child = slhdsa_process._of_thread.child
    monkeypatch.setattr(slhdsa_process._Child, "alive", True)
    child._process.kill()
    child._process.wait()
    with pytest.raises(Unavailable, match="try again"):
        row.generate(0)
    monkeypatch.undo()
    assert row.generate(0).public


def test_the_process_gets_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may hold secrets, such as a token or a key of the seal."""
    monkeypatch.setenv("CRYPTOSERVE_TEST_SECRET", "secret")
    slhdsa_process.close_all()
    ALGORITHMS["slh-dsa-sha2-128f"].generate(0)
    process = slhdsa_process._of_thread.child._process
    try:
        with open(f"/proc/{process.pid}/environ", "rb") as file:
            environment = file.read()
    except OSError:
        pytest.skip("there is no /proc")
    assert b"PYTHONPATH" in environment
    assert b"SECRET" not in environment


def test_the_process_ends_with_its_input() -> None:
    ALGORITHMS["slh-dsa-sha2-128f"].generate(0)
    child = slhdsa_process._of_thread.child
    slhdsa_process.close_all()
    assert child._process.returncode == 0


def test_without_the_provider_it_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slhdsa_process, "installed", lambda: False)
    with pytest.raises(Unavailable, match="no provider that is installed serves slh-dsa-sha2-128f"):
        ALGORITHMS["slh-dsa-sha2-128f"].generate(0)


class BusyLane(WorkerPool):
    """A lane that has no place at the calls with the numbers in ``busy``."""

    def __init__(self, *busy: int) -> None:
        super().__init__("pieces", threads=1, places=1)
        self.busy = busy
        self.calls = 0

    async def run(self, work: Callable[[], T]) -> T:
        """As ``WorkerPool.run``."""
        self.calls += 1
        if self.calls in self.busy:
            raise RateLimited("no place")
        return await super().run(work)


async def test_pieces_of_work_wait_for_their_places_once_the_first_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pools, "_WAIT_SECONDS", 0)
    pieces = [partial(int, number) for number in range(3)]
    waiting = BusyLane(2, 3, 5)
    assert await waiting.run_each(pieces) == [0, 1, 2]
    assert waiting.calls == 6
    turned_away = BusyLane(1)
    with pytest.raises(RateLimited):
        await turned_away.run_each(pieces)
    assert turned_away.calls == 1


async def test_the_versions_of_a_slow_key_are_restored_one_by_one(
    transit: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[int] = []
    run_each = WorkerPool.run_each

    async def counted(pool: WorkerPool, pieces: list[Callable[[], Any]]) -> list[Any]:
        ran.append(len(pieces))
        return await run_each(pool, pieces)

    monkeypatch.setattr(WorkerPool, "run_each", counted)
    for kind, groups in (("rsa-2048", 3), ("aes256-gcm96", 1)):
        await transit.write(f"keys/{kind}", type=kind, exportable=True, allow_plaintext_backup=True)
        for _ in range(2):
            await transit.write(f"keys/{kind}/rotate")
        await transit.write("restore/back", backup=(await transit.read(f"backup/{kind}"))["backup"], force=True)
        assert (await transit.read("keys/back"))["latest_version"] == 3
        assert ran.pop() == groups
