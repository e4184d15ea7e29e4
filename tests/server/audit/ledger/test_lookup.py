"""What the API gives of a log whose files are only partly there."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.faults import NotFound, NotYet
from server.audit.ledger.lookup import read_file


@pytest.mark.parametrize("name", ["checkpoint", "policy"])
def test_a_log_before_its_first_signature_says_when_to_ask_again(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotYet) as raised:
        read_file(tmp_path, name)
    assert raised.value.retry_after_seconds == 1


@pytest.mark.parametrize("name", ["tile/0/000", "large/" + "0" * 64, "journal/0", "../checkpoint"])
def test_other_files_that_are_missing_do_not(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFound) as raised:
        read_file(tmp_path, name)
    assert not isinstance(raised.value, NotYet)
