"""``python -m cryptoserve``: encrypts, decrypts, rewraps, signs and verifies files and pipes.

    python -m cryptoserve encrypt FILE|- -context C [-app A] [-team T] [-out FILE]

The exit status is 0, 1 if it failed (also for a signature that isn't one), and 2 for a wrong command line. With
``-out``, the file is there only when all went well. Without, the result goes to standard output, and only status 0
says that it is whole.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO, TypeAlias

from cryptoserve.client import CryptoServe
from cryptoserve.errors import CryptoServeError
from cryptoserve.local.files import replacing
from cryptoserve.names import checked_name

MAX_SIGNED_BYTES = 16 << 20
"""Bytes of a file that is signed: all of it goes to the server in one request."""

FAILED = 1


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


Flow: TypeAlias = Callable[[Streams, BinaryIO, BinaryIO, str], None]

_FLOWS: Mapping[str, tuple[str, Flow]] = {
    "encrypt": ("Encrypt a file.", Streams.encrypt_stream),
    "decrypt": ("Decrypt a file.", Streams.decrypt_stream),
    "rewrap": ("Bring an encrypted file to the latest version of its key.", Streams.rewrap_stream),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and give the exit status."""
    parser = _parser()
    given = parser.parse_args(arguments)
    app_name = given.app or os.environ.get("CRYPTOSERVE_APP", "")
    team = given.team or os.environ.get("CRYPTOSERVE_TEAM", "")
    if not app_name or not team:
        parser.error("expected -app and -team, or CRYPTOSERVE_APP and CRYPTOSERVE_TEAM")
    try:
        client = Streams(app_name, team)
        checked_name(given.context, "context")
    except (ValueError, OSError) as fault:
        parser.error(str(fault))
    try:
        with client:
            return _run(client, given)
    except BrokenPipeError:
        # What reads the output has gone; the interpreter would complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (CryptoServeError, OSError, ValueError) as fault:
        sys.stderr.write(f"{fault}\n")
        return FAILED


def _run(client: Streams, given: argparse.Namespace) -> int:
    with _source(given.file) as source:
        if given.command in _FLOWS:
            with _target(given.out) as target:
                _FLOWS[given.command][1](client, source, target, given.context)
            return 0
        content = source.read(MAX_SIGNED_BYTES + 1)
        if len(content) > MAX_SIGNED_BYTES:
            raise ValueError(f"more than {MAX_SIGNED_BYTES} bytes can't be signed")
        if given.command == "verify":
            if not client.verify(content, given.signature.strip(), given.context):
                raise ValueError("the signature is not one of the file")
            return 0
        signature = client.sign(content, given.context)
        with _target(given.out) as target:
            target.write(f"{signature}\n".encode("ascii"))
        return 0


@contextmanager
def _source(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    with open(name, "rb") as file:
        yield file


@contextmanager
def _target(name: str | None) -> Iterator[BinaryIO]:
    if name is not None:
        with replacing(name) as file:
            yield file
        return
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("cryptoserve", description="Encrypt and sign files with a CryptoServe server.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    texts = {name: told for name, (told, _) in _FLOWS.items()}
    texts |= {"sign": "Sign a file.", "verify": "Check a signature of a file."}
    for name, told in texts.items():
        command = commands.add_parser(name, help=told, description=told, allow_abbrev=False)
        command.add_argument("file", metavar="FILE|-")
        command.add_argument("-context", required=True, help="the context, or the key that signs")
        command.add_argument("-app", help="the application; else CRYPTOSERVE_APP")
        command.add_argument("-team", help="the team; else CRYPTOSERVE_TEAM")
        if name == "verify":
            command.add_argument("-signature", required=True)
        else:
            command.add_argument("-out", metavar="FILE", help="the result; standard output by default")
    return parser


if __name__ == "__main__":
    sys.exit(main())
