"""Child process that runs SLH-DSA; ``slhdsa_process`` starts it and defines the messages on its pipes.

It is run by its path, so that it loads ``pqcrypto`` and nothing of the server, and it ends when its input does, that
is, when the server has ended in any way.
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
"""The prefix of each message: its length in bytes."""

_NICENESS = 5
"""nice(2) increment: the server's own processes go first, so that slow signatures don't delay fast requests."""


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
    """``[True, result...]``, or ``[False]`` for an invalid signature or key."""
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
    except ValueError:  # Includes the library's InvalidSignatureError.
        return [False]
    return [True]


def main() -> None:
    """Answer requests until the end of input."""
    for number in (signal.SIGINT, signal.SIGHUP):  # A terminal sends them to all processes; the server ends this one.
        signal.signal(number, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while (message := read(requests)) is not None:
        write(answers, msgspec.msgpack.encode(_answer(msgspec.msgpack.decode(message))))


if __name__ == "__main__":
    main()
