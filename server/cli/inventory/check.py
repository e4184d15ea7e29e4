"""``cryptoserve inventory check``: compares an inventory with a profile at a date, for pipelines."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from xml.sax.saxutils import quoteattr

from cryptoserve_cli.command import Command, CommandFailed, Invocation
from cryptoserve_cli.flags import Flag, UsageError
from engines.algorithms.registry import ALGORITHMS
from engines.crypto_policy.profiles.catalogue import find_profile
from engines.crypto_policy.profiles.judging import utc_day
from engines.crypto_policy.profiles.matrix import row_properties
from engines.crypto_policy.profiles.model import Verdict
from engines.durations import SECOND
from engines.encoding import parse_rfc3339
from engines.keys.states import State
from server.cli.connection_flags import SOURCE_FLAGS
from server.cli.inventory.sources import read_source
from server.inventory.documents.reading import Item
from server.inventory.readiness import Share, is_asymmetric
from server.inventory.verdicts import Judging, verdicts_of, worst_of
from server.runtime.version import VERSION

GOOD, VIOLATED, UNCHECKED = 0, 1, 2
_UNKNOWN = "unknown"
_HALVES = ("asymmetric", "symmetric")
_FAILING = {
    "refuse": frozenset({Verdict.REFUSE.value, _UNKNOWN}),
    "warn": frozenset({Verdict.REFUSE.value, _UNKNOWN, Verdict.WARN.value, Verdict.NOT_LISTED.value}),
}

_FLAGS = (
    Flag("profile", "The profile to hold it against, such as cnsa-2.0."),
    Flag("at", "The date: 2031-01-01, or a time in RFC 3339. The default is today."),
    Flag("fail-on", "refuse (the default), or warn, which includes what the profile doesn't list."),
    Flag("format", "text, json, junit or sarif."),
    *SOURCE_FLAGS,
)


@dataclass(frozen=True, slots=True)
class Judged:
    """An item with its verdict: a profile's word, or ``unknown``."""

    item: Item
    verdict: str


def _run(invocation: Invocation) -> int:
    flags = invocation.flags
    form, fail_on = flags.last("format", "text"), flags.last("fail-on", "refuse")
    if form not in _FORMS:
        raise UsageError(f"-format: expected {', '.join(_FORMS)}, got {form!r}")
    if fail_on not in _FAILING:
        raise UsageError(f"-fail-on: expected refuse or warn, got {fail_on!r}")
    if not flags.last("profile"):
        raise UsageError("-profile is missing")
    profile = find_profile(flags.last("profile"))
    if profile is None:
        raise CommandFailed(f"no profile {flags.last('profile')!r}")
    day = day_of(flags.last("at"))
    items = read_source(invocation, flags.operands[0] if flags.operands else "", use=True)
    judging = Judging(profile)
    judged = [
        Judged(item, _verdict(judging, item, day))
        for item in items
        if item.fields.get("state") != State.DESTROYED.value
    ]
    violations = [each for each in judged if each.verdict in _FAILING[fail_on]]
    sys.stdout.write(_FORMS[form](_Result(profile.id, day, judged, violations)))
    return VIOLATED if violations else GOOD


@dataclass(frozen=True, slots=True)
class _Result:
    profile: str
    day: date
    judged: Sequence[Judged]
    violations: Sequence[Judged]

    def message(self, judged: Judged) -> str:
        """A sentence about a violation."""
        item = judged.item
        version = f" version {item.fields['version']}" if item.fields.get("version") else ""
        if item.fields.get("state") == State.COMPROMISED.value:
            return f"{item.name}{version}: compromised"
        what = item.algorithm or ("an unknown algorithm" if item.algorithm is None else item.name)
        return f"{item.name}{version}: {what} is {judged.verdict} by {self.profile} at {self.day.isoformat()}"


def _verdict(judging: Judging, item: Item, day: date) -> str:
    if item.fields.get("state") == State.COMPROMISED.value:
        return Verdict.REFUSE.value
    if item.algorithm is None:
        return _UNKNOWN
    if not item.algorithm:
        return Verdict.NOT_LISTED.value
    return worst_of(verdicts_of(judging, row_properties(ALGORITHMS[item.algorithm]), day)).value


def day_of(text: str) -> date:
    if not text:
        return utc_day(time.time())
    nanoseconds = parse_rfc3339(text if "T" in text else f"{text}T00:00:00Z")
    if nanoseconds is None:
        raise CommandFailed(f"-at: {text!r} is neither a date nor a time in RFC 3339")
    return utc_day(nanoseconds // SECOND)


def _readiness(result: _Result) -> dict[str, Any]:
    """Shares as the server tells them; ``of`` says of what, where a document has no keys."""
    keys = [each for each in result.judged if each.item.is_key]
    of = "key_versions" if keys else "algorithms"
    halves = {name: {"operations": Share(), of: Share()} for name in _HALVES}
    for each in keys or result.judged:
        algorithm = each.item.algorithm
        half = halves[_HALVES[0] if algorithm is None or is_asymmetric(algorithm) else _HALVES[1]]
        verdict = Verdict.NOT_LISTED if each.verdict == _UNKNOWN else Verdict(each.verdict)
        half[of].add(verdict)
        half["operations"].add(verdict, each.item.operations)
    shares = [share.share for share in halves[_HALVES[0]].values() if share.share is not None]
    told = {name: {kind: share.described() for kind, share in half.items()} for name, half in halves.items()}
    return {"of": of, **told, "score": math.floor(100 * min(shares)) if shares else None}


def _text(result: _Result) -> str:
    lines = [_printable(result.message(each)) for each in result.violations]
    readiness = _readiness(result)
    for half in _HALVES:
        for kind, share in readiness[half].items():
            if share["total"]:
                what = kind.replace("_", " ")
                lines.append(f"{half} {what}: {share['ready']} of {share['total']} ready, {share['unknown']} unknown")
    lines.append(f"{len(result.judged)} checked, {len(result.violations)} violations")
    return "\n".join(lines) + "\n"


def _json(result: _Result) -> str:
    document: dict[str, Any] = {
        "profile": result.profile,
        "at": result.day.isoformat(),
        "readiness": _readiness(result),
        "violations": [
            {
                "ref": each.item.ref,
                "name": each.item.name,
                "version": each.item.fields.get("version", ""),
                "algorithm": each.item.algorithm,
                "verdict": each.verdict,
                "message": result.message(each),
            }
            for each in result.violations
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _junit(result: _Result) -> str:
    failing = {id(each) for each in result.violations}
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f'<testsuite name={quoteattr(result.profile)} tests="{len(result.judged)}" failures="{len(failing)}">')
    for each in result.judged:
        name = quoteattr(_printable(f"{each.item.name} {each.item.fields.get('version', '')}".strip()))
        if id(each) in failing:
            message = quoteattr(_printable(result.message(each)))
            lines.append(f'  <testcase name={name} classname="inventory"><failure message={message}/></testcase>')
        else:
            lines.append(f'  <testcase name={name} classname="inventory"/>')
    return "\n".join([*lines, "</testsuite>"]) + "\n"


def _sarif(result: _Result) -> str:
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "cryptoserve", "version": VERSION, "rules": [{"id": result.profile}]}},
                "results": [
                    {
                        "ruleId": result.profile,
                        "level": "warning" if each.verdict in ("warn", "not-listed") else "error",
                        "message": {"text": result.message(each)},
                        "locations": [{"logicalLocations": [{"fullyQualifiedName": each.item.name}]}],
                    }
                    for each in result.violations
                ],
            }
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)


_FORMS: dict[str, Callable[[_Result], str]] = {"text": _text, "json": _json, "junit": _junit, "sarif": _sarif}

CHECK = Command(
    "Hold an inventory or a CycloneDX document against a profile",
    _run,
    _FLAGS,
    operands=("[SOURCE]",),
    more=(
        "SOURCE is a file, - for standard input, or snapshot:ID; without it, the server is asked. The exit status is 0 "
        "without violations, 1 with some, and 2 if it could not be checked."
    ),
    failed_status=UNCHECKED,
)
