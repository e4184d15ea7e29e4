"""The stall test measures both servers, quiet and disturbed, and says what it couldn't."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.stall import slow_types
from engines.algorithms.registry import TRANSIT_ALGORITHMS
from tests.support.products import Product

pytestmark = pytest.mark.skipif(bool(Product.OPENBAO.missing()), reason="there is no bao here")


@pytest.mark.soak
def test_both_servers_quiet_and_disturbed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = tmp_path / "stall.json"
    assert main(["stall", "--quick", "--types", "rsa-2048,no-such-type", "--json", str(raw)]) == 0
    page = capsys.readouterr().out
    ours, anchor, *unknown = json.loads(raw.read_text())["results"]
    for tails in (ours, anchor):
        assert not tails["skipped"]
        for name in ("quiet_seconds", "disturbed_seconds", "quiet_per_second", "signed_per_second"):
            assert tails[name][0] > 0
    assert [tails["skipped"] != "" for tails in unknown] == [True, True]
    assert "rsa-2048, cryptoserve" in page
    assert "no-such-type, openbao: POST transit/keys/no-such-type" in page


def test_the_slow_types_are_those_of_the_registry() -> None:
    rsa, hash_based = slow_types()
    assert rsa in TRANSIT_ALGORITHMS
    known = [name for name in TRANSIT_ALGORITHMS if name.startswith("slh-dsa")]
    assert not known or hash_based in known
