"""``cryptoserve audit query DIR``: searches proven entries, and prints up to which entry the search went."""

from __future__ import annotations

import json
import sys
from typing import Any

from cryptoserve_cli.command import Command, CommandFailed, Invocation
from cryptoserve_cli.flags import Flag, Flags, UsageError
from cryptoserve_cli.progress import Progress
from server.audit.ledger.offline.entries import Clock
from server.audit.ledger.offline.findings import TAMPERED, UNREADABLE
from server.audit.ledger.offline.proven import NotProven, ProvenLog
from server.audit.ledger.offline.query import Answer, Query, find
from server.audit.ledger.offline.sources import Unreadable
from server.cli.audit.inputs import (
    FORMAT_FLAG,
    FORMATS,
    KEPT_FLAG,
    POLICY_FLAG,
    open_source,
    read_choice,
    read_number,
    read_trust,
    told_weaker,
)

_DEFAULT_LIMIT = 100
_MAX_LIMIT = 100_000
_TEXTS = {
    "request-id": "The request.",
    "namespace": "A namespace's path, or its id.",
    "entity-id": "The caller's entity.",
    "accessor": "The caller's accessor as it is logged.",
    "operation": "Vault's operation, such as update.",
    "crypto-operation": "What was done with the key, such as encrypt.",
    "mount": "The mount, such as transit/.",
    "path-prefix": "How the path begins.",
    "key": "The key's name.",
    "algorithm": "The type of the key.",
    "verdict": "The verdict of the crypto policy.",
}


def _run(invocation: Invocation) -> int:
    flags = invocation.flags
    form = read_choice(flags, "format", FORMATS)
    query = _query(flags)
    limit = read_number(flags, "limit", _DEFAULT_LIMIT, _MAX_LIMIT)
    if limit < 1:
        raise UsageError(f"-limit: expected a number between 1 and {_MAX_LIMIT}, got '0'")
    first = read_number(flags, "cursor", 0)
    source = open_source(flags.operands[0], invocation.environment)
    progress = Progress("searched")
    answer = Answer([], first)
    try:
        log = ProvenLog(source, read_trust(flags, progress))
        size = log.checkpoint.size
        if first > size:
            raise CommandFailed(f"the log has {size} entries; -cursor is the cursor of an earlier answer")
        for answer in find(log, query, first, limit):
            progress(answer.next_index, size)
    except NotProven as error:
        sys.stderr.write(f"{error}\n")
        return TAMPERED
    except Unreadable as error:
        raise CommandFailed(str(error)) from error
    finally:
        progress.end()
        source.close()
    sys.stdout.write(_shown(answer, size) if form == "json" else _text(answer))
    return told_weaker(log)


def _query(flags: Flags) -> Query:
    """The criteria in the flags. Raises ``UsageError``."""
    values: dict[str, Any] = {name.replace("-", "_"): flags.last(name) for name in _TEXTS if flags.all(name)}
    for name in ("after", "before"):
        if text := flags.last(name):
            values[name] = Clock().nanoseconds(text)
            if values[name] is None:
                raise UsageError(f"-{name}: expected a time such as 2026-11-27T05:00:00Z, got {text!r}")
    if flags.last("key-version"):
        values["key_version"] = read_number(flags, "key-version", 0)
    if flags.all("success"):
        values["success"] = read_choice(flags, "success", ("true", "false")) == "true"
    return Query(**values)


def _shown(answer: Answer, size: int) -> str:
    cursor = str(answer.next_index) if answer.next_index < size else None
    index = answer.next_index - 1
    shown = {
        "entries": [{"index": hit.index, "entry": hit.entry.decode("utf-8", "replace")} for hit in answer.hits],
        "cursor": cursor,
        "complete_to": {"index": index if index >= 0 else None, "time": answer.time or None},
    }
    return json.dumps(shown, indent=2) + "\n"


def _text(answer: Answer) -> str:
    """The entries, a line each; what a terminal would obey is escaped as in JSON."""
    return "".join(f"{''.join(map(_escaped, hit.entry.decode('utf-8', 'replace')))}\n" for hit in answer.hits)


def _escaped(character: str) -> str:
    return character if character.isprintable() else json.dumps(character)[1:-1]


QUERY = Command(
    "Find entries, each proven",
    _run,
    (
        *(Flag(name, told) for name, told in _TEXTS.items()),
        Flag("key-version", "A version of the key."),
        Flag("success", "true or false."),
        Flag("after", "The earliest time, as in 2026-11-27T05:00:00Z."),
        Flag("before", "The end of the time range, exclusive."),
        Flag("limit", f"The most entries. The default is {_DEFAULT_LIMIT}."),
        Flag("cursor", "The cursor of the answer before, to go on from there."),
        POLICY_FLAG,
        KEPT_FLAG,
        FORMAT_FLAG,
    ),
    ("DIR",),
    more=(
        "All that is given has to fit. In JSON, complete_to is the last entry that was looked at, and cursor is null\n"
        "if that is the newest. The exit status is 1 if the log isn't what was signed, 2 if it can't be read, and 3\n"
        "if it has fewer signatures than -policy asks for."
    ),
    failed_status=UNREADABLE,
)
