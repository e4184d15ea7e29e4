"""The main table measures real servers and leaves nothing out; how fast they are is not judged here."""

from __future__ import annotations

import json
import shutil
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import compare
from benchmarks.__main__ import main
from benchmarks.compare import Comparison, Plan
from benchmarks.limits import handler, openssl
from benchmarks.limits.openssl import per_second
from benchmarks.machine import Activity
from benchmarks.output.report import render
from benchmarks.table import Table
from benchmarks.transports import read_log
from benchmarks.workloads import WORKLOADS, select
from benchmarks.workloads.base import UnknownName
from tests.support.products import Product, ServerFailed

needs_bao = pytest.mark.skipif(bool(Product.OPENBAO.missing()), reason="there is no bao here")


def run(tmp_path: Path, rows: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, dict[str, Any]]:
    """The page and the raw results of a very short run."""
    raw = tmp_path / "results.json"
    arguments = ["--rows", rows, "--quick", "--seconds", "0.1", "--held", "20", "--json", str(raw)]
    assert main(arguments) == 0, capsys.readouterr().err
    document: dict[str, Any] = json.loads(raw.read_text())
    return capsys.readouterr().out, document


@needs_bao
def test_rows_over_plain_http(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, document = run(tmp_path, "encrypt,create-key,login-approle,lookup-self,encapsulate", capsys)
    measured = {row["workload"]["name"]: row for row in document["results"]["comparisons"]}
    assert set(measured) == {"encrypt", "create-key", "login-approle", "lookup-self", "encapsulate"}
    for name, row in measured.items():
        assert not row["skipped"]
        assert row["subject"]["per_second"][0] > 0
        assert row["empty_per_second"] > 0
        assert row["subject"]["failures"] == row["anchor"]["failures"] == {}
        assert bool(row["anchor"]["per_second"]) is (name != "encapsulate")
        assert row["workload"]["what"] in page
    (counted,) = document["results"]["counting"]
    assert counted["subject"]["per_second"][0] > 0 and counted["anchor"]["per_second"][0] > 0
    assert "### Counting of use" in page
    assert document["results"]["populated"]["sizes"] == {"keys": 20, "tokens": 20, "policies": 0}
    assert {"Processor", "OpenSSL", "Anchor"} <= set(document["machine"])
    assert "openbao" in page
    assert "with 20 keys, 20 tokens" in page


@pytest.mark.soak
@needs_bao
def test_rows_over_tls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, document = run(tmp_path, "encrypt-tls,encrypt-http2", capsys)
    over_http1, over_http2 = document["results"]["comparisons"]
    assert over_http1["subject"]["per_second"][0] > 0
    if over_http2["skipped"]:
        # It isn't installed everywhere, and gives up on a machine that is too busy.
        assert "h2load" in over_http2["skipped"]
        assert over_http2["skipped"] in page
    else:
        assert over_http2["subject"]["per_second"][0] > 0
        assert over_http2["anchor"]["per_second"][0] > 0


def test_rows_are_chosen_by_name_and_by_group() -> None:
    assert [row.name for row in select(["decrypt", "encrypt"])] == ["encrypt", "decrypt"]
    assert {row.group for row in select(["tls"])} == {"tls"}
    assert len(select([])) == len(WORKLOADS) == len({row.name for row in WORKLOADS})
    with pytest.raises(UnknownName, match="no row or group nothing"):
        select(["encrypt", "nothing"])


def test_an_unknown_row_is_a_mistake_of_the_caller(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rows", "nothing", "--quick"]) == 2
    assert "there is no row or group nothing" in capsys.readouterr().err


@pytest.mark.parametrize("row", [row for row in WORKLOADS if row.operation is not None], ids=lambda row: str(row.name))
def test_the_cryptography_of_each_row_works_alone(row: Any) -> None:
    rate = per_second(row.operation, 0.0001)
    if rate is None:
        pytest.skip("openssl's command doesn't know this")
    assert rate > 0


def test_what_openssl_s_command_does_not_know_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert per_second(openssl.Speed("no-such-algorithm"), 1) is None
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert per_second(openssl.Speed("another-one"), 1) is None


def test_what_was_skipped_or_failed_is_said() -> None:
    encrypt, http2 = select(["encrypt", "encrypt-http2"])
    measured = Comparison(encrypt, empty_per_second=9.0)
    measured.subject.failures["HTTP/1.1 403 Forbidden"] = 3
    for figures, value in ((measured.subject, 30.0), (measured.anchor, 10.0)):
        figures.per_second.append(value)
        figures.median_seconds.append(0.001)
        figures.tail_seconds.append(0.02)
        figures.processor_seconds.append(1 / value)
    table = Table(Plan(1, 0.1), [measured, Comparison(http2, skipped="no client")])
    page = render(table, Activity(3.0, 0.9))
    assert "| 30 | 10 | **3.00** | 3.00 to 3.00 | 9 | – |" in page  # noqa: RUF001 - a dash in a table's cell
    assert "HTTP/2 over TLS: no client" in page
    assert "encrypt, cryptoserve: 3 x HTTP/1.1 403 Forbidden" in page
    assert "**The machine was not idle: load average 3.00, 90% of the processors busy." in page
    assert table.failed


def test_logs_of_h2load() -> None:
    text = "1700000000000000\t200\t1500\n1700000000000100\t403\t2000\n1700000000000002\t-1\t9\n"
    elapsed, latencies, failures = read_log(text)
    assert elapsed == pytest.approx(0.0021)
    assert list(latencies) == [0.0015]
    assert failures == {"status 403": 1, "status -1": 1}


def test_a_row_on_which_a_server_fails_doesnt_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ServerFailed("it has crashed\nand this is its log")

    monkeypatch.setattr(compare, "_measure_row", fail)
    monkeypatch.setattr(handler, "empty_server", lambda *_: nullcontext())
    said: list[str] = []
    subject = SimpleNamespace(workers=[], tls=None)
    rows = compare.compare(subject, subject, select(["encrypt"]), Plan(1, 0.1), said.append)  # type: ignore[arg-type]
    assert said == ["encrypt: skipped: it has crashed"]
    assert Table(Plan(1, 0.1), rows).failed
