"""A real server with several workers tells when its listeners' certificates end, and takes over new ones."""

from __future__ import annotations

import os
import re
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.support.certificates import write_certificate
from tests.support.products import Product
from tests.support.servers import Server
from tests.support.waiting import wait_until

DAY = timedelta(days=1)
WORKERS = 2
SECONDS = 20
METRIC = "cryptoserve_certificate_expiry_timestamp_seconds"


def _days_left(server: Server) -> float:
    answer = server.request("GET", "sys/metrics?format=prometheus", token="")
    families = text_string_to_metric_families(answer.body.decode())
    (sample,) = [sample for family in families for sample in family.samples if sample.name == METRIC]
    assert sample.labels["listener"].startswith("https://127.0.0.1:")
    return float(sample.value - datetime.now(UTC).timestamp()) / DAY.total_seconds()


def test_an_end_is_warned_of_once_and_known_to_every_worker(tmp_path: Path) -> None:
    file, key = write_certificate(tmp_path, "old", begins=-2 * DAY, ends=-DAY)
    pair = f'tls_cert_file = "{file}"\n tls_key_file = "{key}"'
    settings = f'workers = {WORKERS}\nlistener "tcp" {{\n address = "127.0.0.1:0"\n {pair}\n}}\n'
    open_metrics = "telemetry {\n unauthenticated_metrics_access = true\n}\n"
    with Server(Product.CRYPTOSERVE, tmp_path / "server", settings=settings, listener=open_metrics) as server:
        log = server.directory / "server.log"
        plain = re.search(r"listening on http://127.0.0.1:(\d+)", log.read_text())
        assert plain is not None
        server.port = int(plain[1])
        assert log.read_text().count('the certificate "old" in') == 1
        for _ in range(4 * WORKERS):
            assert -1.1 < _days_left(server) < -0.9
        new, new_key = write_certificate(tmp_path, "new", ends=10 * DAY)
        new.replace(file)
        new_key.replace(key)
        os.kill(server.group, signal.SIGHUP)
        wait_until(lambda: all(9.9 < _days_left(server) < 10.1 for _ in range(4 * WORKERS)), server.log_end)
        assert log.read_text().count('the certificate "new" in') == 1
        assert log.read_text().count('the certificate "old" in') == 1
