"""Starts the servers that are compared: a real OpenBao, and the subject.

The subject is CryptoServe; with ``CONFORMANCE_SUBJECT=openbao`` in the environment it is a second OpenBao, to show that
the normaliser takes out all that is random.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.wire import Wire
from tests.support.products import HOST, Product
from tests.support.servers import Server

_CONFIGURATION = """
storage {storage}
listener "tcp" {{
  address = "{host}:{port}"
  tls_disable = true
  {listener}
}}
"""


@dataclass(frozen=True, slots=True)
class Side:
    """A running server; ``root_token`` is empty where a scenario has yet to initialise it."""

    wire: Wire
    root_token: str


@dataclass(frozen=True, slots=True)
class Pair:
    """The reference and the subject."""

    openbao: Side
    subject: Side


def subject() -> Product:
    """What OpenBao is compared with."""
    return Product(os.environ.get("CONFORMANCE_SUBJECT", Product.CRYPTOSERVE.value))


@contextmanager
def development_pair(directory: Path) -> Iterator[Pair]:
    """Two unsealed in-memory servers with the root token ``root`` and no mounts but the built-in ones."""
    with (
        Server(Product.OPENBAO, directory / "reference", development=True) as first,
        Server(subject(), directory / "subject", development=True) as second,
        _paired(first, second) as pair,
    ):
        for side in (pair.openbao, pair.subject):
            # What the development servers come with isn't part of the comparison: a key-value store, or transit.
            for mount in ("secret", "transit"):
                side.wire.send("DELETE", f"/v1/sys/mounts/{mount}", {"X-Vault-Token": side.root_token}, None)
        yield pair


@contextmanager
def uninitialised_pair(directory: Path, settings: str, listener: str = "") -> Iterator[Pair]:
    """Two production servers, from the same configuration but for port and storage."""
    with (
        _Plain(Product.OPENBAO, directory / "reference", settings=settings, listener=listener) as first,
        _Plain(subject(), directory / "subject", settings=settings, listener=listener) as second,
        _paired(first, second) as pair,
    ):
        yield pair


class _Plain(Server):
    """A production server without an audit log, with the plainest storage that it starts with."""

    def _flags(self) -> list[str]:
        path = self.directory / "server.hcl"
        in_memory = self.product is Product.OPENBAO
        storage = '"inmem" {}' if in_memory else f'"sqlite" {{\n  path = "{self.directory}/c.db"\n}}'
        text = _CONFIGURATION.format(storage=storage, host=HOST, port=self.port, listener=self._listener)
        text += self._settings
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)  # It may hold the key of a seal.
        return [f"-config={path}"]


@contextmanager
def _paired(first: Server, second: Server) -> Iterator[Pair]:
    sides = [Side(Wire(HOST, server.port), server.root_token) for server in (first, second)]
    try:
        yield Pair(*sides)
    finally:
        for side in sides:
            side.wire.close()
