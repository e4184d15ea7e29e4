"""Generated sections replace what stands between their markers, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.output.sections import NoMarkers, replace_section, write_section

PAGE = "# Title\n\n<!-- begin compare -->\nold\n<!-- end compare -->\n\nWritten by hand.\n"


def test_only_the_section_changes(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    for text in ("new", "newer"):
        write_section(path, "compare", text)
        expected = f"# Title\n\n<!-- begin compare -->\n\n{text}\n\n<!-- end compare -->\n\nWritten by hand.\n"
        assert path.read_text() == expected


@pytest.mark.parametrize(
    "page", ["", "<!-- begin compare -->\n", "<!-- end compare -->", PAGE.replace("compare", "stall")]
)
def test_markers_must_be_there(page: str) -> None:
    with pytest.raises(NoMarkers, match="begin compare"):
        replace_section(page, "compare", "text")


def test_that_there_is_no_place_is_known_before_the_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--quick", "--write", str(tmp_path / "nowhere.md")]) == 2
    assert "begin compare" in capsys.readouterr().err
