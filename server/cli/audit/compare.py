"""``cryptoserve audit compare A B``: compares the histories of two logs."""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

from cryptoserve_cli.command import Command, CommandFailed, Invocation
from server.audit.ledger.offline.proven import NotProven, ProvenLog, fork_of
from server.audit.ledger.offline.sources import Unreadable
from server.cli.audit.inputs import FORMAT_FLAG, FORMATS, open_source, read_choice

PREFIX, FORK, OTHERS = 0, 1, 2


def _run(invocation: Invocation) -> int:
    form = read_choice(invocation.flags, "format", FORMATS)
    names = invocation.flags.operands
    sources = [open_source(name, invocation.environment) for name in names]
    try:
        logs = []
        for name, source in zip(names, sources, strict=True):
            try:
                logs.append(ProvenLog(source))
            except NotProven as error:
                raise CommandFailed(f"{name} isn't what its checkpoint says: {error}") from error
        status, shown = _compare(*logs)
    except Unreadable as error:
        raise CommandFailed(str(error)) from error
    finally:
        for source in sources:
            source.close()
    sys.stdout.write(json.dumps(shown, indent=2) + "\n" if form == "json" else f"{shown['message']}\n")
    return status


def _compare(one: ProvenLog, other: ProvenLog) -> tuple[int, dict[str, Any]]:
    logs = [_shown(one), _shown(other)]
    if one.checkpoint.origin != other.checkpoint.origin:
        message = "the logs have other origins"
        return OTHERS, {"result": "other-origins", "first_difference": None, "logs": logs, "message": message}
    try:
        fork = fork_of(one, other)
    except NotProven as error:
        raise CommandFailed(str(error)) from error
    if fork is not None:
        return FORK, {"result": "fork", "first_difference": fork.index, "logs": logs, "message": fork.message}
    message = f"the logs have the same first {min(one.checkpoint.size, other.checkpoint.size)} entries"
    return PREFIX, {"result": "prefix", "first_difference": None, "logs": logs, "message": message}


def _shown(log: ProvenLog) -> dict[str, Any]:
    checkpoint = log.checkpoint
    root = base64.b64encode(checkpoint.root).decode()
    return {"origin": checkpoint.origin, "size": checkpoint.size, "root": root}


COMPARE = Command(
    "Tell whether two logs have one history",
    _run,
    (FORMAT_FLAG,),
    ("A", "B"),
    more=(
        "Signatures aren't looked at; A and B may be URLs. The exit status is 0 if one log is the beginning of the\n"
        "other, 1 if they fork, and 2 if they have other origins or can't be read."
    ),
    failed_status=OTHERS,
)
