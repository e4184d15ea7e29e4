"""The overview's answer to whether all is well."""

from __future__ import annotations

from typing import Any

import pytest

from server.console.pages.concerns import concerns_of
from tests.server.console.browser import Browser

_DAY = 86_400.0


def _counter(name: str, number: int, **labels: str) -> dict[str, Any]:
    return {"Counters": [{"Name": f"cryptoserve.{name}", "Count": number, "Sum": number, "Labels": labels}]}


def _gauge(name: str, value: float, **labels: str) -> dict[str, Any]:
    return {"Gauges": [{"Name": f"cryptoserve.{name}", "Value": value, "Labels": labels}]}


@pytest.mark.parametrize(
    ("sealed", "metrics", "text", "grave"),
    [
        (False, {}, "", False),
        (True, {}, "sealed", True),
        (False, _counter("bugs", 0), "", False),
        (False, _counter("bugs", 2), "2 requests", True),
        (False, _counter("audit_device_failures", 3, device="file/"), "file/", True),
        (False, _counter("audit_ledger_errors", 1), "Signing the audit ledger", True),
        (False, _gauge("audit_ledger_lag_seconds", 30), "", False),
        (False, _gauge("audit_ledger_lag_seconds", 150), "2 minutes", True),
        (False, _gauge("audit_ledger_quorum_missing_seconds", 7300), "2 hours", False),
        (False, _gauge("certificate_expiry_timestamp_seconds", 31 * _DAY, address=":8200"), "", False),
        (
            False,
            _gauge("certificate_expiry_timestamp_seconds", 29 * _DAY, address=":8200"),
            "ends on 1970-01-30",
            False,
        ),
        (False, _gauge("certificate_expiry_timestamp_seconds", -1.0, address=":8200"), ":8200 has ended", True),
    ],
)
def test_what_needs_attention(sealed: bool, metrics: dict[str, Any], text: str, grave: bool) -> None:
    found = concerns_of({"sealed": sealed}, metrics, 0.0)
    assert len(found) == bool(text)
    assert all(text in concern.text and concern.grave is grave for concern in found)


async def test_the_answer_stands_on_the_first_page(browser: Browser) -> None:
    assert "All is well" in (await browser.get("/ui/")).text


async def test_sealing_takes_a_tick(browser: Browser) -> None:
    page = await browser.submit("/ui/seal", "seal")
    assert (page.status, "tick the box" in page.text) == (400, True)
    assert (await browser.submit("/ui/seal", "seal", confirmed="true")).status in (200, 503)
    assert "sealed" in (await browser.get("/ui/seal")).text
