"""Deep health checks: trials of the server's dependencies, each with its outcome and time.

    storage    reads an entry, and commits one
    seal       opens the stored root key, as a start would
    audit      every device has accepted what it was given
    providers  each cryptographic library passes its self-test
    clocks     the wall clock agrees with the monotonic one, and the other processes are alive and agree with this one

All parts run at once, and each for at most ``CHECK_SECONDS``. Requests that come while a run is under way, or within
``REUSE_SECONDS`` of its end, share its result, so however many ask, a process does one run at a time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import msgspec

from engines.algorithms.self_tests import SelfTestFailed, self_tests
from engines.faults import Fault, Sealed
from server.audit.devices.base import DeviceFault
from server.core.runtime import Runtime
from server.core.unsealed import Unsealed
from server.runtime.clocks import ClockFault, ClockWatch
from storage.barrier.keyring import KEYRING_PATH
from storage.base import NotInitialized, StorageFault, put
from storage.seals.stored import StoredSeal

CHECK_SECONDS = 5.0
"""The seconds that a part may take."""

REUSE_SECONDS = 1.0
"""The seconds for which a result is returned after its run has ended."""

_WRITTEN = "sys/deep-health"
"""The entry that is written, in the root namespace; it holds the time of the last write."""

Check: TypeAlias = Callable[[], Awaitable[None]]
"""Raises what is wrong."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one part. ``error`` is ``""`` if nothing is wrong."""

    error: str
    milliseconds: float


Report: TypeAlias = dict[str, dict[str, Outcome]]
"""The outcomes of the parts, by check and by part."""


class DeepHealth:
    """The checks of one process."""

    def __init__(self, runtime: Runtime, stored_seal: StoredSeal) -> None:
        self._runtime = runtime
        self._stored_seal = stored_seal
        self._clocks = ClockWatch(runtime.clock, runtime.meter)
        self._run: asyncio.Task[Report] | None = None
        self._ended = 0.0
        self._testing: dict[str, asyncio.Future[None]] = {}
        """Self-tests of providers that are under way in threads, by provider."""

    async def report(self, unsealed: Unsealed) -> Report:
        """The outcome of a run, which other calls may share. Raises ``Sealed`` if the server is being stopped."""
        run = self._run
        if run is None or (run.done() and time.monotonic() - self._ended > REUSE_SECONDS):
            run = self._run = asyncio.create_task(self._checked(unsealed))
        try:
            return await asyncio.shield(run)
        except asyncio.CancelledError:
            if run.cancelled():
                raise Sealed from None
            raise

    async def close(self) -> None:
        """Stop a run that is under way."""
        if self._run is not None:
            self._run.cancel()
            await asyncio.gather(self._run, return_exceptions=True)

    async def _checked(self, unsealed: Unsealed) -> Report:
        checks: dict[str, dict[str, Check]] = {
            "storage": {"read": self._read, "transaction": partial(self._write, unsealed)},
            "seal": {"root_key": self._stored_seal.try_root_key},
            "audit": {**unsealed.audit.checks()},
            "providers": {name: partial(self._test, name, test) for name, test in self_tests().items()},
            "clocks": {"wall": self._clocks.check_wall, "processes": self._clocks.check_processes},
        }
        parts = [(check, part, work) for check, named in checks.items() for part, work in named.items()]
        outcomes = await asyncio.gather(*(_outcome(work) for _, _, work in parts))
        report: Report = {check: {} for check in checks}
        for (check, part, _), outcome in zip(parts, outcomes, strict=True):
            report[check][part] = outcome
        self._ended = time.monotonic()
        return report

    async def _read(self) -> None:
        if await self._runtime.store.get(KEYRING_PATH) is None:
            raise NotInitialized("the barrier's keyring is missing")

    async def _write(self, unsealed: Unsealed) -> None:
        await put(unsealed.root.view, _WRITTEN, msgspec.msgpack.encode(self._runtime.clock()))

    async def _test(self, name: str, test: Callable[[], None]) -> None:
        """Run a self-test in a thread; one that hangs is not started again."""
        running = self._testing.get(name)
        if running is None or running.done():
            running = self._testing[name] = asyncio.ensure_future(asyncio.to_thread(test))
        await asyncio.shield(running)


async def _outcome(work: Check) -> Outcome:
    began = time.perf_counter()
    error = ""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await work()
    except TimeoutError:
        error = f"no answer within {CHECK_SECONDS:g} seconds"
    except (StorageFault, DeviceFault, ClockFault, SelfTestFailed) as fault:
        error = str(fault) or type(fault).__name__
    except Fault as fault:
        error = fault.message or type(fault).__name__
    except Exception as unexpected:  # noqa: BLE001 - its text may hold anything, and the others are to be told of too
        error = type(unexpected).__name__
    return Outcome(error, (time.perf_counter() - began) * 1000)
