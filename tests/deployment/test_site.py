"""The documentation site: each page is in its contents, and its check sees what it is for. `make check` builds it."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from tests.house.sources import ROOT

SITE = ROOT / "packaging/site"
CHECK = runpy.run_path(str(SITE / "check.py"))
CONFIGURATION = runpy.run_path(str(SITE / "conf.py"))


def test_each_page_is_in_the_contents_once() -> None:
    pages = [page for pages in CONFIGURATION["CONTENTS"].values() for page in pages]
    found = [path for pattern in CONFIGURATION["include_patterns"] for path in ROOT.glob(pattern)]
    names = [str(path.relative_to(ROOT).with_suffix("")) for path in found]
    assert sorted([*pages, CONFIGURATION["root_doc"]]) == sorted(names)


def test_links_to_folders_are_texts() -> None:
    text = ["[a folder](../tests), [a page](sdk.md), [a part](#tests), [another](https://example.com/tests)"]
    app = type("App", (), {"srcdir": str(ROOT)})
    CONFIGURATION["_read"](app, "docs/operating", text)
    assert text == ["a folder, [a page](sdk.md), [a part](#tests), [another](https://example.com/tests)"]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="https://example.com/">elsewhere</a> <a href="#here">here</a> <a href="b.html#part">there</a>', ""),
        ('<img src="data:image/png;base64,AA=="> <svg xmlns="http://www.w3.org/2000/svg"></svg>', ""),
        ('<script src="https://example.com/a.js"></script>', "loads https://example.com/a.js"),
        ('<script src="//example.com/a.js"></script>', "loads //example.com/a.js"),
        ('<link rel="stylesheet" href="https://example.com/a.css">', "loads https://example.com/a.css"),
        ("<style>@import 'https://example.com/a.css';</style>", "loads https://example.com/a.css"),
        ('<p style="background: url(https://example.com/a.png)">', "loads https://example.com/a.png"),
        ('<img src="none.png">', "none.png is missing"),
        ('<a href="none.html">lost</a>', "none.html leads nowhere"),
        ('<a href="b.html#none">lost</a>', "b.html#none leads nowhere"),
        ('<a href="#none">lost</a>', "#none leads nowhere"),
    ],
)
def test_the_check_sees_other_hosts_and_dead_links(tmp_path: Path, body: str, fault: str) -> None:
    (tmp_path / "a.html").write_text(f'<html id="here">{body}</html>')
    (tmp_path / "b.html").write_text('<p id="part">')
    assert list(CHECK["faults"](tmp_path)) == ([f"a.html: {fault}"] if fault else [])


def test_the_check_reads_stylesheets(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text('@import "b.css"; @font-face { src: url("https://example.com/a.woff2"); }')
    assert list(CHECK["faults"](tmp_path)) == ["a.css: loads https://example.com/a.woff2"]
