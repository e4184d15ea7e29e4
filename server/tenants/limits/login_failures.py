"""Consecutive wrong proofs for each account, counted by all processes of the server in shared memory.

An entry of a process's table (``server.runtime.shared_tables``):

    fingerprint of the account | run | failures in this process | end, in milliseconds | 1 if the account is locked

Consecutive failures form a run, which has a number. A correct proof, the reset time without failures, and the end of a
lock begin the next run. The counts of all processes for the highest run are added, so the process that begins it needs
to write only its own entry. ``end`` is when the run is forgotten, or the lock ends.

In a full table, the account with the fewest failures is replaced, and among those the one that ends first. So an
attacker who floods it with names must fail with each as often as with the account whose count is to be evicted, in each
of its possible places, which can't be chosen.
"""

from __future__ import annotations

from typing import TypeAlias

from server.runtime.shared_tables import SharedTable, SharedTables

ENTRIES = 65_536
"""The most accounts that a process counts at once."""

_WORDS = 5
_RUN, _COUNT, _END, _LOCKED = 1, 2, 3, 4

Account: TypeAlias = tuple[str, str, str]
"""Namespace, mount and name."""


class LoginFailureTables(SharedTables):
    """The failures counted by ``processes`` processes."""

    def __init__(self, processes: int = 1) -> None:
        super().__init__(processes, ENTRIES, _WORDS)


class _Run:
    """The sum over all processes."""

    __slots__ = ("count", "end", "locked", "number")

    def __init__(self) -> None:
        self.number = self.count = self.end = 0
        self.locked = False


class LoginFailures:
    """The failures of all accounts; ``own`` is this process's row of ``tables``."""

    def __init__(self, tables: LoginFailureTables | None = None, own: int = 0) -> None:
        self._table = SharedTable(tables or LoginFailureTables(), own, _rank)

    def failed(self, account: Account, threshold: int, reset_seconds: int, lock_seconds: int, now: float) -> bool:
        """Count a wrong proof; return whether it locks the account, for ``lock_seconds``.

        Failures are forgotten ``reset_seconds`` after the last of them.
        """
        moment = round(now * 1000)
        fingerprint = self._table.fingerprint(*account)
        run = self._seen(fingerprint)
        longest = 1000 * max(reset_seconds, lock_seconds)
        if not moment < run.end <= moment + longest:  # It has ended, or the clock was set back.
            run.number, run.count, run.locked = run.number + 1, 0, False
        own, place = self._table.own, self._table.place(fingerprint, moment)
        if own[place + _RUN] != run.number:
            own[place + _COUNT] = own[place + _LOCKED] = 0
            own[place + _RUN] = run.number
        own[place + _COUNT] += 1
        if run.locked:
            return False
        locks = run.count + 1 >= threshold
        own[place + _END] = moment + 1000 * (lock_seconds if locks else reset_seconds)
        own[place + _LOCKED] = locks
        return locks

    def locked(self, account: Account, now: float) -> bool:
        """Whether failures have locked the account."""
        run = self._seen(self._table.fingerprint(*account))
        return run.locked and round(now * 1000) < run.end

    def forget(self, account: Account) -> None:
        """Forget the failures, and the lock if there is one."""
        fingerprint = self._table.fingerprint(*account)
        run = self._seen(fingerprint)
        if run.count:
            own, place = self._table.own, self._table.place(fingerprint, 0)
            own[place + _COUNT] = own[place + _END] = own[place + _LOCKED] = 0
            own[place + _RUN] = run.number + 1

    def _seen(self, fingerprint: int) -> _Run:
        seen = _Run()
        for number, place in self._table.find(fingerprint):
            row = self._table.rows[number]
            if row[place + _RUN] > seen.number:
                seen = _Run()
                seen.number = row[place + _RUN]
            if row[place + _RUN] == seen.number:
                seen.count += row[place + _COUNT]
                locked = bool(row[place + _LOCKED])
                if locked == seen.locked:
                    seen.end = max(seen.end, row[place + _END])
                elif locked:
                    seen.locked, seen.end = True, row[place + _END]
        return seen


def _rank(row: memoryview, place: int, now: int) -> tuple[int, int]:
    end = row[place + _END]
    return (row[place + _COUNT] if now < end else 0), end
