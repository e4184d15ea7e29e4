"""What holds for all tests: properties are never judged by the clock, and every process finds compiled modules.

Hypothesis builds its tables of Unicode in the first test of a fresh checkout, which takes a second on a busy machine,
and would call that test's generation slow, or an example over its deadline.

Tests start hundreds of processes. Where the environment forbids bytecode (``PYTHONDONTWRITEBYTECODE``), each would
compile the server again, which is nearly half of its start; so compiled modules are kept apart from the sources.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

BYTECODE = Path(__file__).parents[1] / "build/bytecode"

# Before Hypothesis is imported: pytest rewrites and compiles it, which takes seconds in each process.
if sys.dont_write_bytecode:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(BYTECODE)
    sys.dont_write_bytecode = False

from hypothesis import HealthCheck, settings  # noqa: E402

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of a module in one process, so that they share its servers (``--dist loadgroup``)."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
