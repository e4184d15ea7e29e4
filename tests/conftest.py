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
from typing import Any

import pytest

BYTECODE = Path(__file__).parents[1] / "build/bytecode"

# Before Hypothesis is imported: pytest rewrites and compiles it, which takes seconds in each process.
if sys.dont_write_bytecode:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(BYTECODE)
    sys.dont_write_bytecode = False

from hypothesis import HealthCheck, settings  # noqa: E402
from xdist.scheduler import LoadFileScheduling  # noqa: E402

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


HOUSE = "tests/house/"
FIRST = (HOUSE, "tests/wire/", "tests/conformance/", "tests/deployment/", "tests/interop/")
"""Folders whose modules take longest: begun last, one of them would keep a process busy alone in the end."""


def process_scope(nodeid: str) -> str:
    """What runs in one process, sharing its servers: a module; and all of ``tests/house``, which reads all sources."""
    return HOUSE if nodeid.startswith(HOUSE) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """The scheduler for ``--dist loadfile``; other ways stay as they are.

    Groups (``--dist loadgroup``) don't serve: pytest-xdist 3.8 states a test's group in its id by an attribute that
    pytest 9.2 no longer reads, so that each test was a group of its own.
    """
    if config.getvalue("dist") != "loadfile":
        return None
    scheduler = LoadFileScheduling(config, log)
    scheduler._split_scope = process_scope
    return scheduler


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run first what takes longest."""
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))
