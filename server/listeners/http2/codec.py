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
from hyperframe.frame import Frame, SettingsFrame

from server.listeners.head_limits import MAX_FIELDS, MAX_HEAD_BYTES

MAX_STREAMS = 100
"""The most requests under way on a connection."""

MAX_DECODED_FIELDS = 2 * MAX_FIELDS
"""The most decoded fields of a block. Requests with more than ``head_limits`` are refused; beyond this, connections."""

MAX_TABLE_UPDATES = 2
"""The most table size changes in a block (RFC 7541, section 4.2)."""

MAX_TABLE_BYTES = 4096
"""The largest table for answers' headers, in bytes, whatever a client allows."""

_KNOWN_SETTINGS = frozenset(int(code) for code in SettingCodes)


class BoundedDecoder(hpack.Decoder):
    """hpack's decoder, with bounds on each block. ``unpacked`` is called with a block's growth, and may refuse it."""

    def __init__(self, unpacked: Callable[[int], bool]) -> None:
        super().__init__(MAX_HEAD_BYTES)
        self._unpacked = unpacked
        self._fields = 0
        self._updates = 0

    def decode(self, data: bytes, raw: bool = False) -> Iterable[HeaderTuple]:
        """As hpack's; raises ``OversizedHeaderListError`` for too many fields, or too much growth."""
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
    """hpack's encoder, with a table of at most ``MAX_TABLE_BYTES``, and without Huffman coding.

    hpack's Huffman coding takes quadratic time, and clients choose the length of some headers of answers: the
    namespace, a redirect's location, an origin.
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
    """The number of closed streams whose outcome is kept."""

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
        """As h2's, without unknown settings."""
        known: dict[Any, int] = {code: value for code, value in frame.settings.items() if code in _KNOWN_SETTINGS}
        frame.settings = known
        return super()._receive_settings_frame(frame)
