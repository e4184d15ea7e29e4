"""``cryptoserve operator``: operations of share holders without a command in ``bao operator``."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from typing import Any

import httpx2

from cryptoserve_cli.command import Command, CommandFailed, Invocation, group
from cryptoserve_cli.flags import Flag, Flags
from server.cli.connection_flags import CONNECTION_FLAGS
from server.cli.status import address_in, transport_to

_PATH = "/v1/sys/audit-ledger/accept-loss"
_SECONDS = 20.0
_MAX_SHARES = 255
_MAX_CHARACTERS = 1024


def _accept_loss(invocation: Invocation) -> int:
    flags = invocation.flags
    for share in _shares():
        body: dict[str, Any] = {"key": share, "reason": flags.last("reason", "")}
        answer = _ask(flags, body)
        if answer.get("accepted"):
            sys.stdout.write("The loss is accepted: the next start may begin a new log.\n")
            return 0
        sys.stderr.write(f"{answer.get('progress')} of {answer.get('t')} shares\n")
    raise CommandFailed("there were too few shares, so nothing is accepted yet")


def _ask(flags: Flags, body: dict[str, Any]) -> dict[str, Any]:
    """The server's answer to one share. Raises ``CommandFailed``."""
    address = address_in(flags)
    try:
        transport, base = transport_to(flags, address)
        with httpx2.Client(transport=transport, timeout=_SECONDS, trust_env=False) as client:
            answer = client.post(base + _PATH, json=body)
        told: dict[str, Any] = answer.json()
    except (httpx2.HTTPError, OSError, ValueError) as error:
        raise CommandFailed(f"{address} doesn't answer: {str(error) or type(error).__name__}") from error
    if answer.status_code != httpx2.codes.OK:
        raise CommandFailed("; ".join(map(str, told.get("errors", ()))) or f"{address} answers {answer.status_code}")
    return told


def _shares() -> Iterator[str]:
    """Shares from the terminal, without an echo, or from standard input, a line each."""
    for _ in range(_MAX_SHARES):
        if sys.stdin.isatty():
            line = getpass.getpass("Unseal or recovery share: ")
        else:
            line = sys.stdin.readline(_MAX_CHARACTERS)
        if not line.strip():
            return
        yield line.strip()


ACCEPT_LEDGER_LOSS = Command(
    "Accept that an audit ledger is lost or was put back",
    _accept_loss,
    (*CONNECTION_FLAGS, Flag("reason", "What happened; it stands in the first entry of the new log.")),
    more=(
        "Asks for unseal shares, or recovery shares with an automatic seal, until there are enough; from a pipe,\n"
        "one a line. The server may be sealed. At its next start, a directory that doesn't fit what is remembered\n"
        "is put aside in it, below lost/, and a new log with new keys begins, whose first entry has the reason."
    ),
)
OPERATOR = group("What holders of shares do", {"accept-ledger-loss": ACCEPT_LEDGER_LOSS})
