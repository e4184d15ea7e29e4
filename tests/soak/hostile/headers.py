"""The headers that the product reads, found in its code: every literal there that could be the name of one.

That takes in some names that are only ever sent, and words that are none; asking for one more costs little, and a
header that is added is attacked without being listed here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("compat", "server")

STANDARD = (
    "accept", "accept-encoding", "connection", "cookie", "date", "expect", "forwarded", "host", "if-match",
    "keep-alive", "origin", "range", "referer", "te", "trailer", "upgrade", "user-agent", "via", "x-real-ip",
    "x-audited",
)  # fmt: skip
"""What the libraries below may read, and the header that the server was told to write into its audit."""

_NAME = re.compile(r"(x-|access-control-|content-|transfer-)[a-z-]+[a-z]|authorization|origin|host|vary|cookie")
_CHECKOUT = Path(__file__).parents[3]


def header_names() -> list[str]:
    """All of them, in lower case."""
    found = {name for package in PACKAGES for path in (_CHECKOUT / package).rglob("*.py") for name in _names(path)}
    return sorted(found | set(STANDARD))


def _names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
            text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
            if _NAME.fullmatch(text.lower()):
                yield text.lower()
