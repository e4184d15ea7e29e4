"""Entry point of the command: defers SIGHUP before anything slow happens, imports included."""

from __future__ import annotations

from server.processes.startup_signals import hold_hangups


def main() -> int:
    """As ``server.cli.main``."""
    hold_hangups()
    from server.cli import main as run

    return run()
