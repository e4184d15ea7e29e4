"""A bound on the processor time that a piece of work takes in the test's own thread.

The bounds are for inputs made to be slow: what is linear in C, or cut off, takes a tenth of them or less; what is
quadratic, or loops over each character, takes many times as much. Time that other processes take isn't counted, nor
what garbage collection takes to go through the objects of tests that ran before.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def processor_seconds_below(seconds: float) -> Iterator[None]:
    """Fail if what is done within took ``seconds`` of processor time or more."""
    gc.freeze()
    try:
        before = time.thread_time()
        yield
        taken = time.thread_time() - before
    finally:
        gc.unfreeze()
    assert taken < seconds, f"took {taken:.3f} s of processor time, not below {seconds} s"
