"""A server that holds a lot starts as fast as one that holds nothing: nothing is read before it is asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.population import Sizes, start_populated

SIZES = Sizes(keys=100_000, tokens=100_000)
START_SECONDS = 1.0


@pytest.mark.soak
def test_ready_in_a_second_with_a_hundred_thousand_keys_and_tokens(tmp_path: Path) -> None:
    started = start_populated(tmp_path / "server", SIZES, starts=3)
    sys.stdout.write(f"served after {started.serve_seconds:.2f} s\n")
    assert started.serve_seconds < START_SECONDS
