"""``python -m benchmarks``: compare with OpenBao, print the table, write it where ``--write`` says."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import profiling, report
from benchmarks.compare import compare, prepare, servers
from benchmarks.workloads import WORKLOADS
from tests import processes
from tests.products import Product

_ROUNDS = 3
_SECONDS = 1.5


def main() -> int:
    """Run what the command line asks for; the exit status."""
    options = _options()
    chosen = [workload for workload in WORKLOADS if not options.only or workload.name in options.only]
    with tempfile.TemporaryDirectory(prefix="benchmarks-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        if options.profile is not None:
            print(profiling.profile(chosen[0], directory, options.profile, options.seconds))
            return 0
        subject, anchor = servers(Product(options.subject), directory)
        with subject, anchor:
            _progress("starting both servers")
            about_subject, about_anchor = prepare(subject), prepare(anchor)
            comparisons = compare(subject, anchor, chosen, options.rounds, options.seconds, _progress)
            about_subject.loaded_bytes = processes.memory_bytes(subject.group)
            about_anchor.loaded_bytes = processes.memory_bytes(anchor.group)
    page = report.render(comparisons, about_subject, about_anchor, options.rounds, options.seconds)
    print(page)
    if options.write is not None:
        options.write.parent.mkdir(parents=True, exist_ok=True)
        options.write.write_text(page, encoding="utf-8")
    failed = any(line.subject.failures or line.anchor.failures for line in comparisons)
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [workload.name for workload in WORKLOADS]
    parser.add_argument("--only", action="append", choices=names, help="measure this workload; may be repeated")
    parser.add_argument("--seconds", type=float, default=_SECONDS, help="length of each measurement (%(default)s)")
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help="turns of each server (%(default)s)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page to FILE as well")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="profile our server under one workload")
    parser.add_argument(
        "--subject",
        choices=[product.value for product in Product],
        default=Product.CRYPTOSERVE.value,
        help="what to compare with openbao (%(default)s); openbao itself must give ratios of 1",
    )
    return parser.parse_args()


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
