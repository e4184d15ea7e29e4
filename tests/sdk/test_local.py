"""Local mode and files, by both clients, at our server and at OpenBao: no data key is used beyond a bound."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from cryptoserve import (
    BatchFailed,
    CryptoServe,
    DecryptionFailed,
    InvalidResponse,
    Local,
    PermissionDenied,
    Unavailable,
)
from cryptoserve.local import bounds
from cryptoserve.local.format import read_message
from tests.sdk.conftest import Connect, at, each, fresh, token_with
from tests.sdk.scripted import Scripted, answer
from tests.support.servers import Server

CARD = b"4111-1111-1111-1111"


def wrapped(text: str) -> str:
    """The wrapped data key of a text."""
    return read_message(text).header.wrapped


def test_messages(connect: Connect, server: Server) -> None:
    client, context = connect(**at(server), local=Local()), fresh("local")
    for plaintext in (CARD, b"", bytearray(b"abc"), memoryview(b"abc"), os.urandom(1 << 20)):
        text = client.encrypt(plaintext, context)  # The first one makes the key.
        assert text.startswith("cs1:")
        assert client.decrypt(text, context) == bytes(plaintext)
    many = client.encrypt_many([CARD, b""], context)
    old_form = connect(**at(server)).encrypt(CARD, context)
    assert client.decrypt_many([*many, old_form], context) == [CARD, b"", CARD]
    # Without local mode, texts open all the same.
    assert connect(**at(server)).decrypt_many([old_form, *many], context) == [CARD, CARD, b""]


def test_contexts_apps_and_teams_are_apart(connect: Connect, server: Server) -> None:
    client, context = connect(**at(server), local=Local()), fresh("apart")
    text = client.encrypt(CARD, context)
    client.encrypt(CARD, "other-context")
    for other, name in (
        (client, "other-context"),
        (client, "never-used"),
        (connect("other", "backend", **at(server), local=Local()), context),
        (connect("payments", "other", **at(server), local=Local()), context),
        (connect("payments", "other", **at(server)), context),
    ):
        with pytest.raises(DecryptionFailed):
            other.decrypt(text, name)
        with pytest.raises(BatchFailed):
            other.decrypt_many([text], name)


@pytest.mark.parametrize("wrong", ["cs1:", "cs1:!", "cs1:AAAA", "cs1:" + "A" * 400])
def test_damage_is_the_same_error(connect: Connect, server: Server, wrong: str) -> None:
    client, context = connect(**at(server), local=Local()), fresh("damage")
    text = client.encrypt(CARD, context)
    for damaged in (wrong, text[:-4], text[:-6] + "AAAAAA", text[:90] + ("A" if text[90] != "A" else "B") + text[91:]):
        with pytest.raises(DecryptionFailed, match="the text doesn't open here"):
            client.decrypt(damaged, context)
    with pytest.raises(BatchFailed) as caught:
        client.decrypt_many([text, wrong, "vault:v1:AAAA"], context)
    assert (caught.value.results, list(caught.value.errors)) == ([CARD, None, None], [1, 2])


def test_it_works_without_the_server_until_a_bound(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(bounds, "clock", lambda: now[0])
    going = Scripted()
    _playing(going)
    going.start()
    client = connect(addr=going.address, token="t", local=Local(max_age=60), timeout=2)
    text = client.encrypt(CARD, "c")
    client.decrypt(text, "c")
    going.stop()
    now[0] += 59.9
    assert client.decrypt(client.encrypt(CARD, "c"), "c") == CARD
    now[0] += 0.2
    with pytest.raises(Unavailable):
        client.encrypt(CARD, "c")
    with pytest.raises(Unavailable):
        client.decrypt(text, "c")


def test_rewrap_and_versions(connect: Connect, own_server: Server) -> None:
    client, context = connect(**at(own_server), local=Local()), fresh("rewrapped")
    old = client.encrypt(CARD, context)
    assert wrapped(old).startswith("vault:v1:")
    client.rotate(context)
    assert wrapped(client.encrypt(CARD, context)).startswith("vault:v2:")
    new = client.rewrap(old, context)
    assert wrapped(new).startswith("vault:v2:")
    own_server.request("POST", f"transit/keys/{context}/config", {"min_decryption_version": 2})
    reader = connect(**at(own_server), local=Local())
    assert reader.decrypt(new, context) == CARD
    with pytest.raises(DecryptionFailed):
        reader.decrypt(old, context)
    with pytest.raises(DecryptionFailed):
        client.rewrap(old, context)


def test_files(connect: Connect, server: Server, tmp_path: Path) -> None:
    client, context = connect(**at(server)), fresh("files")
    source, sealed, opened = (tmp_path / name for name in ("source", "sealed", "opened"))
    source.write_bytes(os.urandom(200_000))
    client.encrypt_file(source, str(sealed), context)
    client.decrypt_file(sealed, opened, context=context)
    assert opened.read_bytes() == source.read_bytes()
    client.encrypt_file(opened, opened, context)  # In place.
    client.decrypt_file(opened, opened, context)
    assert opened.read_bytes() == source.read_bytes()
    other = connect("other", "backend", **at(server))
    for wrong in each(
        lambda: other.decrypt_file(sealed, opened, context),
        lambda: client.decrypt_file(source, opened, context),
    ):
        with pytest.raises(DecryptionFailed):
            wrong()
    content = sealed.read_bytes()
    sealed.write_bytes(content[:-1])
    with pytest.raises(DecryptionFailed):
        client.decrypt_file(sealed, opened, context)
    assert opened.read_bytes() == source.read_bytes()
    with pytest.raises(FileNotFoundError):
        client.encrypt_file(tmp_path / "none", opened, context)
    with pytest.raises(OSError, match="not a regular file"):
        client.encrypt_file(source, "/dev/null", context)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["opened", "sealed", "source"]


def test_a_token_without_data_keys(connect: Connect, server: Server) -> None:
    token = token_with(server, "no-data-keys", 'path "transit/encrypt/*" { capabilities = ["create", "update"] }')
    with pytest.raises(PermissionDenied):
        connect(addr=server.address, token=token, local=Local()).encrypt(CARD, "c")


def _playing(scripted: Scripted) -> None:
    """A server that makes data keys of which each says its number, and opens them."""
    made: dict[str, str] = {}

    def play(connection: Any, sent: Any) -> None:
        if "/datakey/" in sent.path:
            name = f"vault:v1:{len(made):04}"
            made[name] = "A" * 40 + f"{len(made):03}="
            data = {"plaintext": made[name], "ciphertext": name}
        else:
            data = {"plaintext": made[sent.json()["ciphertext"]]}
        connection.sendall(answer(200, {"data": data}))

    scripted.plays = [play]


def _asked(scripted: Scripted) -> list[str]:
    asked = [sent.path.split("/")[3] for sent in scripted.sent]
    scripted.sent.clear()
    return asked


def test_bounds_of_encrypting(connect: Connect, scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    _playing(scripted)
    now = [1000.0]
    monkeypatch.setattr(bounds, "clock", lambda: now[0])
    client = connect(addr=scripted.address, token="t", local=Local(max_age=60, max_messages=3, max_bytes=100))
    texts = [client.encrypt(b"x", "c") for _ in range(7)]
    assert [wrapped(text)[-1] for text in texts] == list("0001112")
    assert [wrapped(client.encrypt(b"x" * 60, "c"))[-1] for _ in range(2)] == list("23")
    now[0] += 59.9
    assert wrapped(client.encrypt(b"", "c"))[-1] == "3"
    now[0] += 0.2
    assert wrapped(client.encrypt(b"", "c"))[-1] == "4"
    with pytest.raises(ValueError, match="max_bytes"):
        client.encrypt(b"x" * 101, "other")
    assert _asked(scripted) == ["datakey"] * 5


def test_bounds_of_decrypting(connect: Connect, scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    _playing(scripted)
    now = [1000.0]
    monkeypatch.setattr(bounds, "clock", lambda: now[0])
    text = connect(addr=scripted.address, token="t", local=Local()).encrypt(b"x" * 10, "c")
    client = connect(addr=scripted.address, token="t", local=Local(max_age=60, max_messages=3, max_bytes=25))
    _asked(scripted)
    for expected in (["decrypt"], [], ["decrypt"], []):
        assert client.decrypt(text, "c") == b"x" * 10
        assert _asked(scripted) == expected
    now[0] += 60
    client.decrypt(text, "c")
    assert _asked(scripted) == ["decrypt"]
    plain = connect(addr=scripted.address, token="t")
    assert plain.decrypt(text, "c") == plain.decrypt(text, "c") == b"x" * 10
    assert _asked(scripted) == ["decrypt"] * 2


def test_the_key_that_was_not_used_for_longest_goes_first(connect: Connect, scripted: Scripted) -> None:
    _playing(scripted)
    client = connect(addr=scripted.address, token="t", local=Local(capacity=2))
    for context in ("a", "b", "a", "c", "a"):
        client.encrypt(b"x", context)
    assert len(_asked(scripted)) == 3
    client.encrypt(b"x", "b")
    assert len(_asked(scripted)) == 1


@pytest.mark.parametrize(
    "options",
    [{"max_age": 0}, {"max_age": 1e9}, {"max_messages": 0}, {"max_messages": 2**33}, {"max_bytes": 0}, {"capacity": 0}],
)
def test_bounds_that_are_none(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        Local(**options)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"plaintext": "AAAA", "ciphertext": "vault:v1:A"},
        {"plaintext": "A" * 43 + "="},
        {"plaintext": "A" * 43 + "=", "ciphertext": "é"},
    ],
)
def test_data_keys_of_another_form_are_invalid(connect: Connect, scripted: Scripted, data: object) -> None:
    scripted.plays = [answer(200, {"data": data})]
    with pytest.raises(InvalidResponse):
        connect(addr=scripted.address, token="t", local=Local()).encrypt(b"x", "c")


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_begins_anew(scripted: Scripted) -> None:
    _playing(scripted)
    with CryptoServe("a", "b", addr=scripted.address, token="t", local=Local()) as client:
        before = wrapped(client.encrypt(b"x", "c"))
        child = os.fork()
        if child == 0:
            os._exit(0 if wrapped(client.encrypt(b"x", "c")) != before else 1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert wrapped(client.encrypt(b"x", "c")) == before


def test_threads_stay_within_the_bounds_together(scripted: Scripted) -> None:
    _playing(scripted)
    texts: list[str] = []
    with CryptoServe("a", "b", addr=scripted.address, token="t", local=Local(max_messages=50)) as client:
        threads = [
            threading.Thread(target=lambda: texts.extend(client.encrypt(b"x", "c") for _ in range(100)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    counts: dict[str, int] = {}
    for text in texts:
        counts[wrapped(text)] = counts.get(wrapped(text), 0) + 1
    assert len(texts) == 800
    assert max(counts.values()) <= 50


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
@pytest.mark.soak
def test_five_gigabytes_through_pipes_take_constant_memory(server: Server, tmp_path: Path) -> None:
    """Encrypted and decrypted on their way, so that nothing is on the disk."""
    environment = {**os.environ, "CRYPTOSERVE_ADDR": server.address, "CRYPTOSERVE_TOKEN": "root"}
    environment |= {"CRYPTOSERVE_APP": "payments", "CRYPTOSERVE_TEAM": "backend"}
    begin = [sys.executable, "-m", "cryptoserve"]
    size = 5_000_000_000
    source = subprocess.Popen(["head", "-c", str(size), "/dev/zero"], stdout=subprocess.PIPE)
    sealing = subprocess.Popen(
        [*begin, "encrypt", "-", "-context", "large"], stdin=source.stdout, stdout=subprocess.PIPE, env=environment
    )
    opening = subprocess.Popen(
        [*begin, "decrypt", "-", "-context", "large"], stdin=sealing.stdout, stdout=subprocess.PIPE, env=environment
    )
    assert source.stdout is not None and sealing.stdout is not None and opening.stdout is not None
    source.stdout.close()
    sealing.stdout.close()
    opened = 0
    while part := opening.stdout.read(1 << 20):
        assert not any(part)
        opened += len(part)
    opening.stdout.close()
    for process in (source, sealing, opening):
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = status
        assert status == 0
        assert used.ru_maxrss < 100 * 1024, f"KiB, of {process.args!r}"
    assert opened == size


def test_large_files_take_constant_memory(server: Server, tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 28)
    code = (
        "from cryptoserve import CryptoServe; c = CryptoServe('a', 'b')\n"
        "c.encrypt_file('large', 'sealed', 'large'); c.decrypt_file('sealed', 'large', 'large')\n"
        "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM:')][0])"
    )
    environment = {**os.environ, "CRYPTOSERVE_ADDR": server.address, "CRYPTOSERVE_TOKEN": "root"}
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert int(done.stdout) < 100 * 1024, f"KiB, after {time.monotonic() - started:.0f} s"
    assert (tmp_path / "large").stat().st_size == 1 << 28
