"""``cryptoserve audit verify DIR...``: verifies logs against their signatures."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from cryptoserve_cli.command import Command, CommandFailed, Invocation
from cryptoserve_cli.flags import Flag
from cryptoserve_cli.progress import Progress
from server.audit.ledger.log.checkpoints import parse_checkpoint
from server.audit.ledger.log.notes import BadNote
from server.audit.ledger.offline.findings import GOOD, TAMPERED, UNREADABLE, WEAKER, Kind, Report, worst
from server.audit.ledger.offline.proven import NotProven, ProvenLog, fork_of
from server.audit.ledger.offline.sources import DirectorySource, Unreadable
from server.audit.ledger.offline.verify import Kept, Request, verify_directory
from server.cli.audit.inputs import (
    FORMAT_FLAG,
    FORMATS,
    KEPT_FLAG,
    POLICY_FLAG,
    read_choice,
    read_kept,
    read_number,
    read_policy,
)

_RESULTS = {
    GOOD: "good: the log is as it was signed",
    TAMPERED: "TAMPERED WITH",
    UNREADABLE: "can't be read",
    WEAKER: "true, but weaker than was asked",
}


def _run(invocation: Invocation) -> int:
    flags = invocation.flags
    form = read_choice(flags, "format", FORMATS)
    kept = read_kept(flags)
    progress = Progress("verified")
    request = Request(read_policy(flags), kept, read_number(flags, "from", 0), progress)
    reports = [verify_directory(Path(name), request) for name in flags.operands]
    progress.end()
    _compare_copies(flags.operands, reports)
    status = worst({report.status() for report in reports})
    _check_kept(kept, reports)
    if form == "json":
        shown = [report.as_json() for report in reports]
        sys.stdout.write(json.dumps(shown[0] if len(shown) == 1 else _together(shown), indent=2) + "\n")
    else:
        for name, report in zip(flags.operands, reports, strict=True):
            sys.stdout.write("".join(f"{line}\n" for line in _lines(name, report)))
    return status


def _compare_copies(names: Sequence[str], reports: Sequence[Report]) -> None:
    """Compare the logs of one origin, which have to be one history: the largest with each other one."""
    by_origin: dict[str, list[tuple[int, str, Report]]] = {}
    for name, report in zip(names, reports, strict=True):
        if report.origin is not None and report.size is not None:
            by_origin.setdefault(report.origin, []).append((report.size, name, report))
    for copies in by_origin.values():
        _, largest, its_report = max(copies, key=lambda copy: copy[0])
        for _, name, report in copies:
            if report is not its_report:
                _compare_two((largest, its_report), (name, report))


def _compare_two(*copies: tuple[str, Report]) -> None:
    """Note in both reports if two logs of one origin fork. Whether either is as it was signed is in them already."""
    with ExitStack() as opened:
        fork = None
        try:
            sources = [opened.enter_context(closing(DirectorySource(Path(name)))) for name, _ in copies]
            one, other = (ProvenLog(source) for source in sources)
            fork = fork_of(one, other) if one.checkpoint.origin == other.checkpoint.origin else None
        except (NotProven, Unreadable) as error:
            copies[1][1].note(f"that {copies[1][0]} and {copies[0][0]} have one history: {error}")
    if fork is not None:
        for (_, report), (other_name, _) in zip(copies, reversed(copies), strict=True):
            message = f"{other_name} has another history of this origin: {fork.message}"
            report.add(Kind.FORKED, message, index=fork.index, file="checkpoint")


def _check_kept(kept: Sequence[Kept], reports: Sequence[Report]) -> None:
    """A kept checkpoint that is of none of the logs was given by mistake. Raises ``CommandFailed``."""
    origins = {one.origin for report in reports for one in (report, *report.tenants)}
    if None in origins:
        return
    for one in kept:
        try:
            origin = parse_checkpoint(one.content)[0].origin
        except BadNote:
            continue
        if origin not in origins:
            raise CommandFailed(f"{one.name} is a checkpoint of {origin}")


def _together(shown: list[dict[str, object]]) -> dict[str, object]:
    """Several logs in one object: each, and all findings together."""
    together: dict[str, object] = {}
    for name in ("findings", "not_established"):
        together[name] = [one for report in shown for one in _list(report[name])]
    return {"logs": shown, **together}


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def _lines(name: str, report: Report) -> Iterator[str]:
    """The report for people."""
    yield f"{name}: {_RESULTS[report.status()]}"
    if report.origin is not None:
        yield f"  origin  {_printable(report.origin)}"
        yield f"  size    {report.size}"
        yield f"  root    {report.root}"
    for signature in report.signatures:
        kind = f"{signature.get('role', '')} {signature.get('type', '')}".strip()
        yield f"  signed  {_printable(signature['name'])} ({signature['status']}{f', {kind}' if kind else ''})"
    for rotation in report.rotations:
        yield f"  rotated by entry {rotation['index']}, signed with the policy's keys, to the keys that count now"
    for tenant in report.tenants:
        yield f"  tenant  {_printable(tenant.prefix)}: {tenant.size} entries, {_RESULTS[tenant.status()]}"
    for finding in report.all_findings():
        place = [] if finding.index is None else [f"entry {finding.index}"]
        place += [] if finding.file is None else [finding.file]
        yield f"  FOUND   {finding.kind}: {_printable(finding.message)}{f' ({chr(44).join(place)})' if place else ''}"
    sentences = [*report.not_established(), *(one for tenant in report.tenants for one in tenant.not_established())]
    if sentences:
        yield "  not established:"
        for sentence in dict.fromkeys(sentences):
            yield f"  - {_printable(sentence)}"


def _printable(text: str) -> str:
    """``text`` without what a terminal would obey."""
    return "".join(character if character.isprintable() else "?" for character in text)


VERIFY = Command(
    "Verify logs by their files",
    _run,
    (
        POLICY_FLAG,
        KEPT_FLAG,
        Flag("from", "The first entry that must be there; those before it may have been pruned."),
        FORMAT_FLAG,
    ),
    ("DIR...",),
    more=(
        "The exit status is 0 if all is as it was signed, 1 if something was tampered with, 2 if it can't be read,\n"
        "and 3 if it is true but weaker than was asked: signatures are missing, or -policy isn't given."
    ),
    failed_status=UNREADABLE,
)
