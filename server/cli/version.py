"""``cryptoserve version``: prints the version."""

from __future__ import annotations

import sys

from server.cli.command import Command, Invocation
from server.runtime.version import VERSION


def _run(invocation: Invocation) -> int:
    sys.stdout.write(f"CryptoServe v{VERSION}\n")
    return 0


COMMAND = Command("Print the version", _run)
