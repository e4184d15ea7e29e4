"""What a figure depends on: the machine and the versions of everything in between."""

from __future__ import annotations

import os
import platform
import ssl
import subprocess
from importlib import metadata
from pathlib import Path

from cryptography.hazmat.backends.openssl import backend

from tests.products import ServerFailed, require_bao

_PACKAGES = ("uvicorn", "httptools", "uvloop", "msgspec", "orjson", "cryptography")


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
