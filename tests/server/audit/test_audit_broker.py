"""The broker: what reaches devices, when a request fails, and how devices come and go."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.faults import Failed, InvalidRequest, Unavailable
from server.audit import broker as brokers
from server.audit import enabled
from server.audit.broker import Broker, DeclaredDevice
from server.audit.devices.base import DeviceFault
from server.audit.entry import AuditResponse, refusal
from server.audit.hashing import new_salt
from server.audit.stored import StoredDevice, StoredDevices
from server.runtime.meter import AuditEntry, Meter
from storage.base import Damaged, put
from storage.view import View
from tests.server.audit.audit_fixture import CLIENT_TOKEN, GateDevice, Held, ListDevice, entries, request

ANSWER = AuditResponse(data={"ciphertext": "vault:v1:x"})


@pytest.fixture(autouse=True)
def made() -> list[ListDevice]:
    """The list devices that the test has had made."""
    ListDevice.made.clear()
    return ListDevice.made


@pytest.fixture
def held() -> Held:
    return Held()


def types(calls: list[bytes]) -> list[list[str]]:
    """What each call of a device's write held, but for the test entry."""
    return [[json.loads(line)["type"] for line in call.splitlines()] for call in calls[1:]]


async def run(broker: Broker, *, together: bool = False) -> None:
    await broker.finish(broker.hold(request()) if together else await broker.begin(request()), ANSWER)


async def test_without_devices_nothing_is_written_and_nothing_fails(held: Held) -> None:
    broker = await held.broker()
    await run(broker)
    assert broker.devices() == {}


async def test_a_test_entry_comes_first(held: Held, made: list[ListDevice]) -> None:
    broker = await held.broker()
    await broker.enable("a", "list")
    (entry,) = [json.loads(line) for line in made[0].calls]
    assert {key: entry[key] for key in ("type", "auth")} == {"type": "request", "auth": {"token_type": "default"}}
    assert entry["request"].keys() == {"id", "operation", "namespace", "path"}
    assert (entry["request"]["path"], entry["request"]["operation"]) == ("sys/audit/test", "update")


async def test_entries_are_written_one_by_one_or_together(held: Held, made: list[ListDevice]) -> None:
    broker = await held.broker()
    await broker.enable("a", "list")
    pending = await broker.begin(request())
    assert types(made[0].calls) == [["request"]]
    await broker.finish(pending, ANSWER)
    await run(broker, together=True)
    await broker.refuse(request(error="permission denied"), refusal(InvalidRequest("x")))
    assert types(made[0].calls) == [["request"], ["response"], ["request", "response"], ["request", "response"]]


async def test_every_device_has_its_own_salt(held: Held, made: list[ListDevice]) -> None:
    broker = await held.broker()
    for path in ("a", "b"):
        await broker.enable(path, "list")
    await run(broker)
    logged = [json.loads(device.calls[-1])["request"]["client_token"] for device in made]
    assert logged == [broker.hash(path, CLIENT_TOKEN) for path in ("a", "b/")]
    assert logged[0] != logged[1]


@pytest.mark.parametrize("together", [False, True])
async def test_a_request_fails_if_no_device_takes_it(held: Held, made: list[ListDevice], together: bool) -> None:
    broker = await held.broker()
    for path in ("a", "b"):
        await broker.enable(path, "list")
    made[0].failing = True
    await run(broker, together=together)
    made[1].failing = True
    with pytest.raises(Failed) as caught:
        await run(broker, together=together)
    assert (caught.value.message, caught.value.wrapped) == ("internal error", False)
    made[0].failing = False
    await run(broker, together=together)


async def test_an_outcome_fails_if_no_device_takes_it(held: Held, made: list[ListDevice]) -> None:
    broker = await held.broker()
    await broker.enable("a", "list")
    pending = await broker.begin(request())
    made[0].failing = True
    with pytest.raises(Failed):
        await broker.finish(pending, ANSWER)


async def test_a_failing_device_is_logged_once_and_without_entries(
    held: Held, made: list[ListDevice], caplog: pytest.LogCaptureFixture
) -> None:
    broker = await held.broker()
    for path in ("a", "b"):
        await broker.enable(path, "list")
    made[0].failing = True
    with caplog.at_level(logging.WARNING):
        await run(broker)
        await run(broker)
        made[0].failing = False
        await run(broker)
    assert caplog.messages == [
        "audit device a/ takes no entries: told to fail",
        "audit device a/ takes entries again; it has missed 4",
    ]


async def test_a_broken_plug_in_is_one_that_fails(
    held: Held, made: list[ListDevice], monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = await held.broker()
    await broker.enable("a", "list")

    def broken(lines: bytes) -> None:
        raise ZeroDivisionError(lines)

    monkeypatch.setattr(made[0], "write", broken)
    with pytest.raises(Failed):
        await run(broker)


async def test_a_full_disk_fails_closed(held: Held, tmp_path: Path) -> None:
    broker = await held.broker()
    with pytest.raises(InvalidRequest, match="audit backend failed test message: write /dev/full: no space left"):
        await broker.enable("full", "file", options={"file_path": "/dev/full"})
    assert broker.devices() == {}
    link = tmp_path / "log"
    link.symlink_to(tmp_path / "file")
    await broker.enable("a", "file", options={"file_path": str(link), "mode": "0000"})
    link.unlink()
    link.symlink_to("/dev/full")
    await broker.reopen()
    with pytest.raises(Failed):
        await run(broker)


async def test_a_device_enabled_meanwhile_sees_the_outcome(held: Held, made: list[ListDevice]) -> None:
    broker = await held.broker()
    pending = await broker.begin(request())
    await broker.enable("a", "list")
    await broker.finish(pending, ANSWER)
    assert types(made[0].calls) == [["response"]]


async def test_a_device_disabled_meanwhile_sees_nothing_more(held: Held, made: list[ListDevice]) -> None:
    broker = await held.broker()
    await broker.enable("a", "list")
    pending = await broker.begin(request())
    await broker.disable("a")
    await broker.finish(pending, ANSWER)
    assert types(made[0].calls) == [["request"]]
    assert not made[0].opened


async def test_devices_are_listed_as_they_were_given(held: Held) -> None:
    broker = await held.broker()
    await broker.enable("b/c", "list", "second", {"log_raw": "true"}, local=True)
    await broker.enable("/a/", "list")
    assert list(broker.devices().items()) == [
        ("a/", {"path": "a/", "type": "list", "description": "", "options": {}, "local": False}),
        (
            "b/c/",
            {"path": "b/c/", "type": "list", "description": "second", "options": {"log_raw": "true"}, "local": True},
        ),
    ]


@pytest.mark.parametrize(
    ("path", "kind", "options", "message"),
    [
        ("a", "list", {}, "path already in use"),
        ("a/b", "list", {}, "path already in use"),
        ("x", "nope", {}, 'unknown backend type: "nope"'),
        ("x", "file", {}, "file_path is required"),
        ("x", "file", {"file_path": "y", "file_pth": "z"}, 'have no option "file_pth"; did you mean "file_path"?'),
        ("x", "file", {"file_path": "y", "hmac_acessor": "z"}, 'have no option "hmac_acessor"; did you mean "hmac_acc'),
        ("x", "file", {"file_path": "y", "qqq": "z"}, 'type "file" have no option "qqq"; there are elide_list_resp'),
        ("x", "file", {"file_path": "discard", "skip_test": "z"}, 'strconv.ParseBool: parsing "z": invalid syntax'),
        ("x", "list", {"prefix": "x"}, "audit log prefixing is not allowed"),
        ("x", "list", {"failing": "true"}, "audit backend failed test message: told to fail"),
        ("x", "file", {"file_path": "/proc/nope/x"}, "sanity check failed; unable to open"),
        ("/", "list", {}, "the path of an audit device is empty"),
    ],
)
async def test_what_cannot_be_enabled(held: Held, path: str, kind: str, options: dict[str, str], message: str) -> None:
    broker = await held.broker()
    await broker.enable("a", "list")
    with pytest.raises(InvalidRequest, match=message):
        await broker.enable(path, kind, options=options)
    assert list(broker.devices()) == ["a/"]


async def test_a_device_need_not_be_tested(held: Held) -> None:
    broker = await held.broker()
    await broker.enable("full", "file", options={"file_path": "/dev/full", "skip_test": "true"})
    assert list(broker.devices()) == ["full/"]
    with pytest.raises(Failed):
        await run(broker)


async def test_a_stored_device_is_taken_with_options_that_are_no_longer_known(held: Held) -> None:
    device = StoredDevice("file", "", {"file_path": "discard", "of_old": "x"}, False, new_salt(), False)
    await StoredDevices(View(held.store, "sys/audit/", held.cache)).add("a/", device)
    broker = await held.broker()
    await run(broker)
    assert broker.devices()["a/"]["options"] == {"file_path": "discard", "of_old": "x"}


async def test_hashing_for_nobody_is_refused(held: Held) -> None:
    broker = await held.broker()
    with pytest.raises(InvalidRequest, match='unknown audit backend "x/"'):
        broker.hash("x", "text")
    with pytest.raises(InvalidRequest, match='the "input" parameter is empty'):
        broker.hash("x", "")


async def test_devices_and_salts_outlive_the_process(held: Held, tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    first = await held.broker()
    await first.enable("a", "file", options={"file_path": str(log)})
    await run(first)
    await first.close()
    assert first.stale
    second = await held.broker()
    await run(second)
    assert second.hash("a", "x") == (await held.broker()).hash("a", "x")
    written = [entry["request"]["client_token"] for entry in entries(log)]
    assert written == [second.hash("a", CLIENT_TOKEN)] * 4


async def test_workers_follow_each_other(held: Held, made: list[ListDevice]) -> None:
    one, other = await held.broker(), await held.broker()
    await one.enable("a", "list")
    await held.cache.catch_up()
    assert other.stale
    await other.load()
    assert not other.stale
    assert list(other.devices()) == ["a/"]
    with pytest.raises(InvalidRequest, match="path already in use"):
        await other.enable("a", "list")
    await other.disable("a")
    await held.cache.catch_up()
    await one.load()
    assert one.devices() == {}
    assert not any(device.opened for device in made)


async def test_devices_are_up_to_date_before_the_broker_says_so(
    held: Held, slow_storage: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = await held.broker(), await held.broker()
    await one.enable("a", "list")
    await held.cache.catch_up()
    stored = threading.Event()
    monkeypatch.setattr(ListDevice, "open", lambda device: stored.wait(10))
    loading = asyncio.create_task(other.load())
    while not ListDevice.made[1:]:
        await asyncio.sleep(0)
    device = StoredDevice("list", "", {}, False, new_salt(), False)
    await StoredDevices(View(held.store, "sys/audit/", held.cache)).add("b/", device)
    await held.cache.catch_up()
    stored.set()
    while not loading.done():
        assert other.stale or list(other.devices()) == ["a/", "b/"]
        await asyncio.sleep(0)
    await loading
    assert not other.stale
    assert list(other.devices()) == ["a/", "b/"]


async def test_two_workers_cannot_take_one_path(held: Held) -> None:
    one, other = await held.broker(), await held.broker()
    outcomes = await asyncio.gather(one.enable("a", "list"), other.enable("a/b", "list"), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvalidRequest", "NoneType"]


async def test_loading_keeps_what_has_not_changed(held: Held, made: list[ListDevice]) -> None:
    broker = await held.broker()
    await broker.enable("a", "list")
    await broker.load()
    await run(broker)
    assert len(made) == 1
    assert types(made[0].calls) == [["request"], ["response"]]


async def test_declared_devices(held: Held, made: list[ListDevice]) -> None:
    broker = await held.broker(DeclaredDevice("main", "list", "declared"))
    assert types(made[0].calls) == []
    assert broker.devices()["main/"]["description"] == "declared"
    with pytest.raises(InvalidRequest, match="cannot disable configuration-managed audit device"):
        await broker.disable("main")
    await broker.enable("other", "list")
    hashed = broker.hash("main", "x")
    changed = await held.broker(DeclaredDevice("main/", "list", options={"hmac_accessor": "false"}))
    assert changed.hash("main", "x") == hashed
    assert changed.devices()["main/"]["options"] == {"hmac_accessor": "false"}
    gone = await held.broker()
    assert list(gone.devices()) == ["other/"]


async def test_a_declared_device_must_work_at_first(held: Held) -> None:
    broken = DeclaredDevice("main", "file", options={"file_path": "/proc/nope/x"})
    for _ in range(2):  # The first attempt leaves nothing that would make the second one look settled.
        with pytest.raises(InvalidRequest, match='sanity check failed; unable to open "/proc/nope/x" for writing'):
            await held.broker(broken)


async def test_a_device_that_cannot_be_opened_later_fails_closed_until_it_can(held: Held, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "audit.log"
    first = await held.broker()
    await first.enable("a", "file", options={"file_path": str(log)})
    await first.close()
    log.unlink()
    log.parent.rmdir()
    log.parent.write_text("in the way")
    second = await held.broker()
    with pytest.raises(Failed):
        await run(second)
    log.parent.unlink()
    await run(second)
    assert len(log.read_text().splitlines()) == 2


async def test_a_failed_load_is_tried_again(held: Held) -> None:
    broker = await held.broker()
    await put(held.store, "sys/audit/x%2F", b"\xc1")
    await held.cache.catch_up()
    with pytest.raises(Damaged, match="x/"):
        await broker.load()
    assert broker.stale


async def test_reopening_after_the_log_was_renamed(held: Held, tmp_path: Path) -> None:
    log, old = tmp_path / "audit.log", tmp_path / "audit.log.1"
    broker = await held.broker()
    await broker.enable("a", "file", options={"file_path": str(log)})
    log.rename(old)
    await run(broker)
    await broker.reopen()
    await run(broker)
    assert [len(path.read_text().splitlines()) for path in (old, log)] == [3, 2]


async def test_one_device_that_cannot_reopen_stops_no_other(
    held: Held, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker = await held.broker()
    logs = [tmp_path / "a" / "log", tmp_path / "b" / "log"]
    for log in logs:
        await broker.enable(log.parent.name, "file", options={"file_path": str(log)})
    logs[0].unlink()
    logs[0].mkdir()
    logs[1].unlink()
    await broker.reopen()
    assert "audit device a/ can't be reopened" in caplog.text
    await run(broker)
    assert len(logs[1].read_text().splitlines()) == 2


@pytest.fixture
def gates(made: list[ListDevice]) -> Iterator[Gates]:
    """The gate devices that the test has had made; they are open at its end."""
    gates = Gates(made)
    yield gates
    gates.open()


class Gates:
    """Devices that hang until they are told."""

    def __init__(self, made: list[ListDevice]) -> None:
        self._made = made

    @property
    def devices(self) -> list[GateDevice]:
        return [device for device in self._made if isinstance(device, GateDevice)]

    def open(self) -> None:
        for device in self.devices:
            device.gate.set()

    def shut(self) -> None:
        for device in self.devices:
            device.gate.clear()


async def begun(*tasks: asyncio.Task[Any]) -> None:
    """Give ``tasks`` the time to come to where they wait."""
    for _ in range(20):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)


@pytest.mark.parametrize("together", [False, True])
async def test_a_request_waits_for_a_slow_device(held: Held, gates: Gates, together: bool) -> None:
    broker = await held.broker()
    await broker.enable("a", "gate")
    gates.shut()
    tasks = [asyncio.create_task(run(broker, together=together)) for _ in range(3)]
    await begun(*tasks)
    gates.open()
    await asyncio.gather(*tasks)
    written = types(gates.devices[0].calls)
    assert written == ([["request", "response"]] * 3 if together else [["request"]] * 3 + [["response"]] * 3)


async def test_a_request_waits_for_the_first_device_alone(held: Held, gates: Gates, made: list[ListDevice]) -> None:
    broker = await held.broker()
    await broker.enable("slow", "gate")
    await broker.enable("quick", "list")
    gates.shut()
    for _ in range(3):
        await run(broker)
    slow, quick = made
    assert types(slow.calls) == []
    gates.open()
    await broker.close()
    assert types(slow.calls) == types(quick.calls) == [["request"], ["response"]] * 3


async def test_no_device_in_time_is_no_request(
    held: Held, gates: Gates, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broker = await held.broker()
    await broker.enable("a", "gate")
    gates.shut()
    monkeypatch.setattr(brokers, "WAIT_SECONDS", 0.01)
    with pytest.raises(Unavailable, match="so the request was not handled"):
        await broker.begin(request())
    with pytest.raises(Unavailable, match="so the request was not handled"):
        await broker.refuse(request(), ANSWER)
    gates.open()
    monkeypatch.undo()
    pending = await broker.begin(request())
    gates.shut()
    monkeypatch.setattr(brokers, "WAIT_SECONDS", 0.01)
    with pytest.raises(Unavailable, match="the request was handled, but"):
        await broker.finish(pending, ANSWER)
    gates.open()
    monkeypatch.undo()
    await run(broker)
    assert (
        caplog.messages
        == [
            "audit device a/ takes no entries: one has waited for 0.01 seconds",
            "audit device a/ takes entries again; it has missed 0",
        ]
        * 2
    )
    # What was given up has left its entry all the same.
    assert types(gates.devices[0].calls)[:3] == [["request"], ["request", "response"], ["request"]]


async def test_requests_beyond_those_that_may_wait_are_refused_at_once(
    held: Held, gates: Gates, caplog: pytest.LogCaptureFixture
) -> None:
    broker = await held.broker(max_waiting=5)
    await broker.enable("a", "gate")
    gates.shut()
    tasks = [asyncio.create_task(run(broker, together=True)) for _ in range(5)]
    await begun(*tasks)
    for _ in range(3):
        with pytest.raises(Unavailable, match="no audit device takes entries at present"):
            await run(broker)
    gates.open()
    await asyncio.gather(*tasks)
    await run(broker)
    assert caplog.messages == [
        "audit device a/ takes no entries: 5 entries wait for it",
        "audit device a/ takes entries again; it has missed 3",
    ]


async def test_a_slow_device_that_fails_in_the_end_fails_the_request(held: Held, gates: Gates) -> None:
    broker = await held.broker()
    await broker.enable("a", "gate")
    gates.shut()
    waiting = asyncio.create_task(run(broker))
    await begun(waiting)
    gates.devices[0].failing = True
    gates.open()
    with pytest.raises(Failed, match="internal error"):
        await waiting


async def test_a_request_that_is_cut_off_leaves_its_entry(held: Held, gates: Gates) -> None:
    broker = await held.broker()
    await broker.enable("a", "gate")
    pending = await broker.begin(request())
    gates.shut()
    waiting = asyncio.create_task(run(broker))
    await begun(waiting)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    broker.abandon(pending, ANSWER)
    gates.open()
    await broker.close()
    assert types(gates.devices[0].calls) == [["request"], ["request"], ["response"]]


async def test_a_device_that_hangs_can_neither_be_enabled_nor_hold_up_others(
    held: Held, gates: Gates, monkeypatch: pytest.MonkeyPatch, made: list[ListDevice]
) -> None:
    monkeypatch.setattr(enabled, "OPEN_SECONDS", 0.01)
    broker = await held.broker()
    stuck = threading.Event()
    monkeypatch.setattr(ListDevice, "open", lambda device: stuck.wait(10))
    with pytest.raises(InvalidRequest, match=r"it has not answered within 0\.01 seconds"):
        await broker.enable("a", "gate")
    assert broker.devices() == {}
    stuck.set()


async def test_closing_does_not_wait_for_a_device_that_hangs(
    held: Held, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enabled, "CLOSE_SECONDS", 0.01)
    broker = await held.broker()
    await broker.enable("a", "gate")
    gates.shut()
    waiting = asyncio.create_task(run(broker, together=True))
    await begun(waiting)
    await broker.close()
    gates.open()
    await waiting
    assert types(gates.devices[0].calls) == [["request", "response"]]


async def test_what_a_device_has_not_taken_is_counted_by_device_and_in_all(held: Held, made: list[ListDevice]) -> None:
    meter = Meter()
    broker = await held.broker(meter=meter)
    await broker.enable("good", "list")
    await broker.enable("bad", "list")
    made[1].failing = True
    await run(broker)
    counts = meter.counts(0)
    assert (dict(counts.devices), set(counts.unaudited.values())) == ({("bad/",): 2}, {0})
    made[0].failing = True
    for together in (False, True):
        with pytest.raises(Failed):
            await run(broker, together=together)
    made[0].failing = False
    pending = await broker.begin(request())
    made[0].failing = True
    with pytest.raises(Failed):
        await broker.finish(pending, ANSWER)
    counts = meter.counts(0)
    assert counts.unaudited == {AuditEntry.REQUEST: 2, AuditEntry.RESPONSE: 1}
    assert counts.devices == {("bad/",): 6, ("good/",): 3}


async def test_failures_in_a_devices_thread_and_waits_in_vain_are_counted(
    held: Held, made: list[ListDevice], monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = Meter()
    broker = await held.broker(meter=meter)
    await broker.enable("slow", "gate")
    device = made[0]
    assert isinstance(device, GateDevice)
    device.failing = True
    with pytest.raises(Failed):
        await run(broker)
    assert meter.counts(0).unaudited[AuditEntry.REQUEST] == 1
    assert meter.counts(0).devices == {("slow/",): 1}
    device.failing = False
    device.gate.clear()
    monkeypatch.setattr(brokers, "WAIT_SECONDS", 0.05)
    with pytest.raises(Unavailable):
        await run(broker)
    assert meter.counts(0).unaudited[AuditEntry.REQUEST] == 2
    assert meter.counts(0).devices == {("slow/",): 1}, "the device may take it yet"
    device.gate.set()


async def test_an_offered_entry_is_written_without_waiting_and_a_check_waits_for_it(
    held: Held, made: list[ListDevice]
) -> None:
    broker = await held.broker()
    await broker.enable("slow", "gate")
    device = made[0]
    assert isinstance(device, GateDevice)
    check = broker.checks()["slow/"]
    device.gate.clear()
    pending = broker.offer(request())
    waiting = [asyncio.create_task(check()) for _ in range(3)]
    await asyncio.sleep(0.05)
    assert not any(task.done() for task in waiting)
    device.gate.set()
    await asyncio.gather(*waiting)
    broker.abandon(pending, ANSWER)
    await check()
    assert types(device.calls) == [["request"], ["response"]]
    device.failing = True
    broker.offer(request())
    with pytest.raises(DeviceFault, match="told to fail"):
        await check()
    device.failing = False
    broker.offer(request())
    await check()


async def test_an_offered_entry_that_every_device_refuses_is_no_fault(held: Held, made: list[ListDevice]) -> None:
    broker = await held.broker()
    await broker.enable("a", "list")
    made[0].failing = True
    broker.abandon(broker.offer(request()), ANSWER)
    with pytest.raises(DeviceFault, match="told to fail"):
        await broker.checks()["a/"]()
