"""What is found in files and folders, one result a line: ``python -m tests.engines.cbom.source.show PATH...``."""

from __future__ import annotations

import sys
from pathlib import Path

from engines.cbom.source.languages import language_of
from tests.engines.cbom.source.examples import results_of


def main() -> None:
    """Scan each argument as one program."""
    for argument in map(Path, sys.argv[1:]):
        files = [argument] if argument.is_file() else sorted(path for path in argument.rglob("*") if path.is_file())
        root = argument.parent if argument.is_file() else argument
        contents = {str(path.relative_to(root)): path.read_bytes() for path in files if language_of(path.name)}
        for each in results_of(contents):
            facts = " ".join(
                f"{name}={getattr(each, name)}"
                for name in ("mode", "padding", "key_bits", "curve")
                if getattr(each, name)
            )
            line = f"{each.place.path}:{each.place.line}: {each.finding} {each.algorithm} {each.primitive} {facts}"
            sys.stdout.write(f"{line} [{each.library}]\n")


if __name__ == "__main__":
    main()
