"""The program ``cryptoserve``: runs a server, and handles its local files and status.

All else is done by the stock ``bao`` and ``vault`` clients over the API.
"""

from __future__ import annotations

import os
import sys

from server.cli.dispatch import run_command

__all__ = ["main", "run_command"]


def main() -> int:
    """The entry point of the program. Gives the exit status."""
    return run_command(sys.argv[1:], os.environ)
