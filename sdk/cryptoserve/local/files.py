"""Encrypted files: chunks that are verified one by one, written aside and renamed when the last one is right."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cryptoserve.local.format import (
    FILE,
    FIXED_BYTES,
    LONGEST_WRAPPED_KEY,
    SALT_BYTES,
    TAG_BYTES,
    Header,
    Malformed,
    new_header,
    opener,
    read_header,
)
from cryptoserve.local.secure import SecureBytes

FilePath: TypeAlias = str | os.PathLike[str]

MAGIC = b"cs1\x00"
"""The first bytes of an encrypted file."""

CHUNK_BYTES = 65536
"""Bytes of plaintext in each chunk but the last."""

_SEALED_BYTES = CHUNK_BYTES + TAG_BYTES
_FINAL = b"\x01"
_NOT_FINAL = b"\x00"


def read_file_header(path: FilePath) -> Header:
    """The header of an encrypted file. Raises ``Malformed`` or ``OSError``."""
    with open(path, "rb") as file:
        return read_stream_header(file)


def seal_file(source: FilePath, target: FilePath, key: SecureBytes, wrapped: str, bound: bytes) -> None:
    """Encrypt ``source`` into ``target``, which is replaced as a whole, or stays as it was. Raises ``OSError``."""
    with open(source, "rb") as plain, replacing(target) as sealed:
        seal_stream(plain, sealed, key, wrapped, bound)


def open_file(source: FilePath, target: FilePath, key: SecureBytes, bound: bytes) -> None:
    """Decrypt ``source`` into ``target``, which stays as it was unless all of it is right.

    Raises ``Malformed`` or ``OSError``.
    """
    with open(source, "rb") as sealed, replacing(target) as plain:
        open_stream(read_stream_header(sealed), sealed, plain, key, bound)


def seal_stream(plain: BinaryIO, sealed: BinaryIO, key: SecureBytes, wrapped: str, bound: bytes) -> None:
    """Encrypt what is left of ``plain``, and write it behind its header."""
    header, cipher = new_header(FILE, key.reveal(), wrapped, os.urandom(SALT_BYTES))
    sealed.write(MAGIC + header.encoded())
    for nonce, chunk in _chunks(plain, CHUNK_BYTES):
        sealed.write(cipher.encrypt(nonce, chunk, header.fixed + bound))


def open_stream(header: Header, sealed: BinaryIO, plain: BinaryIO, key: SecureBytes, bound: bytes) -> None:
    """Decrypt what stands behind ``header``; each chunk is written once it is verified. Raises ``Malformed``."""
    cipher: AESGCM = opener(header, key.reveal())
    first = True
    for nonce, chunk in _chunks(sealed, _SEALED_BYTES):
        try:
            opened = cipher.decrypt(nonce, chunk, header.fixed + bound)
        except (InvalidTag, ValueError):
            raise Malformed from None
        if not opened and not first:
            raise Malformed  # Only the one chunk of an empty file is empty.
        plain.write(opened)
        first = False


def read_stream_header(sealed: BinaryIO) -> Header:
    """The header, which ``sealed`` is read up to. Raises ``Malformed``."""
    start = _filled(sealed, len(MAGIC) + FIXED_BYTES + 2)
    if not start.startswith(MAGIC):
        raise Malformed
    size = int.from_bytes(start[-2:], "big")
    return read_header(FILE, start[len(MAGIC) :] + _filled(sealed, min(size, LONGEST_WRAPPED_KEY)))


def copy_rest(source: BinaryIO, target: BinaryIO) -> None:
    """Copy what is left of ``source``."""
    while part := source.read(CHUNK_BYTES):
        target.write(part)


def _chunks(file: BinaryIO, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk with its nonce: eleven bytes that count from 0, and one that marks the last chunk."""
    chunk = _filled(file, size)
    number = 0
    while True:
        following = _filled(file, size) if len(chunk) == size else b""
        yield number.to_bytes(11, "big") + (_NOT_FINAL if following else _FINAL), chunk
        if not following:
            return
        chunk, number = following, number + 1


def _filled(file: BinaryIO, size: int) -> bytes:
    """``size`` bytes, or all that are left."""
    parts, missing = [], size
    while missing and (part := file.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


@contextmanager
def replacing(target: FilePath) -> Iterator[BinaryIO]:
    """A new file beside ``target`` that takes its place at the end, or is removed if something fails."""
    path = Path(target)
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        raise OSError(f"{os.fspath(target)!r} is not a regular file")
    path = path.resolve()
    descriptor, aside = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".partial", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        os.unlink(aside)
        raise
