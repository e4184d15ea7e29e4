"""Rows of a spreadsheet in the format of Office Open XML (ECMA-376)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of the first sheet: a cell's text by the letters of its column. Cells without a value are left out."""
    with zipfile.ZipFile(path) as archive:
        texts = [_text(entry) for entry in _parsed(archive, "xl/sharedStrings.xml").iter(f"{_SPACE}si")]
        for row in _parsed(archive, "xl/worksheets/sheet1.xml").iter(f"{_SPACE}row"):
            cells = {}
            for cell in row.iter(f"{_SPACE}c"):
                value = cell.find(f"{_SPACE}v")
                if value is not None and value.text:
                    column = cell.get("r", "").rstrip("0123456789")
                    cells[column] = texts[int(value.text)] if cell.get("t") == "s" else value.text
            yield cells


def _parsed(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    return ElementTree.fromstring(archive.read(name))  # noqa: S314 (a copy that the caller chose)


def _text(entry: ElementTree.Element) -> str:
    return "".join(part.text or "" for part in entry.iter(f"{_SPACE}t"))
