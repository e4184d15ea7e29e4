"""Conditions of a measurement: the machine, its load, and the versions of all software involved."""

from __future__ import annotations

import os
import platform
import ssl
import subprocess
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from cryptography.hazmat.backends.openssl import backend

from tests.support.products import ServerFailed, require_bao

_PACKAGES = ("cryptoserve-server", "uvicorn", "httptools", "uvloop", "hypercorn", "msgspec", "orjson", "cryptography")

_WATCHED_SECONDS = 1.0
_QUIET_SHARE = 0.1
# Indices in the first line of /proc/stat behind its name, see proc_stat(5).
_IDLE, _WAITING = 3, 4


@dataclass(frozen=True, slots=True)
class Activity:
    """The machine's load before a measurement."""

    load_average: float
    """Of the last minute."""
    busy_share: float
    """The used part of all processors' time during the measurement, 0 to 1."""

    @property
    def warning(self) -> str:
        """A sentence if the machine isn't idle, else empty."""
        # The load average isn't asked: it remembers the run before this one for minutes.
        if self.busy_share <= _QUIET_SHARE:
            return ""
        return (
            f"The machine was not idle: {self}. Ratios suffer less than rates do, but tails and spreads can't be"
            " trusted."
        )

    def __str__(self) -> str:
        return f"load average {self.load_average:.2f}, {self.busy_share:.0%} of the processors busy"


def watch() -> Activity:
    """Look for a second how busy the machine is."""
    load_average = os.getloadavg()[0]
    before = _processor_ticks()
    time.sleep(_WATCHED_SECONDS)
    after = _processor_ticks()
    total = after[0] - before[0]
    return Activity(load_average, (after[1] - before[1]) / total if total else 0.0)


def _processor_ticks() -> tuple[int, int]:
    """The ticks of all processors so far, and those that were used."""
    fields = [int(text) for text in Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]]
    return sum(fields), sum(fields) - fields[_IDLE] - fields[_WAITING]


def describe() -> list[tuple[str, str]]:
    """Names and values, for people."""
    return [
        ("Processor", f"{_processor()}, {os.cpu_count()} cores, shared by servers and load generator"),
        ("Kernel", f"{platform.system()} {platform.release()} {platform.machine()}"),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("OpenSSL", f"{backend.openssl_version_text()} (cryptography); {ssl.OPENSSL_VERSION} (ssl)"),
        ("Packages", ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES)),
        ("Anchor", _bao_version()),
    ]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or "unknown processor"


def _bao_version() -> str:
    try:
        done = subprocess.run([str(require_bao()), "version"], capture_output=True, text=True, timeout=30, check=True)
    except (ServerFailed, OSError, subprocess.SubprocessError) as fault:
        return f"unknown ({fault})"
    return done.stdout.split("(")[0].strip()
