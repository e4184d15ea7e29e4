"""Generated parts of written pages: what stands between two markers is replaced, everything else is left alone.

<!-- begin NAME -->
...
<!-- end NAME -->
"""

from __future__ import annotations

from pathlib import Path


class NoMarkers(Exception):
    """The page has no place for what was to be written; the message says which markers are missing."""


def replace_section(page: str, name: str, text: str) -> str:
    """``page`` with ``text`` between the markers of ``name``. Raises ``NoMarkers``."""
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
    before, begun, rest = page.partition(begin)
    _, ended, after = rest.partition(end)
    if not begun or not ended:
        raise NoMarkers(f"there are no lines '{begin.strip()}' and '{end}'")
    return f"{before}{begin}\n{text.strip()}\n\n{end}{after}"


def write_section(path: Path, name: str, text: str) -> None:
    """Put ``text`` between the markers of ``name`` in the file at ``path``. Raises ``NoMarkers``."""
    path.write_text(replace_section(path.read_text(encoding="utf-8"), name, text), encoding="utf-8")


def check_section(path: Path, name: str) -> None:
    """Raises ``NoMarkers`` if ``write_section`` would, so that it is known before the work is done."""
    replace_section(path.read_text(encoding="utf-8") if path.exists() else "", name, "")
