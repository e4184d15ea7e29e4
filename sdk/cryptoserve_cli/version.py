"""``cryptoserve version``: prints the versions of the server, where it is installed, and of the SDK."""

from __future__ import annotations

import sys
from importlib import metadata

from cryptoserve_cli.command import Command, Invocation

_PARTS = {"cryptoserve-server": "CryptoServe", "cryptoserve-sdk": "CryptoServe SDK"}
"""What each distribution is called here."""


def _run(invocation: Invocation) -> int:
    for distribution, name in _PARTS.items():
        try:
            sys.stdout.write(f"{name} v{metadata.version(distribution)}\n")
        except metadata.PackageNotFoundError:
            continue
    return 0


COMMAND = Command("Print the versions of server and SDK", _run)
