"""What a request or a flood costs the server: processor time, memory kept, how long health took, what became of it.

Processor time is that of the workers, from the scheduler's own counts. Other work on the machine raises it, by half and
more where caches are shared, and never lowers it; so what seems to cost too much is done again, and the least counts.
Growth is told from costs at one size and at half of it, measured in turns so that both meet the same other work, and so
is the same on any machine.
"""

from __future__ import annotations

import math
import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self, TypeAlias

from tests.support import processes
from tests.support.servers import Server

MOST_SECONDS = 0.3
"""The most processor time for one attack of a megabyte: whoever wants to keep a core busy has to send 3 MB a second."""

MOST_SECONDS_FOR_EACH_REQUEST = 0.0005
"""For each request that an attack holds: a few times what a usual one costs."""

FLOOR_SECONDS, FLOOR_SECONDS_FOR_EACH_BYTE, LOWEST_FLOOR_SECONDS = 0.1, 0.6e-6, 0.01
"""Below these, growth isn't judged: a megabyte of JSON takes as long to read, check, write down and answer, and what
takes less than 10 ms may as well be a collection of garbage."""

MOST_GROWTH = 3.0
"""How many times more twice the size may cost; quadratic is 4."""

MOST_KEPT_BYTES = 64 * 1024 * 1024
"""What one attack may leave in memory: a few bodies of the largest size, which the allocator keeps for the next."""

MOST_HELD_FOR_EACH_BYTE = 16
"""What it may take meanwhile, beyond that: a body is there as bytes, as text, as values and in the audit's entry."""

MOST_GROWN_BYTES = 256 * 1024 * 1024
"""What all attacks of a test may leave together: caches of all kinds, at their bounds."""

MOST_HEALTH_SECONDS = 1.0
"""How long health may take meanwhile: load balancers give up after a few seconds."""

_UNPLANNED = re.compile(r" ended in |Traceback|never retrieved|(Error|Exception) in ASGI")
_MOST_LOG_CHARACTERS = 500
_SUSPICIOUS_SHARE = 0.5
_REPETITIONS = 2
_HEALTH_PAUSE_SECONDS = 0.05
_MOST_PAIRS = 12
_CALIBRATION_SECONDS, _CALIBRATIONS = 0.25, 4
_SETTLING_SECONDS = 0.1
_MOST_IDLE_SHARE = 0.2
_MOST_SETTLING_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attack has sent, and how it was answered: a status, or 0 for a connection that was closed."""

    sent_bytes: int
    status: int = 0
    requests: int = 1


Attack: TypeAlias = Callable[[int], Outcome]
"""Does it at a size in bytes."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one attack cost."""

    name: str
    size: int
    sent_bytes: int
    seconds: float
    kept_bytes: int
    held_bytes: int
    """At the most."""
    health_seconds: float
    status: int
    requests: int
    lost: bool
    unplanned: str
    """What the log says of an exception that nobody planned."""
    growth: float = 0.0
    """Against half the size; 0 where nobody has looked."""

    @property
    def nanoseconds_per_byte(self) -> float:
        """Processor time for each byte that was sent."""
        return self.seconds * 1e9 / max(1, self.sent_bytes)

    @property
    def most_seconds(self) -> float:
        """The bound on its processor time."""
        return max(MOST_SECONDS, self.requests * MOST_SECONDS_FOR_EACH_REQUEST)

    @property
    def floor_seconds(self) -> float:
        """From what processor time on its growth is judged."""
        return min(FLOOR_SECONDS, max(LOWEST_FLOOR_SECONDS, self.sent_bytes * FLOOR_SECONDS_FOR_EACH_BYTE))

    def faults(self) -> list[str]:
        """Every bound that it breaks, in words."""
        found = []
        if self.lost:
            found.append("a worker was lost")
        if self.unplanned:
            found.append(f"an exception that nobody planned: {self.unplanned}")
        if self.seconds > self.most_seconds:
            found.append(f"{self.seconds:.2f} s of processor time, {self.most_seconds:.2f} are allowed")
        if self.seconds > self.floor_seconds and self.growth > MOST_GROWTH:
            found.append(f"twice the size costs {self.growth:.1f} times as much")
        if self.kept_bytes > MOST_KEPT_BYTES:
            found.append(f"{self.kept_bytes / 2**20:.0f} MiB kept")
        if self.held_bytes > MOST_KEPT_BYTES + MOST_HELD_FOR_EACH_BYTE * self.sent_bytes:
            found.append(f"{self.held_bytes / 2**20:.0f} MiB held meanwhile")
        if self.health_seconds > MOST_HEALTH_SECONDS:
            found.append(f"health took {self.health_seconds:.1f} s")
        return found

    @property
    def suspicious(self) -> bool:
        """Whether it is near a bound, and worth another look."""
        return bool(self.faults()) or self.seconds > min(self.floor_seconds, self.most_seconds * _SUSPICIOUS_SHARE)

    def __str__(self) -> str:
        grown = f"{self.growth:5.1f}x" if self.growth else "      "
        return (
            f"{self.nanoseconds_per_byte:9.0f} ns/B {self.seconds * 1e3:8.1f} ms {grown}"
            f" {self.held_bytes / 2**20:5.0f} MiB {self.health_seconds * 1e3:6.0f} ms health"
            f" {self.sent_bytes:8d} B {self.status:3d}  {self.name}"
        )


class Meter:
    """Measures attacks on one server, one after the other; meanwhile a client asks for health all the time."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._workers = processes.children(server.group)
        self._over = threading.Event()
        self._slowest_health = 0.0
        self._asked_since = float("inf")
        self._most_resident_bytes = 0
        self._settling = False
        self._asking = threading.Lock()
        """Held while health is asked for, and while it mustn't be."""
        self._asked = 0
        """How often health was asked for."""
        self._idle_share = self._asking_seconds = 0.0
        """What the workers take of a core while nothing is asked for, and what it takes them to tell their health."""
        self._watch = threading.Thread(target=self._ask_for_health, daemon=True)
        self._log = (server.directory / "server.log").open(encoding="utf-8", errors="replace")
        self._log.seek(0, os.SEEK_END)
        self._first_resident_bytes = 0
        self.grown_bytes = 0
        """What the workers have grown by, once it is over."""

        self.costs: list[Cost] = []
        """All that was measured and stands: of what was measured again, the least."""

    def __enter__(self) -> Self:
        self._settle()
        self._idle_share = min(self._taken()[0] for _ in range(_CALIBRATIONS)) / _CALIBRATION_SECONDS
        self._watch.start()
        self._first_resident_bytes = self._resident_bytes()
        idle_seconds = self._idle_share * _CALIBRATION_SECONDS
        looks = [self._taken() for _ in range(_CALIBRATIONS)]
        # The least, since other work makes it more, and too much would be taken off.
        self._asking_seconds = max(0.0, min((taken - idle_seconds) / max(1, asked) for taken, asked in looks))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._watch.join()
        self.grown_bytes = self._resident_bytes() - self._first_resident_bytes
        self._log.close()

    def judge(self, name: str, attack: Attack, *sizes: int, settling: bool = False) -> Cost:
        """The cost at the largest of ``sizes``, or at the first one that costs too much.

        ``settling`` counts what the server still does when the client is through, too.
        """
        self._settling = settling
        for size in sizes:
            cost = self._once(name, attack, size)
            if cost.suspicious:
                cost = self._again(cost, attack)
            self.costs.append(cost)
            if cost.faults():
                break
        return cost

    def _again(self, cost: Cost, attack: Attack) -> Cost:
        """The least of several measurements, with the growth from half the size."""
        if cost.lost or cost.seconds > 10 * cost.most_seconds:
            return cost
        repeated = [cost, *(self._once(cost.name, attack, cost.size) for _ in range(_REPETITIONS))]
        return replace(
            min(repeated, key=lambda one: one.seconds),
            growth=self._growth(cost, attack),
            health_seconds=min(one.health_seconds for one in repeated),
            kept_bytes=min(one.kept_bytes for one in repeated),
            held_bytes=min(one.held_bytes for one in repeated),
            lost=any(one.lost for one in repeated),
            unplanned=next((one.unplanned for one in repeated if one.unplanned), ""),
        )

    def _growth(self, cost: Cost, attack: Attack) -> float:
        """How many times as much as half of it the whole size costs.

        Both are measured in turns until the least of each keep the bound, or so often that noise can't be why they
        don't. Meanwhile health isn't asked for, since what that takes varies by as much as small attacks cost.
        """
        whole = half = math.inf
        with self._asking:
            for pair in range(_MOST_PAIRS):
                # The order changes, so that other work in step with it is no matter.
                for size in (cost.size, cost.size // 2)[:: -1 if pair % 2 else 1]:
                    seconds = self._once(cost.name, attack, size).seconds
                    whole, half = (min(whole, seconds), half) if size == cost.size else (whole, min(half, seconds))
                if whole <= MOST_GROWTH * half:
                    break
        return whole / max(1e-4, half)

    def _once(self, name: str, attack: Attack, size: int) -> Cost:
        self._slowest_health = 0.0
        memory, seconds, asked = self._resident_bytes(), self._seconds(), self._asked
        self._most_resident_bytes = memory
        started = time.monotonic()
        outcome = attack(size)
        if self._settling:
            self._settle()
        elapsed = time.monotonic() - started
        others = elapsed * self._idle_share + (self._asked - asked) * self._asking_seconds
        seconds = max(0.0, self._seconds() - seconds - others)
        workers = processes.children(self._server.group)
        lost, self._workers = workers != self._workers, workers
        kept = 0 if lost else self._resident_bytes() - memory
        health = max(self._slowest_health, time.monotonic() - self._asked_since)
        return Cost(
            name=name,
            size=size,
            sent_bytes=outcome.sent_bytes,
            seconds=seconds,
            kept_bytes=kept,
            held_bytes=0 if lost else max(kept, self._most_resident_bytes - memory),
            health_seconds=health,
            status=outcome.status,
            requests=outcome.requests,
            lost=lost,
            unplanned=self._unplanned(),
        )

    def _settle(self) -> None:
        """Wait until the workers have nothing to do: they take little of the time in which other work lets them."""
        deadline = time.monotonic() + _MOST_SETTLING_SECONDS
        while time.monotonic() < deadline:
            taken, waited = self._seconds(), self._waiting_seconds()
            time.sleep(_SETTLING_SECONDS)
            taken, waited = self._seconds() - taken, self._waiting_seconds() - waited
            idle = taken < (_SETTLING_SECONDS - waited) * _MOST_IDLE_SHARE
            if idle and not any(map(processes.wants_processor, self._workers)):
                return

    def _taken(self) -> tuple[float, int]:
        """What the workers take for a while, in seconds, and how often they tell their health meanwhile."""
        seconds, asked = self._seconds(), self._asked
        time.sleep(_CALIBRATION_SECONDS)
        return self._seconds() - seconds, self._asked - asked

    def _unplanned(self) -> str:
        """What the log says since the last look: the line that names the exception, and where it was raised."""
        lines = self._log.read().replace("\\n", "\n").split("\n")
        named = next((line for line in lines if _UNPLANNED.search(line)), "")
        raised = [line.strip() for line in lines if line.lstrip().startswith("File ")]
        return " ".join((named, *raised[-1:]))[-_MOST_LOG_CHARACTERS:] if named else ""

    def _seconds(self) -> float:
        return sum(map(processes.thread_seconds, self._workers))

    def _waiting_seconds(self) -> float:
        return sum(map(processes.thread_waiting_seconds, self._workers))

    def _resident_bytes(self) -> int:
        return sum(map(processes.resident_bytes, self._workers))

    def _ask_for_health(self) -> None:
        while not self._over.is_set():
            with self._asking:
                self._ask_once()
            self._over.wait(_HEALTH_PAUSE_SECONDS)

    def _ask_once(self) -> None:
        self._asked_since = started = time.monotonic()
        try:
            assert self._server.request("GET", "sys/health", token="").status == 200
        except (OSError, AssertionError):
            pass  # The worker that had the connection is gone, which is seen by its process id.
        self._slowest_health = max(self._slowest_health, time.monotonic() - started)
        self._asked_since = float("inf")
        self._asked += 1
        self._most_resident_bytes = max(self._most_resident_bytes, self._resident_bytes())


def table(costs: list[Cost], count: int = 25) -> str:
    """The dearest for each byte, of those that cost anything to speak of."""
    dear = [cost for cost in costs if cost.seconds > FLOOR_SECONDS / 10]
    return "\n".join(str(cost) for cost in sorted(dear, key=lambda cost: -cost.nanoseconds_per_byte)[:count])


def verdict(meter: Meter) -> str:
    """All bounds that were broken, and by what: empty if none was."""
    found = [f"{cost.name} ({cost.size} bytes): {', '.join(cost.faults())}" for cost in meter.costs if cost.faults()]
    if meter.grown_bytes > MOST_GROWN_BYTES:
        found.append(f"all together: {meter.grown_bytes / 2**20:.0f} MiB kept")
    return "\n".join(found)
