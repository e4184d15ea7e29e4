"""Tables of numbers in memory that the processes of one server share: a row for each process, written by it alone.

As with ``storage.shared_memory``: nobody writes another's row, so nothing is locked, and each number is as wide as a
machine word, so a reader sees it as it was before or after a write. Memory that nobody has touched costs nothing.
"""

from __future__ import annotations

import mmap

WORD_BYTES = 8
MAX_BYTES = 1 << 30


class SharedRows:
    """``rows`` rows of ``columns`` unsigned numbers of 64 bits, all 0 at first; forked processes see the same ones."""

    def __init__(self, rows: int, columns: int) -> None:
        if rows < 1 or columns < 1 or rows * columns * WORD_BYTES > MAX_BYTES:
            raise ValueError(f"there can be no table of {rows} by {columns}")
        words = memoryview(mmap.mmap(-1, rows * columns * WORD_BYTES)).cast("Q")
        self.columns = columns
        self.rows = tuple(words[row * columns : (row + 1) * columns] for row in range(rows))
