"""Finds engines, auth methods, stores, seals, audit devices and commands through their entry points.

What ships with CryptoServe is found the same way as what a third party installs beside it, so the interface is the one
that we use ourselves.
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
COMMANDS = "cryptoserve.commands"


@cache
def _installed(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=group)}


def names(group: str) -> list[str]:
    """The names of the plug-ins of ``group``, sorted."""
    return sorted(_installed(group))


@cache
def load(group: str, name: str) -> Any:
    """The object that ``name`` stands for in ``group``; None if nothing of that name is installed."""
    point = _installed(group).get(name)
    return None if point is None else point.load()


def engine_type(group: str, name: str) -> EngineType[[Mount], Any] | None:
    """The type of engine or auth method that ``name`` stands for; None if there is none."""
    found = load(group, name)
    if found is None or isinstance(found, EngineType):
        return found
    log.error("the entry point %s in %s names no EngineType", name, group)
    return None


def engine_types() -> list[EngineType[[Mount], Any]]:
    """The types of engines that are installed, by name; without those that can't be imported."""
    found = []
    for name in names(ENGINES):
        with contextlib.suppress(Exception):
            found.append(engine_type(ENGINES, name))
    return [engine for engine in found if engine is not None]


def find_audit_device(name: str) -> Any:
    """The type of audit device that ``name`` stands for; None if there is none."""
    return load(AUDIT_DEVICES, name)


def load_all() -> None:
    """Import every plug-in, for processes that are forked from here; one that can't be is refused where it is used."""
    for group in (ENGINES, AUTH_METHODS, STORAGE, SEALS, AUDIT_DEVICES):
        for name in names(group):
            with contextlib.suppress(Exception):
                load(group, name)
