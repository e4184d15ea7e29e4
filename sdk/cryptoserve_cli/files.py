"""``cryptoserve encrypt``, ``decrypt``, ``rewrap``, ``sign`` and ``verify``, for files and pipes.

The exit status is 0, 1 if it failed (also for a signature that isn't one), and 2 for a wrong command line. With
``-out``, the file is there only when all went well. Without, the result goes to standard output, and only status 0
says that it is whole.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import BinaryIO, TypeAlias, cast

from cryptoserve.calls.names import checked_name
from cryptoserve.client import CryptoServe
from cryptoserve.errors import CryptoServeError
from cryptoserve.local.files import replacing
from cryptoserve_cli.command import Command, CommandFailed, Invocation, Run
from cryptoserve_cli.flags import Flag, Flags, UsageError
from cryptoserve_cli.progress import Progress

MAX_SIGNED_BYTES = 16 << 20
"""Bytes of a file that is signed: all of it goes to the server in one request."""

USAGE_STATUS = 2
_ENDING_SIGNALS = ("SIGTERM", "SIGHUP")


class Streams(CryptoServe):
    """A client that works on open files."""

    def encrypt_stream(self, source: BinaryIO, target: BinaryIO, context: str) -> None:
        """Encrypt ``source`` into ``target``."""
        self._run(self._calls.encrypt_stream(source, target, context))

    def decrypt_stream(self, source: BinaryIO, target: BinaryIO, context: str) -> None:
        """Decrypt ``source`` into ``target``."""
        self._run(self._calls.decrypt_stream(source, target, context))

    def rewrap_stream(self, source: BinaryIO, target: BinaryIO, context: str) -> None:
        """Copy ``source`` to ``target`` under the latest version of the context's key."""
        self._run(self._calls.rewrap_stream(source, target, context))


class _Watched(io.BufferedReader):
    """A file whose reads are progress."""

    def __init__(self, file: io.FileIO, progress: Progress) -> None:
        super().__init__(file)
        self._size, self._read, self._progress = os.fstat(file.fileno()).st_size, 0, progress

    def read(self, size: int | None = -1, /) -> bytes:
        part = super().read(size)
        self._read += len(part)
        self._progress(self._read, max(self._size, self._read))  # A pipe that has a name has no size.
        return part


class _Piped(io.BufferedIOBase):
    """Standard input, read by one system call at a time.

    A read of its buffer goes on in C until all bytes are there, and would ignore a signal that came between two calls
    for as long as nothing more arrives.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        source = cast("io.BufferedReader", sys.stdin.buffer)
        content, most = bytearray(), sys.maxsize if size is None or size < 0 else size
        while len(content) < most:
            part = source.read1(min(most - len(content), io.DEFAULT_BUFFER_SIZE * 8))
            if not part:
                break
            content += part
        return bytes(content)


Flow: TypeAlias = Callable[[Streams, BinaryIO, BinaryIO, str], None]


def _streaming(flow: Flow, done: str) -> Run:
    """A command that reads one file, and writes another one as it goes."""

    def run(invocation: Invocation) -> int:
        flags = invocation.flags
        progress = Progress(done, "bytes")
        with _failing(progress), _client(flags) as client:
            with _source(flags, progress) as source, _target(flags) as target:
                flow(client, source, target, flags.last("context"))
        return 0

    return run


def _sign(invocation: Invocation) -> int:
    flags, progress = invocation.flags, Progress("read", "bytes")
    with _failing(progress), _client(flags) as client:
        signature = client.sign(_content(flags, progress), flags.last("context"))
        with _target(flags) as target:
            target.write(f"{signature}\n".encode("ascii"))
    return 0


def _verify(invocation: Invocation) -> int:
    flags, progress = invocation.flags, Progress("read", "bytes")
    signature = flags.last("signature").strip()
    if not signature:
        raise UsageError("expected -signature")
    with _failing(progress), _client(flags) as client:
        if not client.verify(_content(flags, progress), signature, flags.last("context")):
            raise CommandFailed("the signature is not one of the file")
    return 0


@contextmanager
def _failing(progress: Progress) -> Iterator[None]:
    """Turn what goes wrong with a call or a file into ``CommandFailed``, and end ``progress``."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (CryptoServeError, OSError, ValueError) as fault:
        raise CommandFailed(str(fault)) from fault
    finally:
        progress.end()


@contextmanager
def _client(flags: Flags) -> Iterator[Streams]:
    """A client for the application of ``flags``, closed at the end. Raises ``UsageError``."""
    app_name, team = flags.last("app"), flags.last("team")
    if not app_name or not team:
        raise UsageError("expected -app and -team, or CRYPTOSERVE_APP and CRYPTOSERVE_TEAM")
    try:
        checked_name(flags.last("context"), "context")
        client = Streams(app_name, team)
    except (ValueError, OSError) as fault:
        raise UsageError(str(fault)) from fault
    with client:
        yield client


@contextmanager
def _source(flags: Flags, progress: Progress) -> Iterator[BinaryIO]:
    (name,) = flags.operands
    if name == "-":
        yield cast("BinaryIO", _Piped())
        return
    with _Watched(io.FileIO(name), progress) as file:
        yield file


@contextmanager
def _target(flags: Flags) -> Iterator[BinaryIO]:
    if name := flags.last("out"):
        with _ended_by_exceptions(), replacing(name) as file:
            yield file
        return
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


@contextmanager
def _ended_by_exceptions() -> Iterator[None]:
    """Signals that end the process raise ``SystemExit`` instead, so that no unfinished file is left behind."""
    numbers = [getattr(signal, name) for name in _ENDING_SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, _end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _content(flags: Flags, progress: Progress) -> bytes:
    """All of the file. Raises ``ValueError`` if it is too large for one request."""
    with _source(flags, progress) as source:
        content = source.read(MAX_SIGNED_BYTES + 1)
    if len(content) > MAX_SIGNED_BYTES:
        raise ValueError(f"more than {MAX_SIGNED_BYTES} bytes can't be signed")
    return content


_FLAGS = (
    Flag("context", "The context, or the key that signs."),
    Flag("app", "The application.", environment=("CRYPTOSERVE_APP",)),
    Flag("team", "The team.", environment=("CRYPTOSERVE_TEAM",)),
)
_OUT = Flag("out", "The file for the result, which is there only when all went well; standard output without it.")
_MORE = (
    "FILE is - for standard input. The server is that of CRYPTOSERVE_ADDR, BAO_ADDR or VAULT_ADDR, the token that of\n"
    "..._TOKEN or ~/.vault-token. The exit status is 0, 1 if it failed, and 2 for a wrong command line."
)


def _command(help_line: str, run: Run, flag: Flag = _OUT) -> Command:
    return Command(help_line, run, (*_FLAGS, flag), ("FILE",), _MORE, usage_status=USAGE_STATUS)


ENCRYPT = _command("Encrypt a file or a pipe", _streaming(Streams.encrypt_stream, "encrypted"))
DECRYPT = _command("Decrypt a file or a pipe", _streaming(Streams.decrypt_stream, "decrypted"))
REWRAP = _command(
    "Bring an encrypted file to the latest version of its key", _streaming(Streams.rewrap_stream, "rewrapped")
)
SIGN = _command("Sign a file or a pipe", _sign)
VERIFY = _command(
    "Check a signature of a file or a pipe", _verify, Flag("signature", "The signature, as `sign` has written it.")
)
