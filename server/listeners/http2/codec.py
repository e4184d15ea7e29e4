"""h2's connection and hpack's tables, with bounds on a client's use of processor and memory.

hpack bounds the size of a block's decoded headers, but not the number of fields, each of which costs as much as some
hundred bytes, nor the number of table size changes. h2 keeps every setting that it is sent, and lets the client choose
the size of the table for answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import hpack
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import Event
from h2.settings import SettingCodes, Settings
from hpack.exceptions import HPACKDecodingError, OversizedHeaderListError
from hpack.struct import HeaderTuple
from hyperframe.frame import Frame, HeadersFrame, SettingsFrame

from server.listeners.head_limits import MAX_FIELDS, MAX_HEAD_BYTES

MAX_STREAMS = 100
"""The most requests under way on a connection."""

MAX_DECODED_FIELDS = 2 * MAX_FIELDS
"""The most decoded fields of a block. Requests with more than ``head_limits`` are refused; beyond this, connections."""

MAX_TABLE_UPDATES = 2
"""The most table size changes in a block (RFC 7541, section 4.2)."""

MAX_TABLE_BYTES = 4096
"""The largest table for answers' headers, in bytes, whatever a client allows."""

_MAX_KEPT = 4
"""The most blocks of a client that are kept."""

_MAX_KEPT_BYTES = 1024
_MAX_KEPT_FIELDS = 64

_INDEXED = 0x80
"""The bit of a field that stands in the table (RFC 7541, section 6.1)."""

_VARYING = frozenset({b"x-vault-request-id", b"content-length", b"date", b"location", b"etag", b"set-cookie"})
"""Fields of answers that seldom have the same value twice, or are secret."""

_KNOWN_SETTINGS = frozenset(int(code) for code in SettingCodes)


class BoundedDecoder(hpack.Decoder):
    """hpack's decoder, with bounds on each block. ``unpacked`` is called with a block's growth, and may refuse it.

    A busy client repeats its blocks, so some are kept with what they mean, until the table changes.
    """

    def __init__(self, unpacked: Callable[[int], bool]) -> None:
        super().__init__(MAX_HEAD_BYTES)
        self._unpacked = unpacked
        self._fields = 0
        self._updates = 0
        self._known: dict[bytes, tuple[list[HeaderTuple], dict[str, Any]]] = {}
        self._latest: list[HeaderTuple] | None = None
        """The fields of the last block; None if it has changed the table."""

    def decode(self, data: bytes, raw: bool = False) -> Iterable[HeaderTuple]:
        """As hpack's; raises ``OversizedHeaderListError`` for too many fields, or too much growth."""
        known = self._known.get(data)
        headers = [] if known is None else known[0]
        self._latest = headers
        if known is None:
            self._fields = self._updates = 0
            headers += super().decode(data, raw)
        size = sum(len(name) + len(value) for name, value in headers)
        if not self._unpacked(max(0, size - len(data))):
            raise OversizedHeaderListError("too much has come out of the table")
        return headers

    def known(self, block: bytes) -> dict[str, Any] | None:
        """What the application keeps about ``block``, if that is kept."""
        known = self._known.get(block)
        return None if known is None else known[1]

    def keep(self, block: bytes) -> None:
        """Keep the last block, which was ``block``, if its meaning depends on nothing that it has changed."""
        headers = self._latest
        if headers is None or len(block) > _MAX_KEPT_BYTES or len(headers) > _MAX_KEPT_FIELDS:
            return
        if len(self._known) >= _MAX_KEPT:
            self._known.clear()
        self._known[block] = headers, {}

    def _decode_indexed(self, data: bytes | memoryview) -> tuple[HeaderTuple, int]:
        self._count()
        return super()._decode_indexed(data)

    def _decode_literal(self, data: bytes | memoryview, should_index: bool) -> tuple[HeaderTuple, int]:
        self._count()
        if should_index:
            self._changed()
        return super()._decode_literal(data, should_index)

    def _update_encoding_context(self, data: bytes | memoryview) -> int:
        self._updates += 1
        if self._updates > MAX_TABLE_UPDATES:
            raise HPACKDecodingError("the size of the table is changed too often")
        self._changed()
        return super()._update_encoding_context(data)

    def _changed(self) -> None:
        """The table changes, and with it the meaning of indexes."""
        self._latest = None
        self._known.clear()

    def _count(self) -> None:
        self._fields += 1
        if self._fields > MAX_DECODED_FIELDS:
            raise OversizedHeaderListError("too many fields")


class BoundedEncoder(hpack.Encoder):
    """hpack's encoder, with a table of at most ``MAX_TABLE_BYTES``, and without Huffman coding.

    hpack's Huffman coding takes quadratic time, and clients choose the length of some headers of answers: the
    namespace, a redirect's location, an origin. Fields that differ between answers aren't entered into the table; so it
    soon stays as it is, and the indexes of the others are remembered.
    """

    def __init__(self) -> None:
        super().__init__()
        self._indexed: dict[tuple[bytes, bytes], bytes] = {}
        """The encoded indexes of fields, until the table changes."""

    def encode(self, headers: Any, huffman: bool = False) -> bytes:
        """As hpack's."""
        if self.header_table.resized:
            self._indexed.clear()
            return super().encode(headers, huffman=False)
        indexed = self._indexed
        block = bytearray()
        for header in headers:
            block += indexed.get(header) or self.add(header, not getattr(header, "indexable", True))
        return bytes(block)

    def add(self, to_add: tuple[bytes, bytes], sensitive: bool, huffman: bool = False) -> bytes:
        """As hpack's."""
        unindexed = sensitive or to_add[0] in _VARYING
        encoded = super().add(to_add, unindexed, huffman=False)
        if encoded[0] & _INDEXED:
            self._indexed[to_add] = encoded
        elif not unindexed:
            self._indexed.clear()  # It was entered, so other indexes have changed.
        return encoded

    @property
    def header_table_size(self) -> int:
        """As hpack's."""
        return self.header_table.maxsize

    @header_table_size.setter
    def header_table_size(self, value: int) -> None:
        hpack.Encoder.header_table_size.fset(self, min(value, MAX_TABLE_BYTES))  # type: ignore[attr-defined]


class BoundedConnection(H2Connection):
    """The server's side of a connection; ``unpacked`` as in ``BoundedDecoder``."""

    decoder: BoundedDecoder

    MAX_CLOSED_STREAMS = 1_000
    """The number of closed streams whose outcome is kept."""

    def __init__(self, unpacked: Callable[[int], bool]) -> None:
        # Fields of answers are in lower case already, and none is one of HTTP/1.1 alone.
        super().__init__(
            H2Configuration(
                client_side=False,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.decoder = BoundedDecoder(unpacked)
        self.encoder = BoundedEncoder()
        self.kept: dict[int, dict[str, Any]] = {}
        """For ``asgi.KEPT``, by stream, of requests just received whose block was known."""

        self.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: MAX_STREAMS,
                SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEAD_BYTES,
            },
        )

    def _receive_headers_frame(self, frame: HeadersFrame) -> tuple[list[Frame], list[Event]]:
        """As h2's; the fields of a block that has begun a request before aren't validated again."""
        begins = frame.stream_id > self.highest_inbound_stream_id
        known = self.decoder.known(frame.data) if begins else None
        self.config.validate_inbound_headers = known is None
        received = super()._receive_headers_frame(frame)
        if known is not None:
            self.kept[frame.stream_id] = known
        elif begins:
            self.decoder.keep(frame.data)
        return received

    def _receive_settings_frame(self, frame: SettingsFrame) -> tuple[list[Frame], list[Event]]:
        """As h2's, without unknown settings."""
        known: dict[Any, int] = {code: value for code, value in frame.settings.items() if code in _KNOWN_SETTINGS}
        frame.settings = known
        return super()._receive_settings_frame(frame)
