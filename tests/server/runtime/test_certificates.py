"""What is warned of in the certificates that listeners show, and what is known of their end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from server.config import Listener
from server.listeners import open_listeners
from server.runtime.certificates import ListenerCertificates
from server.runtime.meter import Meter
from server.runtime.metrics import Gauges, json_data, prometheus_text
from tests.support.certificates import write_certificate

DAY = timedelta(days=1)


def _warnings(file: Path) -> list[str]:
    return ListenerCertificates("https://a:1", str(file)).read(datetime.now(UTC))


@pytest.mark.parametrize(
    ("begins", "ends", "said"),
    [
        (-2 * DAY, -DAY, "ended on {ends}; clients refuse it"),
        (-2 * DAY, 3.5 * DAY, "ends on {ends}, in 3 days"),
        (-2 * DAY, 29.9 * DAY, "ends on {ends}, in 29 days"),
        (DAY, 2 * DAY, "isn't valid before {begins}; clients refuse it"),
    ],
)
def test_what_has_ended_or_ends_soon_is_warned_of(
    tmp_path: Path, begins: timedelta, ends: timedelta, said: str
) -> None:
    file, _ = write_certificate(tmp_path, "shop", begins, ends)
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    dates = {"begins": certificate.not_valid_before_utc, "ends": certificate.not_valid_after_utc}
    expected = said.format(**{name: f"{moment:%Y-%m-%dT%H:%M:%SZ}" for name, moment in dates.items()})
    assert _warnings(file) == [f'listener https://a:1: the certificate "shop" in {file} {expected}']


def test_what_lasts_is_not_warned_of(tmp_path: Path) -> None:
    file, _ = write_certificate(tmp_path, "shop", ends=30.1 * DAY)
    assert _warnings(file) == []


def test_an_intermediate_that_has_ended_is_warned_of_and_counts(tmp_path: Path) -> None:
    file, _ = write_certificate(tmp_path, "leaf", ends=100 * DAY)
    issuer, _ = write_certificate(tmp_path, "issuer", begins=-2 * DAY, ends=-DAY)
    file.write_bytes(file.read_bytes() + issuer.read_bytes())
    known = ListenerCertificates("https://a:1", str(file))
    now = datetime.now(UTC)
    (warning,) = known.read(now)
    assert 'the certificate "issuer" in' in warning
    assert known.ends is not None and abs(known.ends - (now - DAY)) < timedelta(minutes=1)


def test_a_name_is_quoted_and_its_absence_no_obstacle(tmp_path: Path) -> None:
    file, _ = write_certificate(tmp_path, "a", subject_name='x"\ny')
    assert '"x\\"\\ny"' in _warnings(file)[0]
    file, _ = write_certificate(tmp_path, "b", subject_name="")
    assert 'the certificate "127.0.0.1" in' in _warnings(file)[0]


def test_what_can_not_be_read_is_said_and_not_told_as_a_date(tmp_path: Path) -> None:
    file, _ = write_certificate(tmp_path, "a")
    known = ListenerCertificates("https://a:1", str(file))
    known.read(datetime.now(UTC))
    file.write_text("broken")
    assert known.read(datetime.now(UTC)) == [f"listener https://a:1: can't tell when {file} ends: ValueError"]
    assert known.ends is None


def test_listeners_warn_when_opened_and_when_reloaded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file, key = write_certificate(tmp_path, "one", begins=-2 * DAY, ends=-DAY)
    listener = Listener("tcp", "127.0.0.1:0", tls_cert_file=str(file), tls_key_file=str(key))
    (opened,) = open_listeners([listener])
    assert f'listener {opened.url}: the certificate "one" in {file} ended on' in caplog.text
    caplog.clear()
    new_file, new_key = write_certificate(tmp_path, "two", ends=5.5 * DAY)
    new_file.replace(file)
    new_key.replace(key)
    opened.reload()
    assert '"one"' not in caplog.text
    assert f'the certificate "two" in {file} ends on' in caplog.text
    opened.close()


def test_the_end_is_told_as_a_metric_sealed_or_not() -> None:
    counts = Meter().counts(0)
    gauges = Gauges(unsealed=False, certificate_ends={"https://a:1": 1_800_000_000.0})
    name = "cryptoserve_certificate_expiry_timestamp_seconds"
    assert f'{name}{{listener="https://a:1"}} 1.8e+09\n' in prometheus_text(counts, gauges).decode()
    told = {
        "Name": "cryptoserve.certificate_expiry_timestamp_seconds",
        "Value": 1_800_000_000.0,
        "Labels": {"listener": "https://a:1"},
    }
    assert told in json_data(counts, gauges, 0.0)["Gauges"]
