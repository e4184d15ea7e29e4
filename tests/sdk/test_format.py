"""The format ``cs1``: vectors, an independent decryptor, and all that must not open."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptoserve.local.files import CHUNK_BYTES, open_file, read_file_header, seal_file
from cryptoserve.local.format import FILE, MESSAGE, PREFIX, Malformed, Sealer, new_header, read_message
from cryptoserve.local.secure import SecureBytes
from tests.sdk import spec_decryptor
from tests.support.servers import CHECKOUT

VECTORS = json.loads((CHECKOUT / "sdk/tests/vectors.json").read_text(encoding="utf-8"))
KEY = bytes(range(32))
WRAPPED = "vault:v1:AAAA"
BOUND = b"cryptoserve/1\x00\x01c\x00\x01a\x00\x01t"


def unwrap(wrapped: str) -> bytes:
    assert wrapped == WRAPPED
    return KEY


@pytest.mark.parametrize("vector", VECTORS["messages"])
def test_message_vectors(vector: dict[str, str]) -> None:
    key, bound = bytes.fromhex(vector["data_key"]), bytes.fromhex(vector["bound_data"])
    message = read_message(vector["text"])
    assert message.header.wrapped == vector["wrapped_key"]
    assert message.opened(key, bound).hex() == vector["plaintext"]
    assert spec_decryptor.open_text(vector["text"], bound, lambda wrapped: key).hex() == vector["plaintext"]
    header, cipher = new_header(MESSAGE, key, vector["wrapped_key"], bytes.fromhex(vector["salt"]))
    sealed = cipher.encrypt(bytes(12), bytes.fromhex(vector["plaintext"]), header.fixed + bound)
    assert PREFIX + base64.b64encode(header.encoded() + sealed).decode() == vector["text"]


@pytest.mark.parametrize("vector", VECTORS["bad_messages"])
def test_bad_message_vectors(vector: dict[str, str]) -> None:
    with pytest.raises(Malformed):
        read_message(vector["text"]).opened(bytes.fromhex(vector["data_key"]), bytes.fromhex(vector["bound_data"]))


@pytest.mark.parametrize("vector", VECTORS["files"])
def test_file_vectors(vector: dict[str, str], tmp_path: Path) -> None:
    key, bound = bytes.fromhex(vector["data_key"]), bytes.fromhex(vector["bound_data"])
    content = base64.b64decode(vector["file"])
    (tmp_path / "sealed").write_bytes(content)
    with SecureBytes(key) as held:
        open_file(tmp_path / "sealed", tmp_path / "opened", held, bound)
    assert (tmp_path / "opened").read_bytes().hex() == vector["plaintext"]
    assert spec_decryptor.open_bytes(content, bound, lambda wrapped: key).hex() == vector["plaintext"]


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_what_is_sealed_opens_by_the_specification(plaintext: bytes, bound: bytes) -> None:
    text = Sealer(WRAPPED).seal(KEY, plaintext, bound)
    assert spec_decryptor.open_text(text, bound, unwrap) == read_message(text).opened(KEY, bound) == plaintext


@given(st.data())
def test_no_changed_byte_opens(data: st.DataObject) -> None:
    content = bytearray(base64.b64decode(Sealer(WRAPPED).seal(KEY, b"plaintext", BOUND)[4:]))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    try:
        message = read_message(PREFIX + base64.b64encode(content).decode())
    except Malformed:
        return
    if message.header.wrapped == WRAPPED:  # Another wrapped key is one that the server doesn't open.
        with pytest.raises(Malformed):
            message.opened(KEY, BOUND)


@given(st.text() | st.binary().map(lambda content: PREFIX + base64.b64encode(content).decode()))
def test_what_is_read_is_written_the_same(text: str) -> None:
    try:
        message = read_message(text)
    except Malformed:
        return
    assert message.rewrapped(message.header.wrapped) == text


def test_other_spellings_and_keys_are_refused() -> None:
    text = Sealer(WRAPPED).seal(KEY, b"12", BOUND)
    body = text[4:]
    for wrong in (
        body,
        "CS1:" + body,
        text + "\n",
        text[:20] + "\n" + text[20:],
        text + "=",
        text[:-4],
        "cs1:",
        text.rstrip("="),
    ):
        if wrong != text:
            with pytest.raises(Malformed):
                read_message(wrong).opened(KEY, BOUND)
    for key, bound in ((bytes(32), BOUND), (KEY, BOUND + b"x"), (KEY, b"")):
        with pytest.raises(Malformed):
            read_message(text).opened(key, bound)


@pytest.mark.parametrize("count", [50_000, pytest.param(1_000_000, marks=pytest.mark.soak)])
def test_messages_have_keys_of_their_own(count: int) -> None:
    """The nonce is fixed, so the salts have to differ: each is the key's only source of difference."""
    sealer = Sealer(WRAPPED)
    salts = set()
    for _ in range(count):
        salts.add(sealer.seal(KEY, b"", b"")[8:48])  # The base64 of bytes 3 to 32, all of the salt but two.
    assert len(salts) == count


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_files_of_all_lengths(tmp_path: Path, size: int) -> None:
    plaintext = bytes(number % 251 for number in range(size))
    source, sealed, opened = (tmp_path / name for name in ("source", "sealed", "opened"))
    source.write_bytes(plaintext)
    with SecureBytes(KEY) as key:
        seal_file(source, sealed, key, WRAPPED, BOUND)
        assert read_file_header(sealed).wrapped == WRAPPED
        open_file(sealed, opened, key, BOUND)
    assert opened.read_bytes() == plaintext
    assert spec_decryptor.open_bytes(sealed.read_bytes(), BOUND, unwrap) == plaintext
    assert sorted(path.name for path in tmp_path.iterdir()) == ["opened", "sealed", "source"]


def test_damaged_files_leave_no_plaintext(tmp_path: Path) -> None:
    source, sealed, opened = (tmp_path / name for name in ("source", "sealed", "opened"))
    source.write_bytes(bytes(3 * CHUNK_BYTES))
    opened.write_bytes(b"before")
    with SecureBytes(KEY) as key:
        seal_file(source, sealed, key, WRAPPED, BOUND)
        whole = sealed.read_bytes()
        start = len(whole) - 3 * (CHUNK_BYTES + 16)
        chunks = [whole[start + number * (CHUNK_BYTES + 16) :][: CHUNK_BYTES + 16] for number in range(3)]
        head = whole[:start]
        for wrong in (
            b"",
            head,
            head[:-1],
            whole[:-1],
            whole + b"x",
            head + b"".join(chunks[:2]),
            head + chunks[0],
            head + chunks[1] + chunks[0] + chunks[2],
            head + b"".join(chunks) + chunks[2],
            head + chunks[0] + chunks[0] + chunks[2],
            whole[: start + 5] + b"x" + whole[start + 6 :],
            b"cs2\0" + whole[4:],
        ):
            sealed.write_bytes(wrong)
            with pytest.raises(Malformed):
                open_file(sealed, opened, key, BOUND)
            assert opened.read_bytes() == b"before"
    assert len(list(tmp_path.iterdir())) == 3


def test_an_empty_last_chunk_of_a_file_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    header, cipher = new_header(FILE, KEY, WRAPPED, bytes(32))
    data = header.fixed + BOUND
    chunks = [cipher.encrypt(bytes(12), bytes(CHUNK_BYTES), data), cipher.encrypt(bytes(10) + b"\1\1", b"", data)]
    (tmp_path / "sealed").write_bytes(b"cs1\0" + header.encoded() + b"".join(chunks))
    with SecureBytes(KEY) as key, pytest.raises(Malformed):
        open_file(tmp_path / "sealed", tmp_path / "opened", key, BOUND)


def test_key_bytes_are_overwritten() -> None:
    with SecureBytes(KEY) as key:
        held = key.reveal()
        assert (bytes(held), len(key), repr(key)) == (KEY, 32, "SecureBytes(32 bytes)")
    assert held == bytes(32)
    with pytest.raises(ValueError, match="overwritten"):
        key.reveal()
    with pytest.raises(TypeError, match="pickled"):
        key.__reduce__()
