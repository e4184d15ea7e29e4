"""The writing end of a ledger: options, entries, short writes, long entries, and what a broker makes of it."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engines.faults import Failed, Fault, InvalidRequest
from server.audit.broker import Broker, DeclaredDevice
from server.audit.devices import file_systems
from server.audit.devices.base import DeviceFault
from server.audit.entry import AuditNamespace, AuditResponse
from server.audit.ledger.device import integrator, syncing
from server.audit.ledger.device.checks import settle_segment
from server.audit.ledger.device.device import LedgerDevice
from server.audit.ledger.device.directory import LedgerDirectory, SharedPage
from server.audit.ledger.device.options import read_ledger_options
from server.audit.ledger.log.frames import Frames, SegmentReader, Skip
from server.audit.ledger.log.policy import parse_policy
from server.audit.ledger.log.writer import TreeWriter
from server.audit.ledger.offline.verify import Request as Verification
from server.audit.ledger.offline.verify import verify_directory
from tests.server.audit.audit_fixture import Held, ListDevice, entries, request
from tests.support.ledger_load import modes_of

ORIGIN = "example.com/ledger"


def made(path: Path, **options: str) -> LedgerDevice:
    """A device over a new directory."""
    device = LedgerDevice({"dir": str(path), "origin": ORIGIN, **options})
    device.rehearse(fresh=True)
    settle_segment(device.directory, 0)
    return device


def line(number: int, data: str = "") -> bytes:
    entry = {"time": "2026-11-27T05:00:00Z", "type": "request", "n": number, "data": data}
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


def found(path: Path, segment: int = 0) -> list[Frames | Skip]:
    """What a reader makes of a segment."""
    content = LedgerDirectory(path).segment(segment).read_bytes()
    reader = SegmentReader(lambda size, at: content[at : at + size], sealed=True)
    parts = []
    while (part := reader.read()) is not None:
        parts.append(part)
    return parts


def written(path: Path) -> list[dict[str, Any]]:
    """The entries of the first segment."""
    return [json.loads(entry) for part in found(path) if isinstance(part, Frames) for entry in part.entries]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"origin": "o"}, "dir is required"),
        ({"dir": "relative", "origin": "o"}, "dir must be an absolute path"),
        ({"dir": "/d"}, "origin is required"),
        ({"dir": "/d", "origin": "a b"}, "origin has no spaces, control characters or +"),
        ({"dir": "/d", "origin": "a+b"}, "origin has no spaces, control characters or +"),
        ({"dir": "/d", "origin": "o" * 201}, "origin has at most 200 bytes"),
        ({"dir": "/d", "origin": "o", "durability": "disk"}, 'durability is "process" or "power", not "disk"'),
        ({"dir": "/d", "origin": "o", "checkpoint_interval": "99ms"}, "checkpoint_interval is between 100ms and 1h"),
        ({"dir": "/d", "origin": "o", "checkpoint_interval": "2h"}, "checkpoint_interval is between 100ms and 1h"),
        ({"dir": "/d", "origin": "o", "required": "maybe"}, 'required: strconv.ParseBool: parsing "maybe": invalid'),
        ({"dir": "/d", "origin": "o", "prefix": "x"}, "a ledger has no prefix"),
        ({"dir": "/d", "origin": "o", "log_raw": "true"}, "a ledger has no log_raw"),
    ],
)
def test_options_that_are_refused(options: dict[str, str], text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        LedgerDevice(options)
    assert text in str(refused.value.message)


def test_options_and_their_defaults() -> None:
    options = read_ledger_options({"dir": "/d//e/", "origin": "o"})
    assert (str(options.directory), options.power, options.interval_seconds, options.required) == (
        "/d/e",
        False,
        1.0,
        True,
    )
    options = read_ledger_options(
        {"dir": "/d", "origin": "o", "durability": "power", "checkpoint_interval": "100ms", "required": "false"}
    )
    assert (options.power, options.interval_seconds, options.required) == (True, 0.1, False)


def test_entries_are_the_lines_with_their_place_in_the_run(tmp_path: Path) -> None:
    device = made(tmp_path / "log")
    device.worker = 3
    device.open()
    assert device.write_immediately(line(1) + line(2))
    device.write(line(3))
    device.close()
    got = written(tmp_path / "log")
    assert [entry.get("event") or entry["n"] for entry in got] == ["opened", 1, 2, 3, "closed"]
    places = [entry.pop("ledger") for entry in got]
    assert [place["n"] for place in places] == [0, 1, 2, 3, 4]
    assert {(place["worker"], place["run"]) for place in places} == {(3, places[0]["run"])}
    assert [place["mono_ns"] for place in places] == sorted(place["mono_ns"] for place in places)
    assert json.dumps(got[1], separators=(",", ":")).encode() == line(1)[:-1]
    assert modes_of(tmp_path / "log") == {"d700", "f600"}


def test_an_entry_that_had_to_wait_has_the_time_at_which_it_is_written(tmp_path: Path) -> None:
    device = made(tmp_path / "log")
    device.open()
    device.write(line(1))
    assert written(tmp_path / "log")[1]["time"] > "2026-11-27T05:00:00Z"


def test_each_opening_is_a_run_of_its_own(tmp_path: Path) -> None:
    device = made(tmp_path / "log")
    for _ in range(2):
        device.open()
        device.close()
    places = [entry["ledger"] for entry in written(tmp_path / "log")]
    assert [place["n"] for place in places] == [0, 1, 0, 1]
    assert places[0]["run"] != places[2]["run"]


def test_the_whole_frames_of_a_short_write_count_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = made(tmp_path / "log")
    device.open()
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, content[: len(content) * 2 // 3]))
    with pytest.raises(DeviceFault, match="no space left"):
        device.write_immediately(line(1) + line(2))
    monkeypatch.setattr(os, "write", write)
    assert device.write_immediately(line(3))
    parts = found(tmp_path / "log")
    assert [type(part) for part in parts] == [Frames, Skip, Frames]
    assert [entry["ledger"]["n"] for entry in written(tmp_path / "log")] == [0, 1, 2]
    assert written(tmp_path / "log")[-1]["n"] == 3


def test_a_long_entry_gives_way_to_its_hash(tmp_path: Path) -> None:
    device = made(tmp_path / "log")
    device.open()
    big = {"request": {"id": "i", "data": {"plaintext": "x" * 70_000}}, "response": {"data": "y"}, "auth": {"a": 1}}
    text = json.dumps({"time": "2026-11-27T05:00:00Z", "type": "response", **big}).encode() + b"\n"
    assert not device.write_immediately(text), "making it durable takes long"
    device.write(text)
    entry = written(tmp_path / "log")[1]
    reference = entry["request"]["data"]["large"]
    assert entry["response"]["data"] == entry["request"]["data"]
    assert (entry["auth"], entry["request"]["id"], entry["ledger"]["n"]) == ({"a": 1}, "i", 1)
    body = (tmp_path / "log" / "large" / reference["sha256"]).read_bytes()
    assert hashlib.sha256(body).hexdigest() == reference["sha256"]
    assert reference["size"] == len(body)
    assert json.loads(body) == {**big, "time": entry["time"], "type": "response", "ledger": entry["ledger"]}


def test_an_entry_that_is_long_without_its_data_is_short_too(tmp_path: Path) -> None:
    device = made(tmp_path / "log")
    device.open()
    value = {"time": "2026-11-27T05:00:00Z", "type": "request", "request": {"id": "i", "headers": ["x" * 80_000]}}
    device.write(json.dumps(value).encode() + b"\n")
    entry = written(tmp_path / "log")[1]
    assert entry["request"] == {"id": "i"}
    assert json.loads((tmp_path / "log" / "large" / entry["large"]["sha256"]).read_bytes())["request"]["headers"]


async def test_data_that_look_like_a_hash_are_put_aside_too(tmp_path: Path) -> None:
    broker = await ledger_broker(Held(), tmp_path / "log")
    forged = {"large": {"sha256": "00" * 32, "size": 1}}
    await broker.finish(broker.hold(request(data=forged)), AuditResponse())
    await broker.finish(await broker.begin(request(data=forged)), AuditResponse(data=forged))
    broker.offer(request(data=forged))
    await broker.finish(broker.hold(request()), AuditResponse(data=forged))
    await broker.close()
    names: list[str] = []
    for entry in written(tmp_path / "log"):
        parts = (entry.get("request", {}), entry.get("response", {}))
        names += {part["data"]["large"]["sha256"] for part in parts if "large" in part.get("data", {})}
    assert len(names) == 6, "each but the request whose answer alone looks so"
    for name in names:
        body = json.loads((tmp_path / "log" / "large" / name).read_bytes())
        parts = (body["request"]["data"], body.get("response", {}).get("data", {}))
        assert any(part.keys() == {"large"} for part in parts), "what was sent, not the hash of it"


def test_nothing_is_written_to_a_segment_that_is_sealed(tmp_path: Path) -> None:
    device, directory = made(tmp_path / "log"), LedgerDirectory(tmp_path / "log")
    device.open()
    device.write_immediately(line(1))
    directory.add_segment(2)
    before = directory.segment(0).read_bytes()
    settle_segment(directory, 0)
    assert not directory.segment(2).exists(), "it was not named yet, and is empty"
    directory.add_segment(2)
    directory.segment(2).write_bytes(b"\0")  # Not empty: it was written to.
    settle_segment(directory, 0)
    assert device.write_immediately(line(2))
    assert directory.segment(0).read_bytes() == before
    assert b'"n":2' in directory.segment(2).read_bytes()


@pytest.mark.parametrize("idle", [False, True])
def test_a_writer_keeps_its_segment_until_it_is_to_be_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, idle: bool
) -> None:
    monkeypatch.setattr(integrator, "SEGMENT_ENTRIES", 2)
    device, directory = made(tmp_path / "log"), LedgerDirectory(tmp_path / "log")
    device.open()
    assert device.write_immediately(line(1))
    integrating = integrator.Integrator(directory, TreeWriter(), 0, 0)
    device.yield_lock()  # It isn't asked for yet.
    assert integrating.step().size == 2
    integrating.tiles.wait()
    integrating.step()
    assert directory.segments() == [0], "its writer keeps it"
    if idle:
        device.yield_lock()
    else:
        assert device.write_immediately(line(2))
    size = integrating.step().size
    assert directory.segments() == [0, size]
    assert device.write_immediately(line(3))
    assert device.write_immediately(line(4))
    step = integrating.step()
    assert (step.size, step.segment) == (size + 2, size)
    device.close()  # Its last entry lies in this segment, and it lets go.
    integrating.tiles.wait()
    assert integrating.step().size == size + 3
    assert directory.segments() == [0, size, size + 3]
    integrating.close()


def test_no_segment_is_sealed_before_earlier_tiles_are_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may_end, errors = threading.Event(), [OSError(errno.EIO, "input/output error")]

    def sync(_path: Path) -> None:
        assert may_end.wait(10)
        if errors:
            raise errors.pop()

    monkeypatch.setattr(syncing, "sync_file_system", sync)
    monkeypatch.setattr(integrator, "SEGMENT_ENTRIES", 1)
    device, directory = made(tmp_path / "log"), LedgerDirectory(tmp_path / "log")
    device.open()
    device.close()
    integrating = integrator.Integrator(directory, TreeWriter(), 0, 0)
    assert integrating.step().size == 2
    assert directory.segments() == [0]
    may_end.set()
    with pytest.raises(OSError, match="input/output"):
        for _ in range(1000):
            integrating.step()
            time.sleep(0.001)
    assert directory.segments() == [0], "what was written may be lost"
    integrating.close()
    again = integrator.Integrator.resume(directory, 2, integrating.root(), 0, integrating.offset)
    again.step()
    again.tiles.wait()
    again.step()
    assert directory.segments() == [0, 2]
    again.close()


def test_a_short_seal_is_waited_for_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device, directory = made(tmp_path / "log"), LedgerDirectory(tmp_path / "log")
    device.open()
    device.yield_lock()
    page, segment = directory.page(), os.open(directory.segment(0), os.O_RDONLY)
    page.words[SharedPage.SEALING] = 1
    device.yield_lock()
    fcntl.flock(segment, fcntl.LOCK_EX)
    pauses = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            fcntl.flock(segment, fcntl.LOCK_UN)

    monkeypatch.setattr(time, "sleep", sleep)
    assert device.write_immediately(line(1))
    fcntl.flock(segment, fcntl.LOCK_EX)
    assert not device.write_immediately(line(2)), "a longer one isn't"
    assert 10 <= len(pauses) < 30
    assert sum(pauses) < 0.01
    os.close(segment)
    page.close()
    device.close()


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_systems, "LOCAL_TYPES", frozenset({"nothing"}))
    with pytest.raises(InvalidRequest, match="not on a local file system"):
        made(tmp_path / "log")


def test_power_waits_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    sync = os.fdatasync

    def count(descriptor: int) -> None:
        synced.append(descriptor)
        sync(descriptor)

    monkeypatch.setattr(os, "fdatasync", count)
    held = asyncio.run(_ask(tmp_path / "log", 5, durability="power"))
    assert held == 5
    assert synced


async def _ask(path: Path, number: int, **options: str) -> int:
    broker = await ledger_broker(Held(), path, **options)
    answered = 0
    for _ in range(number):
        await broker.finish(broker.hold(request()), AuditResponse())
        answered += 1
    await broker.close()
    return answered


@pytest.fixture(autouse=True)
def no_devices() -> None:
    ListDevice.made.clear()


async def ledger_broker(held: Held, path: Path, *others: DeclaredDevice, **options: str) -> Broker:
    """A broker that was just unsealed, with a ledger beside ``others``."""
    settings = {"dir": str(path), "origin": ORIGIN, "checkpoint_interval": "100ms", **options}
    broker = await held.broker(*others, DeclaredDevice("ledger", "ledger", options=settings), load=False)
    await broker.load(prepare=True)
    return broker


def full(*arguments: object) -> int:
    raise OSError(28, "No space left on device")


async def _outcome(work: Callable[[], Any]) -> str:
    try:
        await work()
    except Fault as fault:
        return type(fault).__name__
    return "answered"


@pytest.mark.parametrize(("required", "outcome"), [("true", "Failed"), ("false", "answered")])
async def test_a_required_ledger_that_takes_nothing_fails_the_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, required: str, outcome: str
) -> None:
    broker = await ledger_broker(Held(), tmp_path / "log", DeclaredDevice("list", "list"), required=required)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        assert await _outcome(lambda: broker.begin(request())) == outcome
        assert await _outcome(lambda: broker.finish(broker.hold(request()), AuditResponse())) == outcome
    assert await _outcome(lambda: broker.begin(request())) == "answered", "and goes on when there is space"
    await broker.close()


async def test_a_log_goes_on_at_a_start_with_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held()
    await (await ledger_broker(held, tmp_path / "log")).close()
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        broker = await ledger_broker(held, tmp_path / "log")
        assert await _outcome(lambda: broker.begin(request())) == "Failed"
    assert await _outcome(lambda: broker.begin(request())) == "answered"
    await broker.close()
    assert [entry["type"] for entry in written(tmp_path / "log")] == ["ledger", "ledger", "ledger", "request", "ledger"]


async def test_a_ledger_is_enough_where_another_device_takes_nothing(tmp_path: Path) -> None:
    failing = DeclaredDevice("list", "list", options={"failing": "true", "skip_test": "true"})
    broker = await ledger_broker(Held(), tmp_path / "log", failing)
    await broker.finish(broker.hold(request()), AuditResponse())
    await broker.close()
    assert [entry["type"] for entry in written(tmp_path / "log")] == ["ledger", "request", "response", "ledger"]


async def test_the_ledger_is_written_before_other_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    broker = await ledger_broker(Held(), tmp_path / "log", DeclaredDevice("list", "list"))
    device = ListDevice.made[-1]

    def write(lines: bytes) -> bool:
        seen.append(len(written(tmp_path / "log")))
        return True

    monkeypatch.setattr(device, "write_immediately", write)
    await broker.begin(request())
    assert seen == [2], "`opened`, and this request"
    await broker.close()


async def test_all_processes_are_told_before_the_first_entry_of_a_namespace(tmp_path: Path) -> None:
    def told() -> bool:
        page = LedgerDirectory(tmp_path / "log").page()
        try:
            return bool(page.words[SharedPage.NAMESPACES])
        finally:
            page.close()

    broker = await ledger_broker(Held(), tmp_path / "log")
    broker.hold(request())
    assert not told()
    broker.hold(request(namespace=AuditNamespace("n1", "team/")))
    assert told()
    await broker.close()
    device = made(tmp_path / "other")
    device.meet_namespace()
    device.open()
    page = device.directory.page()
    assert page.words[SharedPage.NAMESPACES] == 1, "it was met before the device was opened"
    page.words[SharedPage.NAMESPACES] = 0
    device.note("opened", {"namespace": {"id": "n1"}})
    assert page.words[SharedPage.NAMESPACES] == 1
    page.close()
    device.close()


async def test_one_ledger_at_most(tmp_path: Path) -> None:
    broker = await ledger_broker(Held(), tmp_path / "log")
    options = {"dir": str(tmp_path / "other"), "origin": "other"}
    with pytest.raises(InvalidRequest, match="at most one"):
        await broker.enable("second", "ledger", options=options)
    assert not (tmp_path / "other").exists()
    await broker.close()


async def test_a_ledger_is_disabled_and_goes_on_where_it_was(tmp_path: Path) -> None:
    held = Held()
    broker = await held.broker()
    options = {"dir": str(tmp_path / "log"), "origin": ORIGIN}
    await broker.enable("l", "ledger", options=options)
    assert await broker.disable("l") == []
    assert [entry["type"] for entry in written(tmp_path / "log")] == ["ledger", "request", "ledger"]
    assert written(tmp_path / "log")[-1]["event"] == "disabled"
    assert (tmp_path / "log" / "checkpoint").read_text().splitlines()[1] == "3"
    with pytest.raises(InvalidRequest, match="isn't empty"):
        await broker.enable("l", "ledger", options={**options, "origin": "another"})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    with pytest.raises(InvalidRequest, match="nothing is remembered"):
        await broker.enable("l", "ledger", options={"dir": str(tmp_path / "mine"), "origin": "another"})
    assert os.listdir(tmp_path / "mine") == ["file"], "nothing is made in a directory that isn't used"
    with pytest.raises(InvalidRequest, match="3 entries are remembered"):
        await broker.enable("l", "ledger", options={**options, "dir": str(tmp_path / "new")})
    await broker.enable("l", "ledger", options=options)
    await broker.close()
    assert len(written(tmp_path / "log")) == 6


async def test_disabling_works_with_a_full_disk_and_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = await Held().broker()
    await broker.enable("l", "ledger", options={"dir": str(tmp_path / "log"), "origin": ORIGIN})
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        missing = await broker.disable("l")
    assert [text.partition(":")[0] for text in missing] == [
        "the ledger's last entry was not written",
        "the ledger's last checkpoint was not signed",
    ]
    assert broker.devices() == {}


async def test_a_rolled_back_directory_is_refused_with_both_sizes(tmp_path: Path) -> None:
    held = Held()
    broker = await ledger_broker(held, tmp_path / "log")
    for _ in range(10):
        await broker.finish(broker.hold(request()), AuditResponse())
    await broker.close()
    for path in (tmp_path / "log").rglob("*"):
        if path.is_file():
            path.unlink()
    with pytest.raises(Failed, match="0 entries, or to other ones; 22 entries are remembered"):
        await ledger_broker(held, tmp_path / "log")
    assert not [path for path in (tmp_path / "log").rglob("*") if path.is_file() and path.name != "lock"]


async def test_the_file_device_keeps_its_times_and_the_ledger_follows_its_clock(tmp_path: Path) -> None:
    now = [1_795_000_000_000_000_000]
    held = Held()
    file = DeclaredDevice("file", "file", options={"file_path": str(tmp_path / "file")})
    settings = {"dir": str(tmp_path / "log"), "origin": ORIGIN}
    ledger = DeclaredDevice("ledger", "ledger", options=settings)
    broker = await held.broker(file, ledger, load=False, nanoseconds=lambda: now[0])
    await broker.load(prepare=True)
    pending = broker.hold(request())
    now[0] += 2_000_000_000
    await broker.finish(pending, AuditResponse())
    await broker.close()
    assert len({entry["time"] for entry in entries(tmp_path / "file")}) == 2
    times = [entry["time"] for entry in written(tmp_path / "log") if entry["type"] != "ledger"]
    assert len(times) == 2 and len(set(times)) == 1


async def test_a_clock_that_was_set_back_shows(tmp_path: Path) -> None:
    now = [1_795_000_000_000_000_000]
    settings = {"dir": str(tmp_path / "log"), "origin": ORIGIN}
    ledger = DeclaredDevice("ledger", "ledger", options=settings)
    broker = await Held().broker(ledger, load=False, nanoseconds=lambda: now[0])
    await broker.load(prepare=True)
    for back in (0, 0, 3600 * 1_000_000_000):
        now[0] -= back
        await broker.finish(broker.hold(request()), AuditResponse())
    await broker.close()
    report = verify_directory(tmp_path / "log", Verification(parse_policy((tmp_path / "log/policy").read_bytes())))
    assert {str(finding.kind) for finding in report.all_findings()} == {"time"}
