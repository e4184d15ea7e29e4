"""Location of imported files: the files that an import, or a name without one, may refer to, by language."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

MAX_SIBLINGS = 64
"""The most files of one folder that are read for a name that none of them exports by its own name."""


@dataclass(slots=True)
class Tree:
    """The paths of a program's files, with slashes, relative to its root."""

    paths: Collection[str]
    by_name: dict[str, list[str]] = field(default_factory=dict)
    """Paths by the name of their file."""

    by_folder: dict[str, list[str]] = field(default_factory=dict)
    """Paths by the path of their folder."""

    c_stems: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """The sources of C in each folder by their names without suffixes, once that was asked."""

    @classmethod
    def of(cls, paths: Iterable[str]) -> Tree:
        """The tree of these paths."""
        made = cls(frozenset(paths))
        for path in sorted(made.paths):
            folder, _, name = path.rpartition("/")
            made.by_name.setdefault(name, []).append(path)
            made.by_folder.setdefault(folder, []).append(path)
        return made


Found: TypeAlias = Iterator[tuple[str, str]]
"""Paths, each with the name that is meant in it, ``Outer.Inner`` for a member of a class; "" for the file itself."""

Locate: TypeAlias = Callable[[Tree, str, str, str], Found]
"""The tree, the path of the file that imports, the module and the member: what they may be, best first."""

Visible: TypeAlias = Callable[[Tree, str, str], Iterable[str]]
"""The tree, a path and a name that its file doesn't define: the paths that may."""


def no_siblings(_tree: Tree, _path: str, _name: str) -> Iterable[str]:
    """Nothing is visible without an import."""
    return ()


def folders_above(path: str) -> Iterator[str]:
    """The folder of ``path``, and all around it, each ending in a slash or empty."""
    folder = path.rpartition("/")[0]
    while folder:
        yield f"{folder}/"
        folder = folder.rpartition("/")[0]
    yield ""


def python_files(tree: Tree, path: str, module: str, member: str) -> Found:
    """Modules and packages, relative or from any folder around the file."""
    dots = len(module) - len(module.lstrip("."))
    rest = module.lstrip(".").replace(".", "/")
    around = list(folders_above(path))
    roots = around[dots - 1 : dots] if dots else around
    for root in roots:
        base = f"{root}{rest}".rstrip("/")
        if member:
            inner = f"{base}/{member}" if base else member
            yield from (
                (f"{inner}{suffix}", "") for suffix in (".py", "/__init__.py") if f"{inner}{suffix}" in tree.paths
            )
        prefix = f"{base}/" if base else ""
        yield from (
            (found, member) for found in (f"{base}.py", f"{prefix}__init__.py") if found in tree.paths and found != path
        )


def java_files(tree: Tree, _path: str, module: str, member: str) -> Found:
    """The file of a class, or of a class around it, in any root of sources."""
    parts = [*module.split("."), *([member] if member else [])]
    for length in range(len(parts), 0, -1):
        file = f"{parts[length - 1]}.java"
        tail = "/".join([*parts[: length - 1], file])
        for path in tree.by_name.get(file, ()):
            if path == tail or path.endswith(f"/{tail}"):
                yield path, ".".join(parts[length - 1 :])


def java_siblings(_tree: Tree, path: str, name: str) -> Iterable[str]:
    """The file of the class in the same folder."""
    folder = path.rpartition("/")[0]
    return (f"{folder}/{name}.java" if folder else f"{name}.java",)


_GO_LIBRARY = frozenset(
    {"bufio", "bytes", "cmp", "context", "crypto", "database", "embed", "encoding", "errors", "fmt", "hash", "html"}
    | {"image", "io", "log", "math", "mime", "net", "os", "path", "reflect", "regexp", "runtime", "slices", "sort"}
    | {"strconv", "strings", "sync", "syscall", "testing", "text", "time", "unicode", "unsafe"}
)
"""The first parts of the paths of Go's own packages."""


def go_files(tree: Tree, path: str, module: str, member: str) -> Found:
    """The files of the package whose folder ends the path of the import, below any folder around the file.

    The module ``.`` is the package of the file itself.
    """
    parts = module.split("/")
    if module == ".":
        yield from ((file, member) for file in go_siblings(tree, path, member))
    if module == "." or parts[0] in _GO_LIBRARY or module.startswith("golang.org/x/"):
        return
    for around in folders_above(path):
        for first in range(len(parts)):
            folder = around + "/".join(parts[first:])
            files = [file for file in tree.by_folder.get(folder, ()) if _is_go(file, tests=False)]
            if files:
                yield from ((file, "") for file in files[:MAX_SIBLINGS])
                return


def go_siblings(tree: Tree, path: str, _name: str) -> Iterable[str]:
    """The files of the package."""
    files = tree.by_folder.get(path.rpartition("/")[0], [])
    return [file for file in files if _is_go(file, tests=path.endswith("_test.go"))][:MAX_SIBLINGS]


def _is_go(path: str, *, tests: bool) -> bool:
    return path.endswith(".go") and (tests or not path.endswith("_test.go"))


FROM_ROOT = "//"
"""The beginning of a module's name that is a path from the root of the tree (JavaScript)."""

_SCRIPTS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".d.ts", ".json")


def javascript_files(tree: Tree, path: str, module: str, member: str) -> Found:
    """A relative file or folder, or one below ``src``, for which build tools have ``@/``."""
    if module.startswith(FROM_ROOT):
        bases = [module.removeprefix(FROM_ROOT)]
    elif module.startswith("."):
        bases = [posixpath.normpath(posixpath.join(posixpath.dirname(path), module))]
    elif module.startswith(("@/", "~/")):
        bases = [f"{folder}{part}{module[2:]}" for folder in folders_above(path) for part in ("src/", "")]
    elif module.startswith("/"):  # A loader's path from the root of a site.
        name = module.rpartition("/")[2].removesuffix(".js")
        ends = (module, f"{module}.js")
        bases = [found for found in tree.by_name.get(f"{name}.js", ())[:MAX_SIBLINGS] if found.endswith(ends)]
    else:
        return
    for base in bases:
        stem = base.removesuffix(".js").removesuffix(".mjs").removesuffix(".cjs")
        names = (base, *(f"{stem}{suffix}" for suffix in _SCRIPTS), *(f"{base}/index{suffix}" for suffix in _SCRIPTS))
        yield from ((name, member) for name in names if name in tree.paths)


C_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".mm")
"""The suffixes of C's and C++'s sources, which aren't included."""


def c_files(tree: Tree, path: str, module: str, member: str) -> Found:
    """The header of an ``#include``, beside the file or wherever its path ends so, and the sources of that name."""
    folder = path.rpartition("/")[0]
    beside = posixpath.normpath(f"{folder}/{module}") if folder else module
    module = module.rpartition("../")[2]
    named = tree.by_name.get(module.rpartition("/")[2], ())[:MAX_SIBLINGS]
    headers = [beside] if beside in tree.paths else [found for found in named if found.endswith(f"/{module}")]
    for header in headers:
        if header != path:
            yield header, member
        stem = header.rpartition(".")[0]
        sources = (f"{stem}{suffix}" for suffix in C_SOURCES) if member else ()
        yield from ((source, member) for source in sources if source in tree.paths and source != path)


def c_siblings(tree: Tree, path: str, name: str) -> Iterable[str]:
    """The sources in the same folder whose name begins the name, as that of a module begins those of its functions."""
    folder = path.rpartition("/")[0]
    stems = tree.c_stems.get(folder)
    if stems is None:
        stems = tree.c_stems[folder] = _c_stems(tree, folder)
    found: list[str] = []
    end = len(name)
    while end >= 0 and stems:
        found += stems.get(name[:end], ())
        end = name.rfind("_", 0, end)
    return found


def _c_stems(tree: Tree, folder: str) -> dict[str, list[str]]:
    """The sources of C in a folder by their names without suffixes, in the order of ``C_SOURCES``."""
    stems: dict[str, list[str]] = {}
    for suffix in C_SOURCES:
        for path in tree.by_folder.get(folder, ()):
            if path.endswith(suffix):
                stems.setdefault(path.rpartition("/")[2].removesuffix(suffix), []).append(path)
    return stems


def rust_files(tree: Tree, path: str, module: str, member: str) -> Found:
    """The file of a module: of the same crate, by a path from its root, from a parent or from the module itself, or of
    another crate of the same workspace."""
    first, *parts = [*module.split("."), *([member] if member else [])]
    folder, _, name = path.rpartition("/")
    own = folder if name in ("mod.rs", "lib.rs", "main.rs") else path.removesuffix(".rs")
    if first == "crate":
        bases = [_rust_root(tree, folders_above(path))]
    elif first == "super":
        base = own.rpartition("/")[0]
        while parts and parts[0] == "super":
            base, parts = base.rpartition("/")[0], parts[1:]
        bases = [base]
    else:
        inner = parts if first == "self" else [first, *parts]
        yield from _rust_module(tree, path, own, inner, root=False)
        bases = [] if first == "self" else list(_rust_crates(tree, path, first))
    for base in bases:
        yield from _rust_module(tree, path, base, parts, root=True)


def _rust_root(tree: Tree, folders: Iterable[str]) -> str:
    roots = (each for each in folders if f"{each}lib.rs" in tree.paths or f"{each}main.rs" in tree.paths)
    return next(roots, "").rstrip("/")


def _rust_crates(tree: Tree, path: str, name: str) -> Iterator[str]:
    """The folders of sources of a crate of the workspace, whose folder has its name, with hyphens too."""
    for around in folders_above(path):
        for folder in {name, name.replace("_", "-")}:
            for crates in ("", "crates/"):
                base = f"{around}{crates}{folder}/src"
                if f"{base}/lib.rs" in tree.paths:
                    yield base


def _rust_module(tree: Tree, path: str, base: str, parts: list[str], *, root: bool) -> Found:
    for length in range(len(parts), -1, -1):
        stem = "/".join(part for part in (base, *parts[:length]) if part)
        files = [f"{stem}.rs", f"{stem}/mod.rs"]
        if not length:
            files += [f"{stem}/{each}" if stem else each for each in ("lib.rs", "main.rs")]
        if length or root:
            yield from ((file, ".".join(parts[length:])) for file in files if file in tree.paths and file != path)
