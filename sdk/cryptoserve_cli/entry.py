"""Entry point of the program: defers SIGHUP before anything slow happens, imports included."""

from __future__ import annotations

from cryptoserve_cli.hangups import hold_hangups

INTERRUPTED_STATUS = 130
"""As shells tell of a program that SIGINT has ended: 128 and the signal's number."""

BROKEN_PIPE_STATUS = 1


def main() -> int:
    """Run the command line of this process, and give the exit status."""
    hold_hangups()
    import os
    import sys

    from cryptoserve_cli.dispatch import run_command

    try:
        return run_command(sys.argv[1:], os.environ)
    except KeyboardInterrupt:
        return INTERRUPTED_STATUS
    except BrokenPipeError:
        # What reads the output has gone; the interpreter would complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE_STATUS
