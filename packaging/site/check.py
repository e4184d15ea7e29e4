"""Checks a built documentation site: it loads nothing from another host, and its links lead somewhere.

``python packaging/site/check.py FOLDER`` prints each fault in a line, and exits with 1 if there are any.
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_STYLE = re.compile(r"(?:url\(\s*|@import\s+)[\"']?([^\"')\s;]+)")


class _Page(HTMLParser):
    """What a page loads, what it links to, and the names of its parts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = _STYLE.findall(text)
        self.links: list[str] = []
        self.names: set[str] = {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, text in attributes:
            if name == "id" and text:
                self.names.add(text)
            elif name == "href" and tag == "a":
                self.links.append(text or "")
            elif name in ("src", "srcset", "href", "action", "data", "poster"):
                self.loaded.append(text or "")


def faults(folder: Path) -> Iterator[str]:
    """A line for each fault of the site in ``folder``."""
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}
    for path, page in pages.items():
        for target in page.loaded:
            if _is_elsewhere(target):
                yield f"{path.relative_to(folder)}: loads {target}"
            elif not _file(path, target).exists():
                yield f"{path.relative_to(folder)}: {target} is missing"
        for link in page.links:
            if urlsplit(link).scheme:
                continue
            file = _file(path, link)
            if not file.exists() or (file in pages and unquote(urlsplit(link).fragment) not in pages[file].names):
                yield f"{path.relative_to(folder)}: {link} leads nowhere"
    for path in sorted(folder.rglob("*.css")):
        for target in _STYLE.findall(path.read_text(encoding="utf-8")):
            if _is_elsewhere(target):
                yield f"{path.relative_to(folder)}: loads {target}"


def _is_elsewhere(target: str) -> bool:
    parts = urlsplit(target)
    return bool(parts.netloc) or parts.scheme not in ("", "data")


def _file(page: Path, link: str) -> Path:
    """The file that ``link`` on ``page`` names."""
    parts = urlsplit(link)
    return (page.parent / unquote(parts.path)).resolve() if parts.path and not parts.scheme else page


if __name__ == "__main__":
    found = list(faults(Path(sys.argv[1]).resolve()))
    sys.stdout.writelines(f"{fault}\n" for fault in found)
    sys.exit(bool(found))
