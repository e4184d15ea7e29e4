"""h2's connection and hpack's tables, with bounds on what a client can make them do and keep.

hpack bounds the size of the headers that come out of a block, but not how many fields a block has, each of which costs
as much as some hundred bytes, nor how often it changes the size of its table. h2 keeps every setting that it is sent,
known or not, and lets the client choose how much of the answers' headers is remembered.
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
from hyperframe.frame import Frame, SettingsFrame

from server.listeners.head_limits import MAX_FIELDS, MAX_HEAD_BYTES

MAX_STREAMS = 100
"""How many requests a connection may have under way."""

MAX_DECODED_FIELDS = 2 * MAX_FIELDS
"""How many fields of a block are decoded. Up to that, a request with too many is refused; beyond, its connection is."""

MAX_TABLE_UPDATES = 2
"""How often a block may change the size of its table (RFC 7541, section 4.2)."""

MAX_TABLE_BYTES = 4096
"""How much of the answers' headers is remembered, whatever more a client allows."""

_KNOWN_SETTINGS = frozenset(int(code) for code in SettingCodes)


class BoundedDecoder(hpack.Decoder):
    """hpack's decoder, with bounds on each block. ``unpacked`` is told by how much each has grown, and may refuse."""

    def __init__(self, unpacked: Callable[[int], bool]) -> None:
        super().__init__(MAX_HEAD_BYTES)
        self._unpacked = unpacked
        self._fields = 0
        self._updates = 0

    def decode(self, data: bytes, raw: bool = False) -> Iterable[HeaderTuple]:
        """As hpack's; raises ``OversizedHeaderListError`` for too many fields, or too much that comes out of little."""
        self._fields = self._updates = 0
        headers = list(super().decode(data, raw))
        size = sum(len(name) + len(value) for name, value in headers)
        if not self._unpacked(max(0, size - len(data))):
            raise OversizedHeaderListError("too much has come out of the table")
        return headers

    def _decode_indexed(self, data: bytes | memoryview) -> tuple[HeaderTuple, int]:
        self._count()
        return super()._decode_indexed(data)

    def _decode_literal(self, data: bytes | memoryview, should_index: bool) -> tuple[HeaderTuple, int]:
        self._count()
        return super()._decode_literal(data, should_index)

    def _update_encoding_context(self, data: bytes | memoryview) -> int:
        self._updates += 1
        if self._updates > MAX_TABLE_UPDATES:
            raise HPACKDecodingError("the size of the table is changed too often")
        return super()._update_encoding_context(data)

    def _count(self) -> None:
        self._fields += 1
        if self._fields > MAX_DECODED_FIELDS:
            raise OversizedHeaderListError("too many fields")


class BoundedEncoder(hpack.Encoder):
    """hpack's encoder, which remembers no more than ``MAX_TABLE_BYTES``, and writes texts as they are.

    Huffman's code takes quadratic time in hpack, and some headers of answers are as long as the client wants them: the
    namespace, where a redirect leads, an origin.
    """

    def encode(self, headers: Any, huffman: bool = False) -> bytes:
        """As hpack's."""
        return super().encode(headers, huffman=False)

    @property
    def header_table_size(self) -> int:
        """As hpack's."""
        return self.header_table.maxsize

    @header_table_size.setter
    def header_table_size(self, value: int) -> None:
        hpack.Encoder.header_table_size.fset(self, min(value, MAX_TABLE_BYTES))  # type: ignore[attr-defined]


class BoundedConnection(H2Connection):
    """The server's side of a connection; ``unpacked`` as in ``BoundedDecoder``."""

    MAX_CLOSED_STREAMS = 1_000
    """Of how many streams that are over it is known how they ended."""

    def __init__(self, unpacked: Callable[[int], bool]) -> None:
        super().__init__(H2Configuration(client_side=False, header_encoding=None))
        self.decoder = BoundedDecoder(unpacked)
        self.encoder = BoundedEncoder()
        self.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: MAX_STREAMS,
                SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEAD_BYTES,
            },
        )

    def _receive_settings_frame(self, frame: SettingsFrame) -> tuple[list[Frame], list[Event]]:
        """As h2's, without settings that mean nothing to it."""
        known: dict[Any, int] = {code: value for code, value in frame.settings.items() if code in _KNOWN_SETTINGS}
        frame.settings = known
        return super()._receive_settings_frame(frame)
