"""Rounds of the leader: update, storage and signing of tenants' logs, and the commitment to them in the server's log.

A round: the integrating process writes the tiles; everything is made durable; one transaction remembers all that has
grown; then each of those is signed, a few at a time, and the server's log gets an entry that commits to their heads.
Rounds in which something grows are ``ROUND_SECONDS`` apart. After a crash at any point the next leader does again what
isn't remembered, and signs what is and has another checkpoint.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from itertools import islice
from typing import Any, Protocol

from msgspec.structs import replace

from server.audit.devices.base import DeviceFault
from server.audit.ledger.device.directory import KEPT, LedgerDirectory, make_folders
from server.audit.ledger.device.publishing import Publisher
from server.audit.ledger.device.state import Ledgers, LedgerState, Moved
from server.audit.ledger.device.syncing import sync_file_system
from server.audit.ledger.leading.process import IntegratorFailed
from server.audit.ledger.leading.rotation import Note, rotate_to_next
from server.audit.ledger.tenants.heads import DEPTH, HEAD, MAX_HEADS, HeadProof, commit, encode_head
from server.audit.ledger.tenants.projection import tenant_origin
from server.audit.ledger.tenants.sizes import Known, Round, Size
from server.audit.ledger.tenants.state import TenantLog, TenantLogs
from server.audit.ledger.tenants.writing import TenantWriter, signed_size, tenant_directory
from server.runtime.log_limits import LimitedLog
from storage.base import StorageFault

log = logging.getLogger(__name__)
_failures = LimitedLog(log)

ROUND_SECONDS = 10.0
"""The shortest time between two heads of a tenant."""

UNSTORED_ENTRIES = 65_536
"""The most entries of the server's that are read again after a crash, where no tenant has one among them."""

_EXPIRY_SECONDS = 600.0
_SHORTEST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 30.0
_PAUSE_SECONDS = 0.002
"""The pause after each signature, which takes a third of that."""


InThread = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Runs a function in a thread, and gives its result."""


class Advances(Protocol):
    """Writes tenants' logs, as ``IntegratorProcess`` does."""

    def begin_tenants(self, known: Known) -> None:
        """Begin with what is remembered."""

    def advance_tenants(self, end: int) -> Round:
        """Write a part of the entries below ``end``."""


class Rounds:
    """The leader's part in the tenants' logs of the ledger ``origin``.

    ``note`` writes an entry of the server's own; ``in_thread`` runs what uses the integrating process.
    """

    def __init__(
        self,
        directory: LedgerDirectory,
        origin: str,
        ledgers: Ledgers,
        logs: TenantLogs,
        note: Note,
        in_thread: InThread,
    ) -> None:
        self._directory = directory
        self._origin = origin
        self._ledgers = ledgers
        self._logs = logs
        self._note = note
        self._in_thread = in_thread
        self._size = 0
        self._steps = 0
        self._stepped = asyncio.Event()
        self._position = self._stored = 0
        self._next = 0.0
        self._next_expiry = 0.0
        self._due: dict[str, None] = {}
        """The logs whose heads are to be signed."""
        self._unannounced: dict[str, None] = {}
        self._entered: list[tuple[int, list[HeadProof]]] = []
        """Heads in entries of the server's log, and the step from which on these are under a checkpoint."""

    def stepped(self, size: int, *, more: bool) -> None:
        """Tell that the server's log has ``size`` entries under a checkpoint; ``more``: the journal has others."""
        self._size = size
        self._steps += not more
        self._stepped.set()

    async def run(self, process: Advances) -> None:
        """Go on until cancelled, or the process has ended. What fails is tried again; the server's log goes on."""
        pause = _SHORTEST_PAUSE_SECONDS
        while True:
            try:
                await self.begin(process)
                while True:
                    await self.go_on(process)
                    pause = _SHORTEST_PAUSE_SECONDS
            except IntegratorFailed:
                return
            except (OSError, StorageFault, DeviceFault, Moved) as error:
                words = (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)
                _failures.error("the audit logs of namespaces aren't brought up: %s; it is tried again", words)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def begin(self, process: Advances) -> None:
        """Begin where storage says. Raises whatever keeps it from that."""
        known = await self._known()
        await self._in_thread(partial(process.begin_tenants, known))

    async def go_on(self, process: Advances) -> None:
        """Wait for a step of the server's log, and do what is due then. Raises whatever keeps it from that."""
        await self._stepped.wait()
        self._stepped.clear()
        if self._size > self._position and time.monotonic() >= self._next:
            await self._round(process.advance_tenants, self._in_thread)
        await self._announce()
        while self._due:
            await self._enter(await self._sign_some())
        # Behind the signatures: those of older keys lead to the new ones.
        await self._expire_keys()
        await self._write_heads()

    async def finish(self, size: int, seconds: float) -> None:
        """Bring the logs up to ``size`` and sign them, in this process, as far as time allows: the server ends."""
        end = time.monotonic() + seconds
        self._size = size
        known = await self._known()
        writer = await asyncio.to_thread(partial(TenantWriter, self._directory, known))
        await self._round(writer.advance, asyncio.to_thread, end)
        while self._due and time.monotonic() < end:
            await self._sign_some()

    async def _known(self) -> Known:
        """Take up what is remembered: what has another checkpoint, or keys that no entry names, is due."""
        self._stored = await self._logs.position()
        self._position = max(self._stored, await self._ledgers.pruned(self._origin))
        logs = await self._logs.all()
        stale = await asyncio.to_thread(partial(self._stale, logs))
        self._due = dict.fromkeys(stale)
        self._unannounced = {name: None for name, one in logs.items() if not one.announced or one.keys.next is not None}
        sizes = {name: Size(one.size, one.root) for name, one in logs.items()}
        return Known(self._position, sizes, [name for name, one in logs.items() if one.lost], stale)

    def _stale(self, logs: dict[str, TenantLog]) -> list[str]:
        return [
            name
            for name, one in logs.items()
            if not one.lost and one.size != signed_size(tenant_directory(self._directory, name))
        ]

    async def _round(
        self,
        advance: Callable[[int], Round],
        in_thread: InThread,
        end: float = float("inf"),
    ) -> None:
        """Bring the logs up to the server's, and remember them; once in a while if that is long."""
        more = True
        while more and time.monotonic() < end:
            sizes: dict[str, Size] = {}
            lost: list[str] = []
            more = True
            while more and self._position - self._stored < UNSTORED_ENTRIES and time.monotonic() < end:
                part = await in_thread(partial(advance, self._size))
                if part.error:
                    raise OSError(0, part.error)
                self._position, more = part.position, part.more
                sizes.update(part.sizes)
                lost += part.lost
            await self._remember(sizes, lost)

    async def _remember(self, sizes: dict[str, Size], lost: list[str]) -> None:
        if not sizes and not lost and self._position - self._stored < UNSTORED_ENTRIES:
            return
        if sizes:
            await asyncio.to_thread(partial(sync_file_system, self._directory.path))
        done = Round(self._position, sizes, lost)
        if not await self._logs.advance(self._stored, done, time.time_ns()):
            raise Moved("storage remembers other logs of namespaces than this process has come from")
        self._stored = self._position
        if sizes:
            self._next = time.monotonic() + ROUND_SECONDS
            self._due.update(dict.fromkeys(sizes))
        for name in lost:
            log.error(
                "the audit log of the namespace %s in %s can't be brought to what is remembered of it, and isn't "
                "signed any more",
                name,
                self._directory.path,
            )

    async def _sign_some(self) -> dict[str, Size]:
        """Sign the heads of some logs that are due; what was signed."""
        signed: dict[str, Size] = {}
        for name in list(islice(self._due, MAX_HEADS)):
            del self._due[name]
            one = await self._logs.get(name)
            if one is not None and not one.lost and one.size:
                await _to_its_end(partial(self._publish, name, one))
                signed[name] = Size(one.size, one.root)
                if not one.announced:
                    self._unannounced[name] = None
                await asyncio.sleep(_PAUSE_SECONDS)
        return signed

    def _publish(self, name: str, one: TenantLog) -> None:
        own, origin = tenant_directory(self._directory, name), tenant_origin(self._origin, name)
        make_folders(own.path / KEPT)
        publisher = Publisher(own, origin)
        publisher.use(one.keys)
        state = LedgerState(origin, one.size, one.root, time=one.time)
        publisher.publish(state, publisher.sign(state))

    async def _enter(self, heads: dict[str, Size]) -> None:
        """Have the server's log commit to ``heads``."""
        if not heads:
            return
        root, proofs = await asyncio.to_thread(partial(commit, heads))
        tree = {"size": 1 << DEPTH, "root": base64.b64encode(root).decode()}
        await self._write("head", {"below": self._stored, "tree": tree})
        # The step that is under way may have begun before the entry was written.
        self._entered.append((self._steps + 2, proofs))

    async def _write_heads(self) -> None:
        """Give each tenant's log the way to its head, where the entry of that is under a checkpoint by now."""
        while self._entered and self._entered[0][0] <= self._steps:
            _, proofs = self._entered.pop(0)
            await _to_its_end(partial(self._put_heads, proofs))

    def _put_heads(self, proofs: Iterable[HeadProof]) -> None:
        for proof in proofs:
            tenant_directory(self._directory, proof.namespace).write(HEAD, encode_head(proof))

    async def _announce(self) -> None:
        """Have an entry of each new log name its keys, and go on with changes of keys that were cut off."""
        for name in list(self._unannounced):
            del self._unannounced[name]
            one = await self._logs.get(name)
            if one is None or one.lost:
                continue
            origin = tenant_origin(self._origin, name)
            if not one.announced:
                keys = one.keys.present.verifiers(origin)
                await self._write("opened", {"namespace": {"id": name}, "verifier_keys": keys})
                await self._logs.change(name, lambda one: replace(one, announced=True))
                await asyncio.sleep(_PAUSE_SECONDS)
            if one.keys.next is not None:
                change = partial(self._logs.change_keys, name)
                await rotate_to_next(change, origin, one.keys, self._note, {"namespace": {"id": name}})

    async def _write(self, event: str, members: dict[str, object]) -> None:
        error = await self._note(event, members)
        if error is not None:
            raise error

    async def _expire_keys(self) -> None:
        if time.monotonic() >= self._next_expiry:
            self._next_expiry = time.monotonic() + _EXPIRY_SECONDS
            await self._logs.expire_keys(time.time_ns())


async def _to_its_end(work: Callable[[], None]) -> None:
    """Do ``work`` in a thread, and don't leave it alone when cancelled: the next leader's files are newer than its."""
    done = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        await asyncio.shield(done)
    except asyncio.CancelledError:
        await asyncio.gather(done, return_exceptions=True)
        raise
