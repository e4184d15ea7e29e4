"""How this process treats memory that it has no more use for.

The C library gives the top of the heap back to the kernel as soon as 128 KiB of it are free, and takes it again for the
next request with a large body: hundreds of page faults for each. With more of a margin, what one request has let go is
there for the next. Only glibc has these settings; elsewhere nothing happens.
"""

from __future__ import annotations

import ctypes
import gc

from server.runtime import plugins

KEPT_BYTES = 8 * 1024 * 1024
"""How much freed memory at the top of the heap is kept."""

SEPARATE_BYTES = 1024 * 1024
"""From which size an allocation has its own pages, which go back to the kernel when it is freed."""

COLLECTED_AT = 20_000
"""How many objects more than before there must be until the youngest are looked through."""

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3


def keep_freed() -> bool:
    """Keep up to ``KEPT_BYTES`` of what was freed, here and in what is forked from here; False if it can't be."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES) and mallopt(_M_MMAP_THRESHOLD, SEPARATE_BYTES))


def share_from_here() -> None:
    """Import whatever workers need, and keep the garbage collector away from it: pages stay shared until written to.

    Processes that are forked from here call ``collect_rarely``.
    """
    plugins.load_all()
    gc.disable()
    gc.collect()
    gc.freeze()


def collect_rarely() -> None:
    """Turn the garbage collector on, for a process whose requests leave hardly any garbage that refers to itself."""
    gc.set_threshold(COLLECTED_AT)
    gc.enable()
