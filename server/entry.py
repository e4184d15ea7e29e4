"""The entry point of the command: holds hang-ups back before anything slow is done, imports among that."""

from __future__ import annotations

from server.processes.startup_signals import hold_hangups


def main() -> int:
    """As ``server.cli.main``."""
    hold_hangups()
    from server.cli import main as run

    return run()
