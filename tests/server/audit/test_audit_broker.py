"""The broker: what reaches devices, when a request fails, and how devices come and go."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from pathlib import Path

import pytest

from engines.faults import Failed, InvalidRequest
from server.audit.broker import DeclaredDevice
from server.audit.entry import refusal
from server.audit.hashing import new_salt
from server.audit.stored import StoredDevice, StoredDevices
from storage.base import Damaged, put
from storage.view import View
from tests.server.audit.audit_fixture import (
    ANSWER,
    CLIENT_TOKEN,
    Held,
    ListDevice,
    entries,
    request,
    run,
    types,
)


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
