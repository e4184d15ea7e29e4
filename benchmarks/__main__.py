"""``python -m benchmarks [COMMAND]``: measure, print, write a page's part. Commands are:

compare     the main table: our server and a real OpenBao take turns (the default)
stall       what slow signatures do to the tail of all other requests
curves      how rates and memory grow with what a server holds
ledger      an audit ledger beside a file device
profile     where the time goes while a server encrypts
scan        precision and recall of the scanner on local copies of public corpora
scan-speed  how fast the scanner is, beside others
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import ledger, machine, profiling, stall, table
from benchmarks.compare import Plan
from benchmarks.growth import curves
from benchmarks.growth.population import Sizes
from benchmarks.output import plots, report, results, sections
from benchmarks.scanner import command as scanner
from benchmarks.scanner import speed
from benchmarks.scanner.report import render as render_scan
from benchmarks.workloads import WORKLOADS, select
from benchmarks.workloads.base import UnknownName
from tests.support.products import Product

_COMPARE = "compare"

_PLAN = Plan(rounds=5, seconds=1.0)
_QUICK = Plan(rounds=1, seconds=0.2)
_PROFILED, _PROFILED_QUICK = Plan(rounds=1, seconds=10.0), Plan(rounds=1, seconds=1.0)
_STALL = Plan(rounds=5, seconds=3.0)
_LEDGER = Plan(rounds=8, seconds=2.0)
_CURVES = Plan(rounds=3, seconds=1.0)
_SPEED = Plan(rounds=1, seconds=0.0)
_QUICK_LINES = 20_000
_HELD = Sizes(keys=100_000, tokens=100_000)
_QUICK_HELD = Sizes(keys=1_000, tokens=1_000)


def main(arguments: list[str]) -> int:
    """Run what the command line asks for; the exit status."""
    said = arguments[:1] and arguments[0] in (*_COMMANDS, "-h", "--help")
    options = _parser().parse_args(arguments if said else [_COMPARE, *arguments])
    try:
        if options.write is not None:
            sections.check_section(options.write, options.command)
        activity = machine.watch()
        if activity.warning:
            progress(f"warning: {activity.warning}")
        with tempfile.TemporaryDirectory(prefix="benchmarks-", ignore_cleanup_errors=True) as name:
            page, measured, failed = _COMMANDS[options.command](options, Path(name), activity)
    except (UnknownName, sections.NoMarkers, plots.NoPlots, scanner.ScanFailed, scanner.UnreadableCorpus) as fault:
        progress(str(fault))
        return 2
    print(page)
    if options.write is not None:
        sections.write_section(options.write, options.command, page)
    if options.json is not None:
        results.write_results(options.json, options.command, activity, measured)
    return 1 if failed else 0


Outcome = tuple[str, object, bool]
"""A page, what was measured, and whether requests have failed."""


def _compare(options: argparse.Namespace, directory: Path, activity: machine.Activity) -> Outcome:
    rows = select(_listed(options.rows))
    plan = _plan(options, _PLAN, _QUICK)
    held = _QUICK_HELD if options.quick else _HELD
    if options.held is not None:
        held = Sizes(keys=options.held, tokens=options.held)
    measured = table.measure_table(Product(options.subject), directory, rows, plan, held, progress)
    return report.render(measured, activity), measured, measured.failed


def _profile(options: argparse.Namespace, directory: Path, activity: machine.Activity) -> Outcome:
    seconds = _plan(options, _PROFILED, _PROFILED_QUICK).seconds
    seen = profiling.profile(select([options.row])[0], directory, seconds, options.raw)
    measured = {"per_second": seen.per_second, "parts": seen.areas(), "functions": seen.spots()}
    return profiling.render(seen), measured, False


def _stall(options: argparse.Namespace, directory: Path, activity: machine.Activity) -> Outcome:
    plan = _plan(options, _STALL, _QUICK)
    measured = stall.measure_stalls(directory, _listed(options.types) or stall.slow_types(), plan, progress)
    failed = any(tails.failures for tails in measured)
    return stall.render(measured, activity, plan), measured, failed


def _ledger(options: argparse.Namespace, directory: Path, activity: machine.Activity) -> Outcome:
    plan = _plan(options, _LEDGER, _QUICK)
    measured = ledger.measure_ledgers(directory, plan, progress)
    return ledger.render(measured, activity, plan), measured, any(figures.failures for figures in measured)


def _curves(options: argparse.Namespace, directory: Path, activity: machine.Activity) -> Outcome:
    pictures = options.pictures or (options.write.parent if options.write else None)
    if pictures is not None:
        plots.check_plots()
    plan = _plan(options, _CURVES, _QUICK)
    names = _listed(options.kinds) or list(curves.KINDS)
    if unknown := set(names) - set(curves.KINDS):
        raise UnknownName(f"there is no curve over {', '.join(sorted(unknown))}; there are {', '.join(curves.KINDS)}")
    sizes = {name: options.sizes or curves.KINDS[name].sizes for name in names}
    measured = curves.measure_curves(directory, sizes, options.anchor_limit, plan, progress)
    if pictures is not None:
        curves.draw_curves(measured, pictures)
    # OpenBao refuses large batches, which is shown and no failure of this run.
    ours = [point for curve in measured for point in curve.points if point.server == Product.CRYPTOSERVE.value]
    failed = any(curve.fault for curve in measured) or any(point.failures for point in ours)
    return curves.render(measured, activity, plan), measured, failed


def _scan(options: argparse.Namespace, directory: Path, activity: machine.Activity) -> Outcome:
    evaluated, missing = scanner.evaluate(options.corpora, _listed(options.only), progress, options.details)
    return render_scan(evaluated, missing), scanner.figures(evaluated), False


def _scan_speed(options: argparse.Namespace, directory: Path, activity: machine.Activity) -> Outcome:
    plan = _plan(options, _SPEED, _SPEED)
    compared = speed.compare_scanners(directory, _QUICK_LINES if options.quick else speed.LINES, plan, progress)
    return speed.render(compared, activity, plan), compared, bool(compared.measured[0].problem)


_COMMANDS = {
    _COMPARE: _compare,
    "stall": _stall,
    "ledger": _ledger,
    "curves": _curves,
    "profile": _profile,
    "scan": _scan,
    "scan-speed": _scan_speed,
}


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--seconds", type=float, help="length of each measurement")
    shared.add_argument("--rounds", type=int, help="turns of each server")
    shared.add_argument("--quick", action="store_true", help="short enough to see that it works, too short to compare")
    shared.add_argument("--write", type=Path, metavar="FILE", help="write the page between its markers in FILE")
    shared.add_argument("--json", type=Path, metavar="FILE", help="write every single figure to FILE")
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    compare = commands.add_parser(_COMPARE, parents=[shared], help="the main table")
    groups = ", ".join(dict.fromkeys(row.group for row in WORKLOADS))
    compare.add_argument("--rows", help=f"only these, by name or group ({groups}), joined by commas")
    compare.add_argument("--held", type=int, metavar="N", help="also start with N keys and tokens (0: don't)")
    compare.add_argument(
        "--subject",
        choices=[product.value for product in Product],
        default=Product.CRYPTOSERVE.value,
        help="what to compare with openbao (%(default)s); openbao itself must give ratios of 1",
    )
    slow = commands.add_parser("stall", parents=[shared], help="the tail while others make slow signatures")
    slow.add_argument("--types", help="types of key that sign, joined by commas (rsa-4096, and a hash-based one)")
    commands.add_parser("ledger", parents=[shared], help="an audit ledger beside a file device")
    growth = commands.add_parser("curves", parents=[shared], help="growth of rates and memory")
    growth.add_argument("--kinds", help=f"only these, of {', '.join(curves.KINDS)}, joined by commas")
    growth.add_argument("--sizes", type=_sizes, help="instead of each kind's own, joined by commas")
    growth.add_argument("--pictures", type=Path, metavar="FOLDER", help="for PNGs; where --write goes, unless told")
    growth.add_argument(
        "--anchor-limit", type=int, default=curves.ANCHOR_LIMIT, help="size up to which OpenBao is filled (%(default)s)"
    )
    profile = commands.add_parser("profile", parents=[shared], help="where the time goes")
    profile.add_argument("--row", default="encrypt", help="under which workload (%(default)s)")
    profile.add_argument("--raw", type=Path, metavar="FILE", help="keep the raw profile (speedscope draws py-spy's)")
    commands.add_parser("scan-speed", parents=[shared], help="how fast the scanner is, beside others")
    scan = commands.add_parser("scan", parents=[shared], help="precision and recall of the scanner")
    scan.add_argument("--corpora", type=Path, required=True, metavar="FOLDER", help="with a copy of each corpus")
    scan.add_argument("--only", help="only these corpora, by folder, joined by commas")
    scan.add_argument("--details", type=Path, metavar="FILE", help="list there what was missed and what was wrong")
    return parser


def _plan(options: argparse.Namespace, usual: Plan, quick: Plan) -> Plan:
    chosen = quick if options.quick else usual
    rounds = chosen.rounds if options.rounds is None else options.rounds
    return Plan(rounds, chosen.seconds if options.seconds is None else options.seconds)


def _listed(text: str | None) -> list[str]:
    return [name for name in (text or "").split(",") if name]


def _sizes(text: str) -> list[int]:
    listed = _listed(text)
    if not listed or not all(size.isdecimal() and int(size) for size in listed):
        raise argparse.ArgumentTypeError("sizes are whole numbers from 1 on, joined by commas")
    return sorted({int(size) for size in listed})


def progress(text: str) -> None:
    """Print the progress."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
