"""In processes of their own, since the settings can't be taken back."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
from server.runtime.malloc import keep_freed
if sys.argv[1] == "kept":
    assert keep_freed()
def round():
    [bytes(b"x" * 100_000) for _ in range(8)]
round()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(100):
    round()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _page_faults(how: str) -> int:
    command = [sys.executable, "-c", PROGRAM, how]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these settings")
def test_what_one_request_lets_go_is_there_for_the_next() -> None:
    assert _page_faults("kept") < _page_faults("as it is") / 10
