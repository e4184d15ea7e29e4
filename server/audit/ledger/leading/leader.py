"""Leader: the one of a ledger's processes that has the tree built, and stores and signs its state.

A step: the journal is integrated and durable; size and root replace the remembered ones in storage, or the step counts
for nothing; the checkpoint is signed and put in place. The process with the lock in the directory leads; another
takes over when it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from server.audit.devices.base import DeviceFault
from server.audit.ledger.device.checks import settle_segment, this_boot
from server.audit.ledger.device.device import LedgerDevice
from server.audit.ledger.device.directory import CHECKPOINT, LOCK, Held, SharedPage
from server.audit.ledger.device.integrator import CannotIntegrate, Integrator
from server.audit.ledger.device.publishing import Publisher
from server.audit.ledger.device.state import Ledgers, LedgerState, LogKeys, Moved
from server.audit.ledger.device.witnesses import WitnessConflict, Witnesses, WitnessState
from server.audit.ledger.leading.process import IntegratorFailed, IntegratorProcess, SkipRecord, StepRecord
from server.audit.ledger.leading.rotation import Note, rotate_to_next
from server.audit.ledger.leading.rounds import Rounds
from server.audit.ledger.tenants.state import TenantLogs
from server.runtime.log_limits import LimitedLog
from storage.base import StorageFault

T = TypeVar("T")

log = logging.getLogger(__name__)
_failures = LimitedLog(log)

LOCK_SECONDS = 0.25
"""The interval at which a process that doesn't lead tries to."""

_LOOK_SECONDS = 1.0
"""The interval at which the leader looks for changes of the keys."""

LAST_SECONDS = 5.0
"""The seconds that the end of a process may wait for its turn to sign what it has written last."""

_SHORTEST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 5.0
_RECOVERIES = 3
"""The most ``recovered`` entries in a step, for skipped bytes."""


_FAILURES = (OSError, CannotIntegrate, IntegratorFailed, StorageFault, Moved)
"""What keeps a leader from going on, until it begins anew."""


class Leader:
    """One process's part in leading the ledger of ``device``. ``note`` writes an entry of the server's own."""

    def __init__(
        self, device: LedgerDevice, ledgers: Ledgers, tenants: TenantLogs, publisher: Publisher, note: Note
    ) -> None:
        self._device = device
        self._directory = device.directory
        self._origin = device.settings.origin
        self._ledgers = ledgers
        self._publisher = publisher
        self._note = note
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="audit-ledger")
        self._lock: Held | None = None
        self._process: IntegratorProcess | None = None
        self._keys: LogKeys | None = None
        """The keys that sign."""
        self._published: LedgerState | None = None
        self._checkpoint = b""
        """The newest checkpoint, with the log's signatures alone."""
        self._witnesses: Witnesses | None = None
        self._renewed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._rounds = Rounds(self._directory, self._origin, ledgers, tenants, note, self._in_thread)
        self._tenants: asyncio.Task[None] | None = None
        """The rounds, while this process leads."""

    def start(self) -> None:
        """Begin: lead as soon as no other process does."""
        self._task = asyncio.create_task(self._run())

    async def close(self, *, last: bool = True) -> str:
        """Stop leading; ``last``: everything that was written is under a checkpoint when this returns.

        Returns what couldn't be done, in words; "" if nothing is left to do.
        """
        if self._task is not None:
            self._task.cancel()
            if self._process is not None:
                self._process.kill()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._end_tenants()
        try:
            await self._in_thread(self._end_process)
            return await self._sign_last() if last else ""
        except _FAILURES as error:
            return f"the ledger's last checkpoint was not signed: {_words(error)}"
        finally:
            await self._end_witnesses()
            self._release()
            self._threads.shutdown(wait=False)

    async def _run(self) -> None:
        pause = _SHORTEST_PAUSE_SECONDS
        while True:
            try:
                if self._try_lock():
                    await self._lead()
                await asyncio.sleep(LOCK_SECONDS)
            except (*_FAILURES, DeviceFault, WitnessConflict) as error:
                self._failed(error)
                if isinstance(error, WitnessConflict):
                    await self._tell_of_conflict()
                await self._end_witnesses()
                await self._end_tenants()
                await self._in_thread(self._end_process)
                self._release()
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _lead(self) -> None:
        """Take step after step. Raises whatever keeps it from the next one."""
        state = await self._remembered()
        await self._in_thread(partial(settle_segment, self._directory, state.size))
        await self._announce_keys()
        await self._in_thread(partial(self._begin_process, state))
        log.info("this process has the audit ledger %s integrated, from entry %d on", self._origin, state.size)
        assert self._process is not None
        self._tenants = asyncio.create_task(self._rounds.run(self._process))
        interval = self._device.settings.interval_seconds
        policy = self._device.witness_policy
        state = await self._begin_witnesses(state)
        if self._witnesses is not None:
            await self._witnesses.recheck(state.witnesses, self._directory.read(CHECKPOINT) or b"")
        while True:
            began = time.monotonic()
            if policy is not self._device.witness_policy:
                policy = self._device.witness_policy
                await self._end_witnesses()
                state = await self._begin_witnesses(state)
                self._published = None
            if self._witnesses is not None and self._witnesses.conflict is not None:
                raise self._witnesses.conflict
            state, more = await self._step(state)
            self._rounds.stepped(state.size, more=more)
            if self._tenants.done():
                self._tenants.result()
            if self._witnesses is not None and self._renewed.is_set():
                self._published = state = await self._publish_cosigned(state)
            if not more:
                await self._pause(began + interval)

    async def _pause(self, end: float) -> None:
        """Wait until ``end``, by the monotonic clock, or a change of the keys: an overlap may be shorter than that."""
        while (rest := end - time.monotonic()) > 0:
            await asyncio.sleep(min(_LOOK_SECONDS, rest))
            keys = await self._ledgers.keys(self._origin)
            if keys is None or keys.without_expired(self._origin, time.time_ns()) != self._keys:
                return

    async def _step(self, state: LedgerState) -> tuple[LedgerState, bool]:
        process = self._process
        assert process is not None
        await self._take_keys()
        began = time.monotonic_ns()
        step = await self._in_thread(process.step)
        for _ in range(_RECOVERIES):
            if not step.skips:
                break
            await self._tell_of(step.skips)
            step = await self._in_thread(process.step)
        if step.skips:
            raise CannotIntegrate("the journal has more that can't be read than could be told of")
        return await self._settle(state, step, began), step.more

    async def _settle(self, state: LedgerState, step: StepRecord, began: int) -> LedgerState:
        """Have ``step`` remembered and signed, if it is new."""
        if step.size != state.size:
            new = replace(
                state,
                size=step.size,
                root=bytes.fromhex(step.root),
                segment=step.segment,
                offset=step.offset,
                time=time.time_ns(),
                boot=this_boot(),
            )
            if not await self._ledgers.swap(state, new):
                raise Moved("storage remembers another state of it than this process has come from")
            state = new
        if state != self._published:
            if state.size:
                state = await self._publish(state)
            self._published = state
        await self._in_thread(partial(self._show, state, began))
        return state

    async def _take_keys(self) -> None:
        """Sign with the log's present keys from now on.

        Before a step, so that the first tree that new keys sign has the entry that names them. Older ones go when their
        time is over, but not before they have signed such a tree, which leads from them to the new ones.
        """
        keys = await self._ledgers.keys(self._origin)
        if keys is None:
            raise Moved("storage doesn't have its keys")
        now = time.time_ns()
        if keys.without_expired(self._origin, now) != keys and await self._in_thread(
            partial(self._publisher.has_kept, keys)
        ):
            keys = await self._ledgers.change_keys(self._origin, lambda keys: keys.without_expired(self._origin, now))
        if keys != self._keys:
            await self._in_thread(partial(self._publisher.use, keys))
            self._keys, self._published = keys, None

    async def _publish(self, state: LedgerState) -> LedgerState:
        """Sign ``state``, have witnesses sign it, and put the checkpoint in place."""
        note = self._checkpoint = await self._in_thread(partial(self._publisher.sign, state))
        if self._witnesses is not None:
            await self._witnesses.cosign(note)
            return await self._publish_cosigned(state)
        await self._in_thread(partial(self._publisher.publish, state, note))
        return state

    async def _publish_cosigned(self, state: LedgerState) -> LedgerState:
        """Put the checkpoint of ``state`` in place with the signatures of witnesses that it has by now."""
        witnesses, note = self._witnesses, self._checkpoint
        assert witnesses is not None
        self._renewed.clear()
        cosigned = note + "".join(line.line() for line in witnesses.signatures(note)).encode()
        await self._in_thread(partial(self._publisher.publish, state, cosigned))
        met = witnesses.is_met(note)
        new = replace(
            state,
            witnesses=witnesses.records,
            witnessed=state.size if met else state.witnessed,
            quorum_missing_since=0 if met else state.quorum_missing_since or time.time_ns(),
        )
        return new if await self._ledgers.swap(state, new) else state

    async def _begin_witnesses(self, state: LedgerState) -> LedgerState:
        """Begin to ask the witnesses of the policy; without any, what the status says of earlier ones ends."""
        policy = self._device.witness_policy
        if policy is not None and policy.witnesses:
            self._witnesses = Witnesses(policy, self._directory.read, state.witnesses, self._renewed.set)
            return state
        new = replace(state, witnesses=(), quorum_missing_since=0)
        return new if new != state and await self._ledgers.swap(state, new) else state

    async def _tell_of_conflict(self) -> None:
        """Have the status of the ledger say which witness it is."""
        state = await self._ledgers.state(self._origin)
        if self._witnesses is not None and state is not None:
            await self._ledgers.swap(state, replace(state, witnesses=self._witnesses.records))

    async def _end_witnesses(self) -> None:
        witnesses, self._witnesses = self._witnesses, None
        if witnesses is not None:
            await witnesses.close()

    async def _end_tenants(self) -> None:
        tenants, self._tenants = self._tenants, None
        if tenants is not None:
            tenants.cancel()
            await asyncio.gather(tenants, return_exceptions=True)

    async def _announce_keys(self) -> None:
        """Go on with a change of keys that was cut off: its entry may be there, and may not."""
        keys = await self._ledgers.keys(self._origin)
        if keys is not None and keys.next is not None:
            change = partial(self._ledgers.change_keys, self._origin)
            await rotate_to_next(change, self._origin, keys, self._note, {})

    async def _tell_of(self, skips: list[SkipRecord]) -> None:
        for skip in skips:
            error = await self._note(
                "recovered",
                {
                    "segment": skip.segment,
                    "offset": skip.offset,
                    "skipped_bytes": skip.skipped_bytes,
                    "sha256": skip.sha256,
                },
            )
            if error is not None:
                raise error

    async def _sign_last(self) -> str:
        """Integrate and sign what is left, in this process, once no other one leads."""
        end = time.monotonic() + LAST_SECONDS
        while not self._try_lock():
            if time.monotonic() > end:
                return "another process has the ledger integrated, and signs its last checkpoint"
            await asyncio.sleep(0.02)
        state = await self._remembered()
        if any(record.state == WitnessState.CONFLICT for record in state.witnesses):
            return "a witness holds another history of the ledger, so its last checkpoint is not signed"
        if self._witnesses is None:
            state = await self._begin_witnesses(state)
        began = time.monotonic_ns()
        await self._in_thread(partial(settle_segment, self._directory, state.size))
        integrator = await self._in_thread(
            lambda: Integrator.resume(self._directory, state.size, state.root, state.segment, state.offset)
        )
        try:
            more = True
            while more:
                await self._take_keys()
                step = await self._in_thread(integrator.step)
                if step.skips:
                    return "the journal has bytes that are no entry, which the next start tells of and signs"
                record = StepRecord(step.size, step.root.hex(), step.segment, step.offset, [], step.more)
                state = await self._settle(state, record, began)
                more = step.more
        finally:
            integrator.close()
        await self._rounds.finish(state.size, LAST_SECONDS)
        return ""

    async def _remembered(self) -> LedgerState:
        state = await self._ledgers.state(self._origin)
        if state is None:
            raise Moved("storage doesn't remember it")
        return state

    def _try_lock(self) -> bool:
        if self._lock is None:
            lock = Held(self._directory.path / LOCK)
            if not lock.take():
                lock.close()
                return False
            self._lock = lock
        return True

    def _release(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.close()

    def _begin_process(self, state: LedgerState) -> None:
        # Here, so that it is ended too if this task is cancelled while it starts.
        self._process = IntegratorProcess(self._directory.path, state)

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.close()

    def _show(self, state: LedgerState, began: int) -> None:
        page = self._directory.page()
        try:
            words = page.words
            words[SharedPage.SIZE] = state.size
            words[SharedPage.CHECKPOINT_NANOSECONDS] = state.time
            words[SharedPage.READ_SEGMENT], words[SharedPage.READ_OFFSET] = state.segment, state.offset
            words[SharedPage.CAUGHT_UP_NANOSECONDS] = began
            words[SharedPage.QUORUM_MISSING_NANOSECONDS] = state.quorum_missing_since
        finally:
            page.close()

    def _failed(self, error: Exception) -> None:
        _failures.error("the audit ledger %s is not integrated: %s; it is tried again", self._origin, _words(error))
        with contextlib.suppress(OSError):
            page = self._directory.page()
            page.words[SharedPage.ERRORS] += 1
            page.close()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _words(error: Exception) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)
