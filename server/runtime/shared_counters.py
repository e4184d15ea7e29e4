"""Tables of counters in memory shared by the processes of one server: a row for each process, its only writer.

As in ``storage.shared_memory``: rows have one writer, so no lock is needed, and numbers are machine words, so a reader
sees each as it was before or after a write. Untouched pages take no memory.
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
