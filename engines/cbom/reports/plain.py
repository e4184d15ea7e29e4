"""Reports for people and for scripts: lines of text, and JSON."""

from __future__ import annotations

from collections import Counter

import msgspec

from engines.cbom.reports.report import Report, path_text, properties_of
from engines.cbom.reports.sarif import message_of
from engines.cbom.source.words import USE


def to_text(report: Report) -> str:
    """Weaknesses one a line, then what is used, how many notes there are, and what wasn't scanned."""
    lines = []
    for entry in report.entries:
        result = entry.result
        if entry.counts and result.level != "note":
            where = f"{path_text(result.place.path)}:{result.place.line}:{result.place.column}"
            lines.append(f"{where}: {result.level} [{result.finding}] {message_of(entry)}")
    lines += [f"{path_text(problem.path)}: not scanned: {problem.text}" for problem in report.problems]
    uses = Counter(_named(entry.result) for entry in report.entries if entry.result.finding == USE)
    if uses:
        told = ", ".join(f"{name} {count}" for name, count in sorted(uses.items()))
        lines.append(f"Used: {told}")
    lines += [f"Advisories: {report.advisories}"] if report.advisories else []
    lines.append(_summary(report))
    return "".join(f"{_printable(line)}\n" for line in lines)


def _named(result: object) -> str:
    parts = [getattr(result, "algorithm", ""), getattr(result, "mode", "")]
    return "-".join(part for part in parts if part) or getattr(result, "library", "")


def _summary(report: Report) -> str:
    counted = Counter(entry.result.level for entry in report.entries if entry.counts)
    parts = [f"{report.files} files", f"{counted['error']} errors", f"{counted['warning']} warnings"]
    parts.append(f"{counted['note']} notes")
    suppressed = sum(bool(entry.result.suppressed) for entry in report.entries)
    known = sum(entry.known for entry in report.entries)
    parts += [f"{suppressed} suppressed"] if suppressed else []
    parts += [f"{known} in the baseline"] if known else []
    if report.suppressions_without_reason:
        parts.append(f"{report.suppressions_without_reason} suppressions without a reason, which suppress nothing")
    parts += [f"{report.archives} archives not opened"] if report.archives else []
    return ", ".join(parts)


def _printable(line: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in line)


def to_json(report: Report) -> bytes:
    """All entries with their places and properties, and what wasn't scanned."""
    rows = []
    for entry in report.entries:
        result = entry.result
        rows.append(
            {
                "path": path_text(result.place.path),
                "line": result.place.line,
                "column": result.place.column,
                "level": result.level,
                "message": message_of(entry),
                "fingerprint": entry.fingerprint,
                "suppressed": result.suppressed,
                "in_baseline": entry.known,
                **properties_of(result),
            }
        )
    document = {
        "results": rows,
        "advisories": report.advisories,
        "problems": [{"path": path_text(problem.path), "text": problem.text} for problem in report.problems],
        "files": report.files,
        "archives": report.archives,
        "suppressions_without_reason": report.suppressions_without_reason,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
