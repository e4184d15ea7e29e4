"""Writers of documents, by the name of their format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from server.inventory.documents.cyclonedx import CycloneDx
from server.inventory.documents.spdx import Spdx
from server.inventory.own import Own
from server.inventory.rows import Row

FORMATS = ("cyclonedx-1.7", "cyclonedx-1.6", "cyclonedx-1.5", "spdx-2.3")


class Writer(Protocol):
    """One document. ``key`` is called for each row, in their order, then ``end`` once."""

    content_type: str

    def begin(self, now: float) -> bytes:
        """The document's beginning, made at ``now`` in seconds since the epoch."""

    def key(self, row: Row, properties: Mapping[str, str]) -> bytes:
        """The piece for a row."""

    def end(self) -> Iterator[bytes]:
        """The rest of the document."""


def writer_of(format: str, own: Own) -> Writer:
    """The writer of a document of one of ``FORMATS``, on a server that uses ``own`` itself."""
    assert format in FORMATS, "the caller checks it"
    name, _, version = format.partition("-")
    return Spdx(own) if name == "spdx" else CycloneDx(version, own)
