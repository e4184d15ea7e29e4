"""Settings of the C library's allocator and of the garbage collector.

glibc returns the top of the heap to the kernel once 128 KiB of it are free, and requests it again for the next large
body: hundreds of page faults for each. A larger margin keeps freed memory for the next request. Only glibc has these
settings; elsewhere nothing happens.
"""

from __future__ import annotations

import ctypes
import gc

from server.runtime import plugins

KEPT_BYTES = 8 * 1024 * 1024
"""The bytes of freed memory kept at the top of the heap."""

SEPARATE_BYTES = 1024 * 1024
"""The size in bytes from which an allocation has its own pages, returned to the kernel when freed."""

COLLECTED_AT = 20_000
"""The number of new objects that triggers a collection of the youngest generation."""

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3


def keep_freed() -> bool:
    """Keep up to ``KEPT_BYTES`` of freed memory, here and in forked processes; False if that isn't possible."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES) and mallopt(_M_MMAP_THRESHOLD, SEPARATE_BYTES))


def share_from_here() -> None:
    """Import all modules that workers need, and exempt them from garbage collection, so that their pages stay shared.

    Forked processes call ``collect_rarely``.
    """
    plugins.load_all()
    gc.disable()
    gc.collect()
    gc.freeze()


def collect_rarely() -> None:
    """Turn the garbage collector on, for a process whose requests leave hardly any cyclic garbage."""
    gc.set_threshold(COLLECTED_AT)
    gc.enable()
