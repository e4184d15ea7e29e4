"""What is counted, and how it is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from server.core.unsealed import BackgroundWork
from server.pipeline.open_routes import ListenerPermissions
from server.runtime.meter import AuditEntry, Meter, MeterTables
from server.runtime.metrics import Gauges, json_data, prometheus_text
from storage.base import put
from tests.support.systems import Notes, Server


async def _samples(server: Server) -> dict[str, float]:
    answer = await server.send("GET", "sys/metrics?format=prometheus")
    assert (answer.status, answer.headers[0][1]) == (200, b"text/plain; version=0.0.4; charset=utf-8")
    return {
        sample.name + "".join(f"{{{name}={value}}}" for name, value in sample.labels.items()): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


async def test_requests_are_counted_by_status_and_timed(server: Server) -> None:
    for _ in range(3):
        await server.ask("GET", "sys/mounts")
    await server.ask("GET", "sys/mounts", token="")
    samples = await _samples(server)
    assert samples["cryptoserve_requests_total{code=200}"] == 3
    assert samples["cryptoserve_requests_total{code=403}"] == 1
    assert samples["vault_core_handle_request_count"] == 4
    assert samples["cryptoserve_request_duration_seconds_count"] == 4
    assert samples["cryptoserve_request_duration_seconds_bucket{le=+Inf}"] == 4
    assert samples["cryptoserve_request_duration_seconds_sum"] > 0
    # The one that asks is under way itself.
    assert samples["vault_core_in_flight_requests"] == 1
    assert samples["vault_core_unsealed"] == samples["vault_core_active"] == 1
    assert samples["vault_core_mount_table_num_entries{type=auth}"] == 1
    assert samples["cryptoserve_barrier_encryptions"] > 0
    assert samples["cryptoserve_bugs_total"] == 0
    assert samples["process_open_fds"] > 0


async def test_the_form_of_vault(server: Server) -> None:
    await server.ask("GET", "sys/mounts")
    status, answer = await server.ask("GET", "sys/metrics")
    assert status == 200
    assert set(answer) == {"Timestamp", "Gauges", "Points", "Counters", "Samples"}
    gauges = {gauge["Name"]: gauge["Value"] for gauge in answer["Gauges"] if not gauge["Labels"]}
    assert gauges["vault.core.unsealed"] == 1
    (sample,) = answer["Samples"]
    assert (sample["Name"], sample["Count"]) == ("vault.core.handle_request", 1)
    assert sample["Mean"] == sample["Sum"] > 0
    counted = {counter["Name"]: counter["Count"] for counter in answer["Counters"] if not counter["Labels"]}
    assert counted == {
        "cryptoserve.rate_limited": 0,
        "cryptoserve.bugs": 0,
        "vault.audit.log_request_failure": 0,
        "vault.audit.log_response_failure": 0,
    }


async def test_an_unknown_form_is_refused_in_plain_text(server: Server) -> None:
    answer = await server.send("GET", "sys/metrics?format=n%22pe")
    assert (answer.status, answer.body) == (400, b'metric response format "n\\"pe" unknown')
    assert answer.headers == ((b"content-type", b"text/plain"),)


async def test_a_listener_may_serve_them_to_anybody_sealed_or_not(server: Server) -> None:
    assert (await server.ask("GET", "sys/metrics", token=""))[0] == 403
    monitoring = ListenerPermissions(metrics=True)
    assert (await server.ask("GET", "sys/metrics", token="", permissions=monitoring))[0] == 200
    await server.ask("POST", "sys/seal")
    assert (await server.ask("GET", "sys/metrics", token=""))[0] == 503
    status, answer = await server.ask("GET", "sys/metrics", token="", permissions=monitoring)
    gauges = {gauge["Name"]: gauge["Value"] for gauge in answer["Gauges"] if not gauge["Labels"]}
    assert (status, gauges["vault.core.unsealed"]) == (200, 0)


async def test_requests_under_way_are_shown(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def wait(view: Any, key: str) -> bytes | None:
        entered.set()
        await leave.wait()
        return b"x"

    await server.ask("POST", "sys/mounts/n", {"type": "notes"})
    await server.ask("GET", "n/note/a")
    unsealed = server.core.unsealed
    assert unsealed is not None
    engine = (await unsealed.root.mounts.router()).mounts["n/"].engine
    assert isinstance(engine, Notes)
    monkeypatch.setattr(type(engine.mount.storage), "get", wait)
    waiting = asyncio.create_task(server.ask("GET", "n/note/a"))
    await entered.wait()
    monkeypatch.undo()
    status, answer = await server.ask("GET", "sys/in-flight-req")
    assert status == 200
    shown = {request["request_path"]: request for request in answer.values()}
    assert set(shown) == {"/v1/n/note/a", "/v1/sys/in-flight-req"}
    assert shown["/v1/n/note/a"]["client_remote_address"] == "127.0.0.1:40000"
    assert shown["/v1/n/note/a"]["request_method"] == "GET"
    assert "client_id" in shown["/v1/sys/in-flight-req"]
    leave.set()
    assert (await waiting)[0] == 200
    assert server.core.runtime.in_flight == {}


async def test_a_request_that_is_given_up_is_counted(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    entered = asyncio.Event()

    async def forever(*given: object) -> None:
        entered.set()
        await asyncio.Event().wait()

    # A commit, so that there is something to catch up with.
    await put(server.core.runtime.store, "something", b"")
    monkeypatch.setattr(server.core.runtime.cache, "catch_up", forever)
    asking = asyncio.create_task(server.ask("GET", "sys/mounts"))
    await entered.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert server.core.runtime.meter.counts(0).statuses == {499: 1}
    assert server.core.runtime.in_flight == {}


def test_all_processes_are_summed_up_and_a_successor_goes_on() -> None:
    tables = MeterTables(2)
    first, second = Meter(tables, 0), Meter(tables, 1)
    for meter, status in ((first, 200), (second, 200), (second, 404)):
        meter.finished(status, 60_000)
    second.bugs += 1
    assert first.counts(0).statuses == {200: 1}
    second.share(in_flight=1)
    counts = first.counts(2)
    assert (counts.statuses, counts.in_flight, counts.bugs, counts.processes) == ({200: 2, 404: 1}, 3, 1, 2)
    # Those that are there only to ask aren't left behind in what the others see.
    assert second.counts(0).in_flight == 0
    assert (counts.buckets[1], counts.nanoseconds) == (3, 180_000)
    # The second process dies with a request under way, and is replaced.
    second = Meter(tables, 1)
    second.finished(404, 60_000)
    second.share(0)
    counts = first.counts(0)
    assert (counts.statuses, counts.in_flight, counts.bugs) == ({200: 2, 404: 2}, 0, 1)


@pytest.mark.parametrize("status", [100, 599])
def test_every_status_has_a_place(status: int) -> None:
    meter = Meter()
    meter.finished(status, 10**12)
    assert meter.counts(0).statuses == {status: 1}
    assert meter.counts(0).buckets[-1] == 1


async def test_requests_are_counted_by_mount_whatever_comes_of_them(server: Server) -> None:
    await server.ask("POST", "sys/namespaces/n")
    await server.ask("POST", "n/sys/mounts/a/b", {"type": "notes"})
    for _ in range(2):
        await server.ask("POST", "n/a/b/note/x", {"text": "y"})
    await server.ask("GET", "n/a/b/nothing/at/all")
    await server.ask("GET", "n/a/b/note/x", token="")
    await server.ask("GET", "nowhere/at/all")
    counted = {name: number for name, number in (await _samples(server)).items() if "_mount_requests_total" in name}
    assert counted == {
        "cryptoserve_mount_requests_total{mount_point=a/b/}{namespace=n}": 4,
        "cryptoserve_mount_requests_total{mount_point=sys/}{namespace=n}": 1,
        "cryptoserve_mount_requests_total{mount_point=sys/}{namespace=root}": 2,
    }


async def test_tokens_are_counted_as_they_are_made_and_as_they_are(server: Server) -> None:
    async def counted() -> dict[str, float]:
        await _maintenance(server).count()
        shown = await _samples(server)
        return {name: number for name, number in shown.items() if name.startswith(("vault_token", "vault_expire"))}

    # The parser calls every counter ``_total``, which Prometheus itself doesn't.
    root_token = "vault_token_creation_total{creation_ttl=+Inf}{namespace=root}{token_type=service}"
    assert await counted() == {"vault_token_count": 1, "vault_expire_num_leases": 0, root_token: 1}
    for ttl in ("60s", "61s", "1h"):
        await server.ask("POST", "auth/token/create", {"ttl": ttl, "policies": ["default"]})
    await server.ask("POST", "auth/token/create", {"type": "batch", "ttl": "1h", "policies": ["default"]})
    await server.ask("POST", "sys/namespaces/n")
    _, made = await server.ask("POST", "n/auth/token/create", {"policies": ["default"]})
    month = "vault_token_creation_total{creation_ttl=+Inf}{namespace=n}{token_type=service}"
    expected = {
        "vault_token_count": 5,
        "vault_expire_num_leases": 4,
        root_token: 1,
        month: 1,
        "vault_token_creation_total{creation_ttl=1m}{namespace=root}{token_type=service}": 1,
        "vault_token_creation_total{creation_ttl=10m}{namespace=root}{token_type=service}": 1,
        "vault_token_creation_total{creation_ttl=1h}{namespace=root}{token_type=service}": 1,
        "vault_token_creation_total{creation_ttl=1h}{namespace=root}{token_type=batch}": 1,
    }
    assert await counted() == expected
    await server.ask("POST", "n/auth/token/revoke", {"token": made["auth"]["client_token"]})
    assert await counted() == {**expected, "vault_token_count": 4, "vault_expire_num_leases": 3}


async def test_a_sealed_server_tells_of_no_tokens(server: Server) -> None:
    await _maintenance(server).count()
    await server.ask("POST", "sys/seal")
    answer = await server.send("GET", "sys/metrics?format=prometheus", permissions=ListenerPermissions(metrics=True))
    assert b"# TYPE vault_token_count gauge\n# HELP" in answer.body


def _maintenance(server: Server) -> BackgroundWork:
    assert server.core.unsealed is not None and server.core.unsealed.maintenance is not None
    return server.core.unsealed.maintenance


def test_audit_failures_have_vaults_names_and_are_told_by_device_too() -> None:
    tables = MeterTables(2)
    first, second = Meter(tables, 0), Meter(tables, 1)
    first.unaudited(AuditEntry.REQUEST)
    second.unaudited(AuditEntry.RESPONSE)
    for meter in (first, second, second):
        meter.device_failed("main/")
    second.share(0)
    counts = first.counts(0)
    text = prometheus_text(counts, Gauges(unsealed=True)).decode()
    assert "# TYPE vault_audit_log_request_failure counter\nvault_audit_log_request_failure 1.0\n" in text
    assert "# TYPE vault_audit_log_response_failure counter\nvault_audit_log_response_failure 1.0\n" in text
    assert 'cryptoserve_audit_device_failures_total{device="main/"} 3.0\n' in text
    told = {counter["Name"]: counter for counter in json_data(counts, Gauges(unsealed=True), 0.0)["Counters"]}
    assert told["vault.audit.log_response_failure"]["Count"] == 1
    assert told["cryptoserve.audit_device_failures"]["Labels"] == {"device": "main/"}


def test_the_newest_count_of_what_is_stored_holds_for_all_processes() -> None:
    tables = MeterTables(2)
    first, second = Meter(tables, 0), Meter(tables, 1)
    assert first.counts(0).stored is None
    first.stored(3, 2)
    second.stored(4, 1)
    assert first.counts(0).stored == second.counts(0).stored == (4, 1)
    first.stored(0, 0)
    assert second.counts(0).stored == (0, 0)
