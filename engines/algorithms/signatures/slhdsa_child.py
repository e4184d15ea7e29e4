"""The process that does the work of SLH-DSA: ``slhdsa_process`` starts it and says what the pipes carry.

It is run by its path, so that it loads ``pqcrypto`` and nothing of the server, and it ends when its input does, which
is when the server has ended, however that came about.
"""

from __future__ import annotations

import os
import signal
import struct
import sys
from importlib import import_module
from typing import IO, Any

import msgspec

HEADER = struct.Struct(">Q")
"""What stands before each message: its length in bytes."""

_NICENESS = 5
"""The server's own processes go first, so that what takes seconds doesn't make what takes microseconds wait."""


def read(stream: IO[bytes]) -> bytes | None:
    """The next message, or None at the end of ``stream``."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    (length,) = HEADER.unpack(header)
    message = stream.read(length)
    return message if len(message) == length else None


def write(stream: IO[bytes], message: bytes) -> None:
    """Write ``message``."""
    stream.write(HEADER.pack(len(message)))
    stream.write(message)
    stream.flush()


def _answer(request: list[Any]) -> list[Any]:
    """``[True, result...]``, or ``[False]`` for a signature that isn't one or a key that can't be used."""
    operation, parameters, hash_name, *arguments = request
    module = import_module(f"pqcrypto.sign.{parameters}")
    if hash_name:
        arguments.append(getattr(import_module("pqcrypto").HashAlgorithm, hash_name))
    try:
        if operation == "generate":
            return [True, *module.keygen()]
        if operation == "sign":
            return [True, module.sign(*arguments)]
        module.verify(*arguments)
    except ValueError:  # Also the library's InvalidSignatureError.
        return [False]
    return [True]


def main() -> None:
    """Answer until there is no more to answer."""
    for number in (signal.SIGINT, signal.SIGHUP):  # A terminal sends them to all; the server decides when to end.
        signal.signal(number, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while (message := read(requests)) is not None:
        write(answers, msgspec.msgpack.encode(_answer(msgspec.msgpack.decode(message))))


if __name__ == "__main__":
    main()
