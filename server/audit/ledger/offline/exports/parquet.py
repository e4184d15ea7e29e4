"""Entries as an Apache Parquet file, through pyarrow: a row each, with columns for the most queried fields."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from server.audit.ledger.offline.exports.cursor import sync_folder
from server.audit.ledger.offline.exports.records import Record
from server.audit.ledger.offline.exports.sinks import SinkFault

_ROWS = 65_536
_MAX_INTEGER = 2**63


class ParquetSink:
    """Writes one new file, which has its name only when it is whole. Raises ``SinkFault`` and ``OSError``."""

    rejected = 0

    def __init__(self, name: str) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            raise SinkFault("Parquet takes pyarrow: install cryptoserve-server with its extra [parquet]") from None
        self._arrow = pyarrow
        self._path = Path(name)
        if "://" in name or name == "-" or self._path.exists():
            raise SinkFault(f"Parquet is written to a new file, not to {name}")
        self._temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        self._schema = _schema(pyarrow)
        self._file = open(self._temporary, "xb", opener=lambda path, flags: os.open(path, flags, 0o600))
        self._writer = pyarrow.parquet.ParquetWriter(self._file, self._schema, compression="zstd")
        self._rows: list[Mapping[str, Any]] = []

    def write(self, records: Sequence[Record]) -> None:
        """Take records. They are only kept when the file is closed."""
        self._rows += map(row_of, records)
        if len(self._rows) >= _ROWS:
            self._flush()

    def close(self) -> None:
        """Finish the file and give it its name."""
        self._flush()
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._temporary.rename(self._path)
        sync_folder(self._path.parent)

    def abandon(self) -> None:
        """As ``Sink.abandon``."""
        self._writer.close()
        self._file.close()
        self._temporary.unlink()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._arrow.Table.from_pylist(self._rows, self._schema))
            self._rows = []


def _schema(arrow: Any) -> Any:
    texts = (
        "type", "request_id", "namespace", "operation", "path", "mount", "entity_id", "accessor", "remote_address",
        "key", "algorithm", "verdict", "error",
    )  # fmt: skip
    return arrow.schema(
        [
            arrow.field("index", arrow.int64(), nullable=False),
            arrow.field("time", arrow.timestamp("us", "UTC")),
            *(arrow.field(name, arrow.string()) for name in texts),
            arrow.field("key_version", arrow.int64()),
            arrow.field("success", arrow.bool_()),
            arrow.field("entry", arrow.binary(), nullable=False),
        ]
    )


def row_of(record: Record) -> Mapping[str, Any]:
    use = next(iter(record.uses()), {})
    version, algorithm = use.get("key_version"), use.get("algorithm")
    return {
        "index": record.index,
        # Nanoseconds are refused or cut by several readers, and by Python's own times; the entry has them.
        "time": None if record.nanoseconds is None else record.nanoseconds // 1000,
        "type": record.type or None,
        "request_id": record.text("request", "id") or None,
        "namespace": record.namespace or None,
        "operation": record.text("request", "operation") or None,
        "path": record.text("request", "path") or None,
        "mount": record.text("request", "mount_point") or None,
        "entity_id": record.text("auth", "entity_id") or None,
        "accessor": record.text("auth", "accessor") or None,
        "remote_address": record.text("request", "remote_address") or None,
        "key": record.text("crypto", "key") or None,
        "algorithm": algorithm if isinstance(algorithm, str) else None,
        "verdict": record.text("crypto_policy", "verdict") or None,
        "error": record.error or None,
        "key_version": version if isinstance(version, int) and abs(version) < _MAX_INTEGER else None,
        "success": not record.failed if record.type == "response" else None,
        "entry": record.entry,
    }
