"""``cryptoserve scan``: cryptography in code and dependencies, as text, JSON, SARIF or CycloneDX, with a gate."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cryptoserve_cli.command import Command, CommandFailed, Invocation
from cryptoserve_cli.flags import Flag, UsageError
from engines.cbom.reports.report import LEVELS, Entry, Report, entries_of, on_lines
from engines.cbom.source.files.discovery import CannotScan, Discovered, discover
from engines.cbom.source.files.suppressions import counts
from engines.cbom.source.languages import MissingGrammar, language_of
from engines.cbom.source.scanning import Scanned, ScanningEnded, scan
from engines.cbom.source.settings.reading import is_settings
from engines.cbom.source.words import FINDINGS
from server.cli.connection_flags import SOURCE_FLAGS
from server.runtime.version import VERSION

if TYPE_CHECKING:
    from engines.cbom.reports.lock_files import LockFiles
    from engines.cbom.reports.profiles import Limits
    from engines.cbom.source.judging.results import Result

CLEAN, FOUND, COULD_NOT = 0, 1, 2
LOCK_SUFFIXES = (".json", ".lock", ".lockb", ".toml", ".txt", ".yaml")
"""Endings of names of lock files; which of these files are read depends on their whole paths."""

_MAX_JOBS, _MAX_DIGITS = 64, 9


def _text(report: Report) -> bytes:
    from engines.cbom.reports.plain import to_text

    return to_text(report).encode()


def _json(report: Report) -> bytes:
    from engines.cbom.reports.plain import to_json

    return to_json(report)


def _sarif(report: Report) -> bytes:
    from engines.cbom.reports.sarif import to_sarif

    return to_sarif(report, VERSION)


def _cyclonedx(report: Report, version: str = "1.7", name: str = "") -> bytes:
    from engines.cbom.reports.cyclonedx import to_cyclonedx

    return to_cyclonedx(report, name or Path.cwd().name or "application", VERSION, version)


_FORMS: dict[str, Callable[[Report], bytes]] = {
    "text": _text,
    "json": _json,
    "sarif": _sarif,
    "cyclonedx": _cyclonedx,
    "cyclonedx-1.6": lambda report: _cyclonedx(report, "1.6"),
}
"""The reports. A hook of pre-commit scans a few files at a time: what makes a report is imported where it is asked for,
and so is what reads lock files, and what starts processes."""


def _run(invocation: Invocation) -> int:
    """A bug ends with the status of a scan that failed: the interpreter's own, 1, would pass for findings."""
    gc.disable()
    try:
        return _scan(invocation)
    except (CommandFailed, UsageError):
        raise
    except Exception:  # noqa: BLE001 - it is shown as the interpreter would
        traceback.print_exc()
        return COULD_NOT
    finally:
        gc.freeze()  # The process ends: to look for garbage among millions of objects would take a quarter of its time.
        gc.enable()


def _scan(invocation: Invocation) -> int:
    flags = invocation.flags
    form, gate = flags.last("format", "text"), _gate(flags.all("fail-on"))
    if form not in _FORMS:
        raise UsageError(f"-format: expected {', '.join(_FORMS)}, got {form!r}")
    limits = _limits(flags.last("profile"), flags.last("at")) if flags.all("profile") or flags.all("at") else None
    application = _application_in(flags.last("submit")) if flags.all("submit") else None
    if application is not None and flags.last("diff"):
        raise UsageError("-submit: a version has the whole of a program, not what -diff leaves")
    jobs, baseline = _jobs(flags.last("jobs")), _baseline(flags.last("baseline"))
    try:
        advisories = flags.last("advisories")
        lock_files = _lock_files(advisories) if advisories else None
        found = discover(flags.operands, flags.all("exclude"), _is_read)
        sources = [path for path in found.paths if _is_source(path)]
        scanned = scan(sources, jobs, _progress if sys.stderr.isatty() else _silence)
        other = [path for path in found.paths if path.endswith(LOCK_SUFFIXES)]
        if other and lock_files is None:
            lock_files = _lock_files("")
        judged = [*_judged(lock_files, other)] if lock_files else []
    except (CannotScan, MissingGrammar) as error:
        raise CommandFailed(str(error)) from None
    except ScanningEnded:
        raise CommandFailed("a process that scanned has ended: try -jobs=1") from None
    if limits is not None:
        scanned.results = limits.raised(scanned.results)
    results = [*scanned.results, *judged]
    if revision := flags.last("diff"):
        from server.cli.scan.changes import changed_lines

        paths = {result.place.path for result in results}
        results = on_lines(results, changed_lines(revision, flags.operands, paths))
    report = _report(found, scanned, entries_of(results, baseline), lock_files)
    _write(_FORMS[form](report))
    if application is not None:
        from server.cli.scan.submitting import submit

        mount, name = application
        line = submit(invocation, mount, name, _cyclonedx(report, name=name))
        sys.stderr.write(f"{line}\n")
    return FOUND if report.failing(gate) else CLEAN


def _write(content: bytes) -> None:
    """Write to standard output. Raises ``CommandFailed``; a reader that has gone, as in ``| head``, had enough."""
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise CommandFailed(f"the output can't be written: {error.strerror}") from None


def _application_in(text: str) -> tuple[str, str]:
    """The mount and the name in ``MOUNT/NAME``. Raises ``UsageError``."""
    mount, _, name = text.strip("/").rpartition("/")
    if not mount or not name:
        raise UsageError(f"-submit: expected MOUNT/NAME, got {text!r}")
    return mount, name


def _is_source(path: str) -> bool:
    return language_of(path) is not None or is_settings(path)


def _is_read(name: str) -> bool:
    return _is_source(name) or name.endswith(LOCK_SUFFIXES)


def _lock_files(directory: str) -> LockFiles:
    """What judges lock files. Raises ``CommandFailed``."""
    try:
        from engines.cbom.reports.lock_files import LockFiles, NoAdvisories
    except ImportError as error:
        raise CommandFailed(
            f"{error.name} isn't installed: install the extra [scan], as in pip install 'cryptoserve-server[scan]'"
        ) from None
    try:
        return LockFiles(directory)
    except NoAdvisories as error:
        raise CommandFailed(f"-advisories: {error}") from None


def _judged(lock_files: LockFiles, paths: list[str]) -> Iterator[Result]:
    for path in paths:
        if lock_files.reads(path):
            yield from lock_files.judge(path)


def _report(found: Discovered, scanned: Scanned, entries: list[Entry], lock_files: LockFiles | None) -> Report:
    _, without_reason = counts(scanned.suppressions | (lock_files.suppressions if lock_files else {}))
    problems = [*found.problems, *scanned.problems, *(lock_files.problems if lock_files else ())]
    return Report(
        entries,
        sorted(problems, key=lambda problem: problem.path),
        scanned.files + (lock_files.files if lock_files else 0),
        found.archives,
        without_reason,
        lock_files.described(datetime.now(UTC).date()) if lock_files else "",
    )


def _limits(name: str, at: str) -> Limits:
    """What a profile asks for beyond the scanner's own limits."""
    if not name:
        raise UsageError("-at is for -profile" if at else "-profile: expected a name")
    from engines.cbom.reports.profiles import Limits
    from engines.crypto_policy.profiles.catalogue import find_profile
    from server.cli.inventory.check import day_of

    profile = find_profile(name)
    if profile is None:
        raise CommandFailed(f"no profile {name!r}")
    return Limits(profile, day_of(at))


def _gate(given: tuple[str, ...]) -> frozenset[str]:
    words = frozenset(word.strip() for text in given or ("warning",) for word in text.split(",") if word.strip())
    if not words:
        raise UsageError("-fail-on: expected classes of findings or a level")
    if unknown := words - FINDINGS - frozenset(LEVELS):
        raise UsageError(f"-fail-on: {sorted(unknown)[0]!r} is neither a class of findings nor {', '.join(LEVELS)}")
    return words


def _jobs(text: str) -> int:
    if not text:
        return min(os.cpu_count() or 1, _MAX_JOBS)
    if not text.isdecimal() or len(text) > _MAX_DIGITS or not 1 <= int(text) <= _MAX_JOBS:
        raise UsageError(f"-jobs: expected a number from 1 to {_MAX_JOBS}, got {text!r}")
    return int(text)


def _baseline(path: str) -> frozenset[str]:
    if not path:
        return frozenset()
    from engines.cbom.reports.sarif import fingerprints_in

    try:
        return fingerprints_in(Path(path).read_bytes())
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror or type(error).__name__}") from None
    except ValueError as error:
        raise CommandFailed(f"{path}: {error}") from None


def _progress(done: int, of: int) -> None:
    sys.stderr.write(f"\r{done} of {of} files{'' if done < of else ' ' * 20 + chr(13)}")
    sys.stderr.flush()


def _silence(done: int, of: int) -> None:
    del done, of


SCAN = Command(
    "Find cryptography in source code and dependencies, and what of it is weak",
    _run,
    (
        Flag("format", f"{', '.join(_FORMS)}."),
        Flag("fail-on", "Classes of findings, or note, warning (the default) or error: what makes the status 1."),
        Flag("profile", "A crypto profile, such as cnsa-2.0, which raises the limits."),
        Flag("at", "The date for the profile: 2031-01-01, or a time in RFC 3339. The default is today."),
        Flag("baseline", "A SARIF file of an earlier scan: what it has doesn't count."),
        Flag("diff", "A revision of git: only lines that changed since then are told."),
        Flag("advisories", "A folder of advisories in OSV format, instead of those that ship."),
        Flag("exclude", "A pattern as in .gitignore. May be given several times."),
        Flag("submit", "MOUNT/NAME: an application of an engine cbom that gets the result as a new version."),
        Flag("submit-version", "The program's own name for that version, such as 1.4.2."),
        Flag("jobs", "The number of processes; one for each processor without it."),
        *SOURCE_FLAGS,
    ),
    operands=("PATH...",),
    more="The exit status is 0 if nothing is at or above the gate, 1 if something is, 2 if the scan failed.",
    failed_status=COULD_NOT,
)
