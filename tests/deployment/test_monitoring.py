"""Alert rules and dashboard: each metric in them exists on a fresh unsealed server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.house.sources import ROOT
from tests.support.ledger_load import declared
from tests.support.products import Product
from tests.support.servers import Server

RULES = ROOT / "packaging/prometheus/alerts.yml"
DASHBOARD = ROOT / "packaging/grafana/cryptoserve.json"

_METRIC = re.compile(r"\b(?:vault|cryptoserve|process|go|python)_\w+")


def _alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def _targets() -> Iterator[str]:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]


def _metrics(expression: str) -> set[str]:
    """The metrics in ``expression``: a histogram under its own name, without those of its series."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\b(?:by|without) \([^)]*\)", "", bare)
    return {re.sub(r"_(?:bucket|sum|count)$", "", name) if "bucket" in name else name for name in _METRIC.findall(bare)}


@pytest.fixture(scope="module")
def existing(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The metrics of a fresh unsealed server with an audit ledger."""
    folder = tmp_path_factory.mktemp("fresh")
    settings = declared(folder / "ledger", workers=1)
    with Server(Product.CRYPTOSERVE, folder, development=True, settings=settings) as server:
        text = server.request("GET", "sys/metrics?format=prometheus").body.decode()
    return set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE))


@pytest.mark.parametrize("alert", _alerts(), ids=lambda alert: str(alert["alert"]))
def test_each_alert_is_of_metrics_that_exist(alert: dict[str, Any], existing: set[str]) -> None:
    named = _metrics(alert["expr"])
    assert named <= existing
    assert named or alert["expr"].startswith("up{")
    assert alert["labels"]["severity"] in ("critical", "warning")
    assert set(alert["annotations"]) == {"summary", "description"}


def test_each_panel_is_of_metrics_that_exist(existing: set[str]) -> None:
    expressions = list(_targets())
    assert len(expressions) > 20
    for expression in expressions:
        assert _metrics(expression), expression
        assert _metrics(expression) <= existing, expression


def test_a_metric_that_is_not_there_is_seen(existing: set[str]) -> None:
    assert _metrics("rate(cryptoserve_request_total[5m]) > 0") == {"cryptoserve_request_total"}
    assert not _metrics("rate(cryptoserve_request_total[5m]) > 0") <= existing


def test_names_of_alerts_and_panels_are_their_own() -> None:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    for names in ([alert["alert"] for alert in _alerts()], [panel["id"] for panel in dashboard["panels"]]):
        assert len(names) == len(set(names))


def test_each_alert_is_documented() -> None:
    page = (ROOT / "docs/deploying.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(CryptoServe\w+)` \|", page, re.MULTILINE) == [alert["alert"] for alert in _alerts()]
