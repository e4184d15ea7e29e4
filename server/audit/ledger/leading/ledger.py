"""The ledger of one process: preparation, leadership and closing of its device, with its stored state.

prepare   once for the server: the directory fits what is remembered, or a log begins
start     in each process: keep trying to lead
stop      the process ends, or the server is sealed: what was written last is signed
end       the ledger is disabled: its last entry says so, and the last checkpoint covers that
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeAlias

from engines.durations import format_time
from engines.faults import Failed, InvalidRequest, Unavailable
from engines.worker_pools import beside
from server.audit.devices.base import DeviceFault
from server.audit.enabled import EnabledDevice
from server.audit.ledger.device.checks import DoesNotFit, bring_to
from server.audit.ledger.device.device import LedgerDevice
from server.audit.ledger.device.publishing import Publisher
from server.audit.ledger.device.state import Ledgers, LogKeys, Loss
from server.audit.ledger.leading.leader import Leader
from server.audit.ledger.leading.rotation import Note, rotate
from server.audit.ledger.tenants.projection import tenant_origin
from server.audit.ledger.tenants.state import TenantLogs
from server.audit.ledger.tenants.writing import put_tenant_aside
from server.audit.ledger.turns import Turns
from storage.view import View

log = logging.getLogger(__name__)

ALONE_SECONDS = 5.0
"""The seconds that disabling waits until all other processes have let the ledger go."""


YIELD_SECONDS = 0.25
"""The interval at which a process looks whether a segment that it writes to is to be sealed, where no request does."""


class _Unknown(Exception):
    """The directory has a log of which nothing is remembered."""


Companion: TypeAlias = Callable[[LedgerDevice, Ledgers], Coroutine[Any, Any, None]]
"""Work that is done beside an enabled ledger, until it is cancelled."""


class LedgerHost:
    """The ledger of this process, if one is enabled; ``worker`` is the process's number."""

    def __init__(self, view: View, worker: int = 0, companion: Companion | None = None) -> None:
        self.ledgers = Ledgers(view)
        self._view = view
        self._worker = worker
        self._companion = companion
        self._beside: asyncio.Task[None] | None = None
        self._yielding: asyncio.Task[None] | None = None
        self._leader: Leader | None = None
        self._note: Note | None = None
        self.turns = Turns()
        """The look-ups in the ledger."""

        self.device: LedgerDevice | None = None
        """The enabled ledger."""

    def tenants(self, origin: str) -> TenantLogs:
        """The logs of namespaces of the ledger ``origin``."""
        return TenantLogs(self._view, origin)

    async def prepare(self, device: LedgerDevice, *, enabling: bool) -> None:
        """Bring the directory to what is remembered of its log, or begin one.

        Raises ``InvalidRequest``; while starting, not ``enabling``, ``Failed`` where a remembered log can't be reached.
        """
        try:
            loss = await self.ledgers.loss()
            known = await self.ledgers.state(device.settings.origin) is not None
            await beside(partial(device.rehearse, fresh=not known and loss is None))
            try:
                await self._bring(device)
            except (DoesNotFit, _Unknown) as error:
                if loss is None:
                    raise
                await self._begin_anew(device, loss, str(error))
            if loss is not None:
                await self._begin_lost_tenants(device)
                await self.ledgers.settle_loss()
        except _Unknown as error:
            raise InvalidRequest(str(error)) from error
        except DoesNotFit as error:
            if enabling:
                raise InvalidRequest(str(error)) from error
            raise Failed(str(error), wrapped=False) from error
        except (DeviceFault, OSError) as error:
            words = str(error) if isinstance(error, DeviceFault) else (error.strerror or "input/output error").lower()
            raise InvalidRequest(f"the ledger's directory {device.directory.path} can't be used: {words}") from error

    async def _bring(self, device: LedgerDevice) -> None:
        """Raises ``DoesNotFit``, ``_Unknown``."""
        origin = device.settings.origin
        state, keys = await self.ledgers.state(origin), await self.ledgers.keys(origin)
        if state is None or keys is None:
            if not device.directory.empty:
                raise _Unknown(f'nothing is remembered of a log with the origin "{origin}"')
            await self.tenants(origin).forget()
            state, keys = await self.ledgers.begin(origin)
        verifiers = [signer.verifier for signer in keys.signers(origin)]
        brought = await beside(partial(bring_to, device.directory, state, verifiers))
        await self.ledgers.swap(state, brought)

    async def _begin_anew(self, device: LedgerDevice, loss: Loss, what: str) -> None:
        """Begin a log in place of the one that is lost, with keys of its own, so that no key signs two histories."""
        origin = device.settings.origin
        state = await self.ledgers.state(origin)
        log.warning("the loss of the audit ledger is accepted, and a new log begins: %s", what)
        await beside(partial(device.directory.put_aside, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())))
        await self.tenants(origin).forget()
        await self.ledgers.begin(origin)
        await self._bring(device)
        lost = {} if state is None else {"size": state.size, "root": base64.b64encode(state.root).decode()}
        device.introduced = {"accepted_loss": {"reason": loss.reason, "time": format_time(int(loss.time)), **lost}}

    async def _begin_lost_tenants(self, device: LedgerDevice) -> None:
        """Begin those logs of namespaces anew that can't be brought to what is remembered of them."""
        logs = self.tenants(device.settings.origin)
        lost = {name: log for name, log in (await logs.all()).items() if log.lost}
        if lost:
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
            for name in lost:
                log.warning("the loss of the audit log of the namespace %s is accepted, and a new one begins", name)
                await beside(partial(put_tenant_aside, device.directory, name, stamp))
            await logs.forget(lost)

    def adopt(self, device: LedgerDevice) -> None:
        """Tell ``device`` which process it is in, before it is opened."""
        device.worker = self._worker

    async def start(self, enabled: EnabledDevice, device: LedgerDevice) -> None:
        """Begin to lead the ledger, as soon as no other process does."""
        self.device = device
        origin = device.settings.origin
        keys = await self.ledgers.keys(origin)
        if keys is None:
            raise Failed(f'the keys of the audit ledger "{origin}" are missing from storage', wrapped=False)
        publisher = Publisher(device.directory, origin)

        def note(event: str, members: dict[str, object]) -> asyncio.Future[Exception | None]:
            return enabled.writer.call(partial(device.note, event, members))

        self._note = note
        self._leader = Leader(device, self.ledgers, self.tenants(origin), publisher, note)
        self._leader.start()
        self._yielding = asyncio.create_task(_yield_locks(device))
        if self._companion is not None:
            self._beside = asyncio.create_task(self._companion(device, self.ledgers))

    async def note(self, event: str, members: dict[str, object]) -> None:
        """Write an entry of the server's own. Raises ``Unavailable`` if the ledger doesn't take it."""
        assert self._note is not None, "a ledger is enabled"
        error = await self._note(event, members)
        if error is not None:
            raise _untaken(error)

    async def rotate(self, overlap_seconds: int) -> LogKeys:
        """Have new keys sign the log; those before sign beside them for ``overlap_seconds``, and are destroyed then.

        Raises ``InvalidRequest``, and ``Unavailable`` if the ledger doesn't take the entry that names the new keys.
        """
        device, note = self.device, self._note
        assert device is not None and note is not None, "a ledger is enabled"
        origin = device.settings.origin
        try:
            return await rotate(partial(self.ledgers.change_keys, origin), origin, overlap_seconds, note, {})
        except DeviceFault as error:
            raise _untaken(error) from error

    async def rotate_tenant(self, namespace_id: str, overlap_seconds: int) -> LogKeys:
        """As ``rotate``, for the log of a namespace, which is remembered."""
        device, note = self.device, self._note
        assert device is not None and note is not None, "a ledger is enabled"
        origin = device.settings.origin
        members = {"namespace": {"id": namespace_id}}
        change = partial(self.tenants(origin).change_keys, namespace_id)
        try:
            return await rotate(change, tenant_origin(origin, namespace_id), overlap_seconds, note, members)
        except DeviceFault as error:
            raise _untaken(error) from error

    async def stop(self, enabled: EnabledDevice, device: LedgerDevice, event: str) -> None:
        """Write the entry ``event``, sign what was written last, and let the ledger go."""
        device.ending = event
        await enabled.close()
        await self._let_go()

    async def end(self, enabled: EnabledDevice, device: LedgerDevice) -> list[str]:
        """Disable the ledger: write its last entry and checkpoint. Returns what couldn't be done, in words."""
        end = time.monotonic() + ALONE_SECONDS
        missing = []
        while not device.end_alone() and time.monotonic() < end:
            await asyncio.sleep(0.02)
        error = await enabled.writer.call(partial(device.note, "disabled", {}))
        if error is not None:
            words = str(error) if isinstance(error, DeviceFault) else type(error).__name__
            missing.append(f"the ledger's last entry was not written: {words}")
        device.ending = ""
        await enabled.close()
        missing.append(await self._let_go())
        return [text for text in missing if text]

    async def _let_go(self) -> str:
        leader, self._leader, self.device, self._note = self._leader, None, None, None
        tasks = [task for task in (self._beside, self._yielding) if task is not None]
        self._beside = self._yielding = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return "" if leader is None else await leader.close()


async def _yield_locks(device: LedgerDevice) -> None:
    """Let segments of the journal be sealed while no entry is written, until cancelled."""
    while True:
        await asyncio.sleep(YIELD_SECONDS)
        device.yield_lock()


def _untaken(error: Exception) -> Unavailable:
    words = str(error) if isinstance(error, DeviceFault) else type(error).__name__
    return Unavailable(f"the audit ledger takes no entry: {words}")
