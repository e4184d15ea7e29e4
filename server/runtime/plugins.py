"""Plug-ins: engines, auth methods, stores, seals and audit devices, found by entry points.

CryptoServe's own are found in the same way as third parties', so both use one interface.
"""

from __future__ import annotations

import contextlib
import logging
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from engines.base import EngineType, Mount

log = logging.getLogger(__name__)

ENGINES = "cryptoserve.engines"
AUTH_METHODS = "cryptoserve.auth_methods"
STORAGE = "cryptoserve.storage"
SEALS = "cryptoserve.seals"
AUDIT_DEVICES = "cryptoserve.audit_devices"


@cache
def _installed(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=group)}


def names(group: str) -> list[str]:
    """The names of the plug-ins of ``group``, sorted."""
    return sorted(_installed(group))


@cache
def load(group: str, name: str) -> Any:
    """The object of the entry point ``name`` in ``group``; None if there is none."""
    point = _installed(group).get(name)
    return None if point is None else point.load()


def engine_type(group: str, name: str) -> EngineType[[Mount], Any] | None:
    """The engine or auth method type called ``name``; None if there is none."""
    found = load(group, name)
    if found is None or isinstance(found, EngineType):
        return found
    log.error("the entry point %s in %s names no EngineType", name, group)
    return None


def engine_types() -> list[EngineType[[Mount], Any]]:
    """The installed engine types, by name, without those whose import fails."""
    found = []
    for name in names(ENGINES):
        with contextlib.suppress(Exception):
            found.append(engine_type(ENGINES, name))
    return [engine for engine in found if engine is not None]


def find_audit_device(name: str) -> Any:
    """The audit device type called ``name``; None if there is none."""
    return load(AUDIT_DEVICES, name)


def load_all() -> None:
    """Import every plug-in, for processes forked from here; failed imports are reported on use."""
    for group in (ENGINES, AUTH_METHODS, STORAGE, SEALS, AUDIT_DEVICES):
        for name in names(group):
            with contextlib.suppress(Exception):
                load(group, name)
