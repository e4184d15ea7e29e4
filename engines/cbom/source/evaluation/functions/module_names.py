"""Names of JavaScript's packages, however an import has them (with versions, from a registry or from a server), and of
the methods of their types.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_REGISTRY = re.compile(r"(?:npm|jsr|node):/?(?=.)")
_SERVER = re.compile(
    r"https://(?:esm\.sh|cdn\.skypack\.dev|esm\.run|unpkg\.com|jspm\.dev|cdn\.jsdelivr\.net/npm|ga\.jspm\.io)"
    r"/(?:v\d{1,4}/)?(?:npm:)?"
)
_DENO = re.compile(r"https://deno\.land/(?:(x)/|std(?:@[^/]*)?/)")
_FOLDER = re.compile(r"^[./\w-]*?\b(?:bower_components|node_modules|components|vendor)/(?=\w|@)")
"""A folder of fetched packages, as loaders in browsers name them."""

_SUFFIX = re.compile(r"\.(?:js|mjs|cjs|ts)$")
_LONGEST = 300


@lru_cache(maxsize=4096)
def package_path(module: str) -> str:
    """The name of a package, with the module in it: ``npm:@noble/hashes@1.4/sha2.js`` is ``@noble/hashes/sha2``."""
    if len(module) > _LONGEST or not (":" in module or "/" in module) or module[0] in ".\0":
        return module
    deno = _DENO.match(module)
    if deno is not None:
        parts = module[deno.end() :].split("/")
        return parts[0].partition("@")[0] if deno[1] else f"@std/{parts[0]}"
    plain = module
    for pattern in (_REGISTRY, _SERVER, _FOLDER):
        begin = pattern.match(plain)
        if begin is not None:
            plain = plain[begin.end() :].partition("?")[0]
    parts = plain.split("/")
    size = 2 if plain.startswith("@") else 1
    if plain != module:
        parts[:size] = ["/".join(parts[:size])[:1] + "/".join(parts[:size])[1:].partition("@")[0]]
        size = 1
    inner = [_SUFFIX.sub("", "/".join(parts[size:]))] if len(parts) > size and parts[size] != "+esm" else []
    if inner and inner[0].removesuffix(".min") in (parts[0], "index"):  # A package's file of its own name is all of it.
        inner = []
    return "/".join([*parts[:size], *inner])


def methods_of(types: Sequence[str], *names: str) -> list[str]:
    """The full names of the methods ``names`` of each of ``types``."""
    return [f"{each}.{name}" for each in types for name in names]
