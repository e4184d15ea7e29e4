"""Commit of a batch of proposals as one SQLite transaction, in the committer's thread.

Each proposal is validated against the state that those before it have left, and then applied or refused on its own; the
one COMMIT at the end makes all that were applied durable. This is plain ``sqlite3``, because here the process holds
the database's only write lock: going back to the event loop between statements would make every other process wait
for that loop too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from storage.changelog import MAX_CHANGES
from storage.optimistic import Proposal, still_holds
from storage.paths import end_of, first_after, name_below

PRUNE_EVERY = 1_000
"""After how many revisions the record of changes is cut back to its bound."""

CONFLICTED = -1
"""The outcome of a proposal whose reads no longer hold."""

READ = """
SELECT (SELECT max(revision) FROM changes), entry.value, entry.revision
FROM (SELECT 1) LEFT JOIN entries AS entry ON entry.key = ?
"""
"""The store's revision and an entry, in one statement and so of one state."""

# Each step seeks the next key that isn't in the folder just listed; so the cost follows the names, not what lies below.
# A BLOB sorts behind all text: it stands for "no upper bound". The last row, or the only one, has no key.
LIST = """
WITH RECURSIVE step(key) AS (
    SELECT (SELECT min(key) FROM entries WHERE key >= :start AND key < :end)
    UNION ALL
    SELECT (
        SELECT min(key) FROM entries
        WHERE key < :end AND key >= CASE instr(substr(step.key, :below), '/')
            WHEN 0 THEN step.key || char(1)
            ELSE substr(step.key, 1, :below - 2 + instr(substr(step.key, :below), '/')) || '0'
        END
    )
    FROM step WHERE step.key IS NOT NULL
    LIMIT :limit
)
SELECT (SELECT max(revision) FROM changes), key FROM step
"""
"""The store's revision and the first key of each name of a list, of one state."""


def list_parameters(prefix: str, after: str, limit: int | None) -> dict[str, str | bytes | int]:
    """The parameters of ``LIST``."""
    end = end_of(prefix)
    return {
        "start": first_after(prefix, after),
        "end": b"" if end is None else end,
        "below": len(prefix) + 1,
        "limit": -1 if limit is None else limit,
    }


def names_of(prefix: str, rows: Sequence[tuple[int | None, str | None]]) -> list[str]:
    """The names that the rows of ``LIST`` stand for."""
    return [name_below(prefix, key) for _, key in rows if key is not None]


def newest_revision(connection: sqlite3.Connection) -> int:
    """The revision of the last commit; 0 if there was none."""
    return connection.execute("SELECT max(revision) FROM changes").fetchone()[0] or 0


class Batch:
    """Commits batches over one connection; also the state that their proposals are validated against."""

    def __init__(self, connection: sqlite3.Connection, turn: AbstractContextManager[None] | None = None) -> None:
        """``turn`` is held while a batch is committed: there, several processes queue."""
        self._connection = connection
        self._turn = nullcontext() if turn is None else turn
        self._pruned = 0

    def commit(self, proposals: Sequence[Proposal]) -> list[int]:
        """Commit ``proposals`` in order; gives each one's revision (0: it wrote nothing) or ``CONFLICTED``.

        Raises ``sqlite3.Error``; then none of them is committed.
        """
        if any(proposal.writes for proposal in proposals):
            with self._turn:
                return self._commit(proposals, "BEGIN IMMEDIATE")
        return self._commit(proposals, "BEGIN")

    def _commit(self, proposals: Sequence[Proposal], begin: str) -> list[int]:
        self._connection.execute(begin)
        try:
            outcomes = []
            revision = newest_revision(self._connection)
            for proposal in proposals:
                if not proposal.seen_only(revision) and not still_holds(proposal, self):
                    outcomes.append(CONFLICTED)
                elif not proposal.writes:
                    outcomes.append(0)
                else:
                    revision += 1
                    self._apply(proposal, revision)
                    outcomes.append(revision)
            self._prune(revision)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # Some errors have rolled back already.
                self._connection.execute("ROLLBACK")
            raise
        return outcomes

    def written(self, key: str) -> int:
        """As ``Validator.written``."""
        row = self._connection.execute("SELECT revision FROM entries WHERE key = ?", (key,)).fetchone()
        return 0 if row is None else int(row[0])

    def names(self, prefix: str, after: str, limit: int | None) -> list[str]:
        """As ``Validator.names``."""
        return names_of(prefix, self._connection.execute(LIST, list_parameters(prefix, after, limit)).fetchall())

    def _apply(self, proposal: Proposal, revision: int) -> None:
        execute_many = self._connection.executemany
        execute_many(
            "INSERT INTO entries (key, value, revision) VALUES (?1, ?2, ?3)"
            " ON CONFLICT (key) DO UPDATE SET value = ?2, revision = ?3",
            [(key, value, revision) for key, value in proposal.writes.items() if value is not None],
        )
        execute_many(
            "DELETE FROM entries WHERE key = ?", [(key,) for key, value in proposal.writes.items() if value is None]
        )
        execute_many(
            "INSERT INTO changes (revision, key) VALUES (?, ?)", [(revision, key) for key in sorted(proposal.writes)]
        )

    def _prune(self, revision: int) -> None:
        """Now and then, drop the changes of old revisions; a revision is kept or dropped whole."""
        if revision < self._pruned + PRUNE_EVERY:
            return
        self._connection.execute(
            "DELETE FROM changes WHERE revision <"
            " (SELECT revision FROM changes ORDER BY revision DESC LIMIT 1 OFFSET ?)",
            (MAX_CHANGES,),
        )
        self._pruned = revision
