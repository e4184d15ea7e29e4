"""Looks for known vulnerabilities of what a lock installs: pip-audit, and a plain word of what it could not ask.

``python packaging/audit.py [--strict] LOCK...`` exits with 1 if a locked version has an advisory; with ``--strict``
also if a version could not be looked up. pip-audit asks the Python package index, whose advisories are not shipped
here: a copy would be out of date from its first day. Where the index doesn't answer, that is said.

Other arguments go to pip-audit.
"""

import json
import subprocess
import sys
from collections.abc import Sequence

_SECONDS = 300


def audit(locks: Sequence[str], options: Sequence[str], *, strict: bool) -> int:
    """The exit status for ``locks``, after a line for each advisory, and one for the whole."""
    files = [part for lock in locks for part in ("--requirement", lock)]
    command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--format", "json"]
    done = subprocess.run(  # noqa: S603 - with its own arguments
        [*command, "--progress-spinner", "off", *options, *files],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        reason = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        sys.stdout.write(f"pip-audit: nothing was looked up, no advisories were to be had ({reason[0]})\n")
        return int(strict)
    found = [(package, advisory) for package in packages for advisory in package.get("vulns", ())]
    for package, advisory in found:
        fixed = ", ".join(advisory["fix_versions"]) or "no version"
        sys.stdout.write(f"{package['name']} {package['version']}: {advisory['id']}, mended in {fixed}\n")
    unasked = sum("skip_reason" in package for package in packages)
    sys.stdout.write(
        f"pip-audit: {len(packages) - unasked} of {len(packages)} locked packages looked up, {len(found)} advisories"
        + (f"; for {unasked} no advisories were to be had here\n" if unasked else "\n")
    )
    return int(bool(found) or (strict and unasked > 0))


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(
        audit(
            [argument for argument in given if not argument.startswith("-")],
            [argument for argument in given if argument.startswith("-") and argument != "--strict"],
            strict="--strict" in given,
        )
    )
