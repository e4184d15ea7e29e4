"""Front-end of Rust: paths of imports that begin with a name that another import of the file binds."""

from __future__ import annotations

from collections.abc import Iterable

from engines.cbom.source.program import Import, Statement

_OF_PROGRAM = frozenset({"self", "super", "crate"})


def follow_imports(statements: Iterable[Statement]) -> None:
    """Give such imports the path that the name stands for: ``use aws_lc_rs as backend; use backend::digest;``.

    A path begins with a crate or a name in scope (https://doc.rust-lang.org/reference/paths.html). Modules of the
    program keep their names. One step is followed.
    """
    imports = [each for each in statements if isinstance(each, Import)]
    meant = {
        each.local: f"{each.module}.{each.member}" if each.member else each.module
        for each in imports
        if each.local != "*" and each.module.partition(".")[0] not in _OF_PROGRAM
    }
    followed = [(each, *each.module.partition(".")) for each in imports]
    for each, first, dot, rest in followed:
        path = meant.get(first, first)
        if path.partition(".")[0] != first and (each.local, path) != (first, each.module):
            each.module = f"{path}{dot}{rest}"
