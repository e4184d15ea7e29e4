"""Growth curves: both servers at small sizes, and pictures where there is matplotlib."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.compare import Plan
from benchmarks.growth.curves import KINDS, Curve, Point, draw_curves, render
from benchmarks.growth.population import Sizes, fill, key_name
from benchmarks.machine import Activity
from benchmarks.output.plots import NoPlots
from tests.support.products import Product


@pytest.mark.soak
@pytest.mark.skipif(bool(Product.OPENBAO.missing()), reason="there is no bao here")
def test_small_sizes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = tmp_path / "curves.json"
    arguments = [
        "--kinds",
        "policies,batch",
        "--sizes",
        "2,5",
        "--anchor-limit",
        "2",
        "--seconds",
        "0.1",
        "--rounds",
        "1",
    ]
    assert main(["curves", *arguments, "--json", str(raw)]) == 0
    page = capsys.readouterr().out
    curves = json.loads(raw.read_text())["results"]
    assert [curve["name"] for curve in curves] == ["policies", "batch"]
    for curve in curves:
        measured = {(point["server"], point["size"]) for point in curve["points"]}
        # OpenBao is only filled up to the limit; batches don't fill it.
        expected = {("cryptoserve", 2), ("cryptoserve", 5), ("openbao", 2)}
        assert measured - {("openbao", 5)} == expected
        assert (("openbao", 5) in measured) is (curve["name"] == "batch")
        for point in curve["points"]:
            assert point["per_second"][0] > 0
            assert point["memory_bytes"] > 10 * 1024 * 1024
            assert point["failures"] == {}
        assert f"](growth-{curve['name']}.png)" in page


def test_a_filled_store_is_what_a_server_would_have_written(tmp_path: Path) -> None:
    store = fill(tmp_path / "store", Sizes(keys=3, tokens=4, policies=2))
    with store.server() as server:
        assert server.request("GET", "transit/keys?list=true").data()["keys"] == [key_name(n) for n in range(3)]
        made = server.request("POST", "transit/encrypt/key-2", {"plaintext": "aGk="}, token=store.tokens[3]).data()
        opened = server.request("POST", "transit/decrypt/key-2", {"ciphertext": made["ciphertext"]}).data()
        assert opened["plaintext"] == "aGk="
        # Token 3 has policy 1, which lets it decrypt with key 1 and no other.
        body = {"ciphertext": made["ciphertext"]}
        assert server.request("POST", "transit/decrypt/key-2", body, token=store.tokens[3]).status == 403
        looked_up = server.request("POST", "auth/token/lookup", {"token": store.tokens[3]}).data()
        assert looked_up["policies"] == ["policy-1"]
        assert looked_up["orphan"] is True
        accessors = server.request("GET", "auth/token/accessors?list=true").data()["keys"]
        assert len(accessors) == 1 + len(store.tokens)
        body = {"accessor": looked_up["accessor"]}
        assert server.request("POST", "auth/token/revoke-accessor", body).status == 204
        assert (
            server.request("POST", "transit/encrypt/key-0", {"plaintext": "aGk="}, token=store.tokens[3]).status == 403
        )


CURVES = [
    Curve(
        "batch",
        [Point("cryptoserve", 1, [10.0], [0.001], 2**27), Point("cryptoserve", 10, [90.0, 110.0], [0.002], 2**28)],
    )
]


def test_the_page_shows_medians_and_pictures() -> None:
    page = render(CURVES, Activity(0.1, 0.0), Plan(2, 1.0))
    assert "| 10 | cryptoserve | 100 | 2.00 | 256 |" in page
    assert "![Encrypting in batches](growth-batch.png)" in page


def test_a_curve_that_ended_early_says_so() -> None:
    page = render([Curve("keys", [], "it has crashed")], Activity(0.1, 0.0), Plan(2, 1.0))
    assert "**Ended early: it has crashed**" in page


@pytest.mark.parametrize("sizes", ["", "0", "ten", "5,-1"])
def test_sizes_that_are_none(sizes: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["curves", "--quick", "--sizes", sizes])
    assert "--sizes" in capsys.readouterr().err


def test_pictures(tmp_path: Path) -> None:
    if importlib.util.find_spec("matplotlib") is None:
        with pytest.raises(NoPlots, match="matplotlib is not installed"):
            draw_curves(CURVES, tmp_path)
        return
    draw_curves(CURVES, tmp_path)
    assert (tmp_path / "growth-batch.png").read_bytes().startswith(b"\x89PNG")


def test_what_servers_hold_grows_with_the_size() -> None:
    for name, kind in KINDS.items():
        assert list(kind.sizes) == sorted(kind.sizes)
        if name != "batch":
            assert kind.holding is not None
            held = [kind.holding(size) for size in kind.sizes]
            assert all(sizes.keys for sizes in held)
            assert [getattr(sizes, name) for sizes in held] == list(kind.sizes)


def test_an_unknown_kind_is_a_mistake_of_the_caller(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["curves", "--kinds", "nothing", "--quick"]) == 2
    assert "there is no curve over nothing; there are keys, tokens, policies, batch" in capsys.readouterr().err
