"""The file device on real files."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engines.faults import InvalidRequest
from server.audit.devices import file_systems
from server.audit.devices.base import DeviceFault
from server.audit.devices.file import FileDevice


def device(path: Path | str, **settings: str) -> FileDevice:
    made = FileDevice({"file_path": str(path), **settings})
    made.open()
    return made


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_lines_are_appended(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"before\n")
    for text in (b"one\n", b"two\nthree\n"):
        made = device(log)
        made.write(text)
        made.close()
    assert log.read_bytes() == b"before\none\ntwo\nthree\n"


def test_two_devices_share_a_file(tmp_path: Path) -> None:
    one, other = device(tmp_path / "log"), FileDevice({"path": str(tmp_path / "log")})
    for _ in range(3):
        one.write(b"one\n")
        other.write(b"other\n")
    one.close()
    other.close()
    assert (tmp_path / "log").read_bytes() == b"one\nother\n" * 3


def test_directories_are_made_for_the_owner_alone(tmp_path: Path) -> None:
    device(tmp_path / "a" / "b" / "log").close()
    assert mode_of(tmp_path / "a" / "b") == 0o700


@pytest.mark.parametrize(
    ("setting", "expected"),
    [(None, 0o600), ("0640", 0o640), ("644", 0o644), ("0755", 0o644), ("0000", 0o666), ("0111", 0o666)],
)
def test_modes_of_an_existing_file(tmp_path: Path, setting: str | None, expected: int) -> None:
    log = tmp_path / "log"
    log.touch()
    log.chmod(0o666)
    device(log, **({} if setting is None else {"mode": setting})).close()
    assert mode_of(log) == expected


def test_a_new_file_is_never_for_everybody(tmp_path: Path) -> None:
    device(tmp_path / "log", mode="0000").close()
    assert mode_of(tmp_path / "log") == 0o600


@pytest.mark.parametrize("setting", ["9x", "-1", "0o600", "8"])
def test_wrong_modes_are_refused(setting: str) -> None:
    with pytest.raises(InvalidRequest, match=f'strconv.ParseUint: parsing "{setting}": invalid syntax'):
        FileDevice({"file_path": "x", "mode": setting})


def test_a_path_is_required() -> None:
    with pytest.raises(InvalidRequest, match="file_path is required"):
        FileDevice({})


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/proc/nope/x", "mkdir /proc/nope: no such file or directory"), ("/tmp", "open /tmp: is a directory")],  # noqa: S108
)
def test_what_cannot_be_opened_is_said_in_openbaos_words(path: str, reason: str) -> None:
    with pytest.raises(DeviceFault) as caught:
        device(path)
    assert str(caught.value) == f'sanity check failed; unable to open "{path}" for writing: {reason}'


def test_a_full_disk() -> None:
    made = device("/dev/full")
    with pytest.raises(DeviceFault, match="write /dev/full: no space left on device"):
        made.write(b"x\n")
    made.close()


def test_a_closed_descriptor(tmp_path: Path) -> None:
    made = device(tmp_path / "log")
    assert made._descriptor is not None
    os.close(made._descriptor)
    with pytest.raises(DeviceFault, match="bad file descriptor"):
        made.write(b"x\n")
    made._descriptor = None
    made.write(b"y\n")
    made.close()
    assert (tmp_path / "log").read_bytes() == b"y\n"


def test_short_writes_are_carried_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    made = device(tmp_path / "log")
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    made.write(b"0123456789\n")
    made.close()
    assert (tmp_path / "log").read_bytes() == b"0123456789\n"


def test_a_torn_line_is_ended_before_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    room = [4, 0]

    def almost_full(descriptor: int, data: bytes) -> int:
        if not room:
            return write(descriptor, data)
        left = room.pop(0)
        if not left:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[:left])

    made = device(tmp_path / "log")
    monkeypatch.setattr(os, "write", almost_full)
    with pytest.raises(DeviceFault):
        made.write(b"0123456789\n")
    made.write(b"next\n")
    made.write(b"last\n")
    made.close()
    assert (tmp_path / "log").read_bytes() == b"0123\nnext\nlast\n"


@pytest.mark.parametrize(("name", "stream"), [("stdout", "out"), ("STDERR", "err")])
def test_standard_streams(name: str, stream: str, capfd: pytest.CaptureFixture[str]) -> None:
    made = device(name)
    made.write(b"line\n")
    made.reopen()
    made.close()
    made.write(b"still open\n")
    assert getattr(capfd.readouterr(), stream) == "line\nstill open\n"


def test_discarding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = device("discard")
    made.write(b"line\n")
    made.reopen()
    made.close()
    assert list(tmp_path.iterdir()) == []


def test_reopening_keeps_the_old_file_if_the_new_cannot_be_opened(tmp_path: Path) -> None:
    log = tmp_path / "log"
    made = device(log)
    log.rename(tmp_path / "old")
    log.mkdir()
    with pytest.raises(DeviceFault, match="is a directory"):
        made.reopen()
    made.write(b"line\n")
    log.rmdir()
    made.reopen()
    made.write(b"new\n")
    made.close()
    assert ((tmp_path / "old").read_bytes(), log.read_bytes()) == (b"line\n", b"new\n")


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def reader(pipe: Path) -> int:
    """A descriptor that reads from ``pipe``, without waiting for anything."""
    return os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)


def test_a_pipe_needs_a_reader(pipe: Path) -> None:
    with pytest.raises(DeviceFault, match=r"no such device or address \(a named pipe needs a reader\)"):
        device(pipe)


def test_a_pipe_takes_lines_in_place_while_it_has_room(pipe: Path) -> None:
    descriptor = reader(pipe)
    made = device(pipe)
    line = b"x" * 1999 + b"\n"
    written = 0
    while made.write_immediately(line):
        written += 1
    assert 0 < written < 100
    writing = threading.Thread(target=made.write, args=[b"waits\n"])
    writing.start()
    expected = written * line + b"waits\n"
    read = b""
    while len(read) < len(expected):
        with contextlib.suppress(BlockingIOError):
            read += os.read(descriptor, 65536)
    writing.join(10)
    assert read == expected
    assert made.write_immediately(b"room\n")
    os.close(descriptor)
    with pytest.raises(DeviceFault, match=f"write {pipe}: broken pipe"):
        made.write_immediately(b"x\n")
    made.close()


def test_long_lines_of_two_writers_stay_whole_in_a_pipe(pipe: Path) -> None:
    descriptor = reader(pipe)
    devices = [device(pipe), device(pipe)]
    lines = [b"a" * 200_000 + b"\n", b"b" * 200_000 + b"\n"]
    assert not devices[0].write_immediately(lines[0])

    def write(made: FileDevice, line: bytes) -> None:
        for _ in range(5):
            made.write(line)

    threads = [threading.Thread(target=write, args=pair) for pair in zip(devices, lines, strict=True)]
    for thread in threads:
        thread.start()
    read = b""
    while read.count(b"\n") < 10:
        with contextlib.suppress(BlockingIOError):
            read += os.read(descriptor, 4096)
    for thread in threads:
        thread.join(10)
    assert sorted(read.splitlines(keepends=True)) == sorted(lines * 5)
    for made in devices:
        made.close()
    os.close(descriptor)


def test_a_long_line_keeps_short_ones_out_until_it_has_gone(pipe: Path) -> None:
    descriptor = reader(pipe)
    one, other = device(pipe), device(pipe)
    fcntl.flock(one._ready(), fcntl.LOCK_EX)
    assert not other.write_immediately(b"x\n")
    fcntl.flock(one._ready(), fcntl.LOCK_UN)
    assert other.write_immediately(b"x\n")
    assert os.read(descriptor, 10) == b"x\n"
    for made in (one, other):
        made.close()
    os.close(descriptor)


def test_a_regular_file_takes_anything_in_place(tmp_path: Path) -> None:
    made = device(tmp_path / "log")
    assert made.write_immediately(b"x" * 100_000 + b"\n")
    made.close()
    assert not made.write_immediately(b"y\n"), "to open it again may take long"
    assert (tmp_path / "log").read_bytes() == b"x" * 100_000 + b"\n"
    assert FileDevice({"file_path": "discard"}).write_immediately(b"x\n")


def test_a_file_of_another_machine_is_not_written_to_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status = tmp_path.stat()
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "20 1 0:5 / / rw,relatime - rootfs none rw\n"
        f"21 20 {os.major(status.st_dev)}:{os.minor(status.st_dev)} / / rw shared:1 - nfs4 host:/export rw\n"
    )
    monkeypatch.setattr(file_systems, "MOUNTS", mounts)
    made = device(tmp_path / "log")
    assert not made.write_immediately(b"x\n")
    made.write(b"y\n")
    made.close()
    assert (tmp_path / "log").read_bytes() == b"y\n"


@pytest.mark.parametrize(
    ("path", "local"),
    [
        ("/data/log", True),
        ("/data/remote/log", False),
        ("/data/remotely/log", True),
        ("/data/with space/log", False),
        ("/elsewhere", True),
    ],
)
def test_subvolumes_are_found_by_their_mount_points(
    path: str, local: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "21 20 0:30 / /data rw - btrfs /dev/vdb rw\n"
        "22 21 0:31 / /data/remote rw - fuse.sshfs host: rw\n"
        "23 21 0:32 / /data/with\\040space rw - nfs host: rw\n"
    )
    monkeypatch.setattr(file_systems, "MOUNTS", mounts)
    assert file_systems.is_local(path, os.makedev(0, 99)) is local


def test_a_standard_stream_that_is_a_pipe_stays_as_others_know_it(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    script = (
        "import os\n"
        "from server.audit.devices.file import FileDevice\n"
        "made = FileDevice({'file_path': 'stdout'})\n"
        "made.open()\n"
        "assert made.write_immediately(b'in place\\n')\n"
        "assert os.get_blocking(1)\n"
        "made.close()\n"
        "os.write(1, b'still open\\n')\n"
    )
    subprocess.run([sys.executable, "-c", script], stdout=writing, check=True, timeout=60)
    assert os.read(reading, 100) == b"in place\nstill open\n"
    os.close(reading)
    os.close(writing)
