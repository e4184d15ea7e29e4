"""Numbers in shared memory: everybody sees them, across forks, and only upwards where they are revisions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from storage.shared_memory import MAX_SLOTS, SharedRevision, SharedSlots

PROJECT = Path(__file__).parents[2]


def test_slots_are_apart() -> None:
    slots = SharedSlots(3)
    slots[0], slots[2] = 5, 2**64 - 1
    assert [slots[slot] for slot in range(len(slots))] == [5, 0, 2**64 - 1]
    assert (slots.lowest(), slots.highest()) == (0, 2**64 - 1)
    for count in (0, MAX_SLOTS + 1):
        with pytest.raises(ValueError, match="slots"):
            SharedSlots(count)


def test_a_revision_only_rises() -> None:
    slots = SharedSlots(2)
    first, second = SharedRevision(slots, 0), SharedRevision(slots, 1)
    first.reach(5)
    second.reach(3)
    assert first.newest() == second.newest() == 5
    first.reach(4)
    assert second.newest() == 5
    second.reach(6)
    assert first.newest() == 6


_FORKED = """
import os
from storage.shared_memory import SharedRevision, SharedSlots

slots = SharedSlots(2)
child = os.fork()
if child == 0:
    SharedRevision(slots, 1).reach(7)
    os._exit(0)
os.waitpid(child, 0)
print(SharedRevision(slots, 0).newest())
"""


def test_a_forked_process_shares_them() -> None:
    """In a process of its own: that of the tests may have threads, which a fork doesn't take along."""
    done = subprocess.run([sys.executable, "-c", _FORKED], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout == "7\n"
