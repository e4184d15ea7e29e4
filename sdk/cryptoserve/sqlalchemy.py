"""Columns of SQLAlchemy that hold ciphertexts and show values (the extra ``sqlalchemy``).

    email: Mapped[str | None] = mapped_column(EncryptedType(crypto, context="email", blind_index="email-index"))

A column is text: the ciphertext, behind the code of a blind index if it has one. NULL stays NULL. A column with a blind
index can be compared with ``==``, ``!=`` and ``in_``; equal values have equal codes then, which readers of the table
see. No other comparison has a meaning on ciphertexts, and all others raise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection, Dialect, Executable, String, Table, Text, func, insert
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.sql.operators import OperatorType, eq, in_op, is_, is_not, ne, not_in_op
from sqlalchemy.types import TypeDecorator, TypeEngine

from cryptoserve.calls.names import checked_name
from cryptoserve.client import CryptoServe
from cryptoserve.local.values import checked_type, from_bytes, to_bytes

ROWS_AT_ONCE = 1000
"""Rows that ``insert_many`` sends to the database at once, and ``select_many`` decrypts at once."""

CODE_CHARACTERS = 45
"""The code of a blind index (HMAC-SHA-256 in base64) and the ``|`` behind it."""

_COMPARED = frozenset({eq, ne, in_op, not_in_op})
_raw: ContextVar[bool] = ContextVar("cryptoserve_raw", default=False)


class _Ready(str):
    """A text that is stored as it is."""


class EncryptedType(TypeDecorator[Any]):
    """A column of ``python_type`` that is encrypted by ``client`` under ``context``.

    ``blind_index`` is the context of the codes for comparisons. Its key must not be rotated: codes of another version
    aren't found. Values are checked to be of ``python_type`` exactly, ``TypeError`` else.
    """

    impl = Text
    cache_ok = False

    def __init__(
        self, client: CryptoServe, context: str, python_type: type = str, blind_index: str | None = None
    ) -> None:
        super().__init__()
        self.client = client
        self.context = checked_name(context, "context")
        self.value_type = checked_type(python_type)
        self.blind_index = None if blind_index is None else checked_name(blind_index, "blind_index")

    @property
    def python_type(self) -> type:
        """The type of the values."""
        return self.value_type

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """The text that is stored."""
        if value is None or isinstance(value, _Ready):
            return value
        content = to_bytes(value, self.value_type)
        (code,) = self.codes([content])
        return code + self.client.encrypt(content, self.context)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The value of what was stored."""
        if value is None or _raw.get():
            return value
        return from_bytes(self.client.decrypt(self.ciphertext(value), self.context), self.value_type)

    def codes(self, contents: Sequence[bytes]) -> list[str]:
        """What stands before the ciphertext of each; ``""`` without a blind index."""
        if self.blind_index is None:
            return [""] * len(contents)
        return [f"{code.rpartition(':')[2]}|" for code in self.client.hmac_many(contents, self.blind_index)]

    def ciphertext(self, stored: str) -> str:
        """The ciphertext in what was stored."""
        return stored if self.blind_index is None else stored[CODE_CHARACTERS:]

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """Values that are compared with the column are of its type."""
        return self

    class Comparator(TypeDecorator.Comparator[Any]):
        """Compares codes in place of values."""

        def operate(self, op: OperatorType, *other: Any, **options: Any) -> Any:
            """The comparison of codes. Raises ``InvalidRequestError`` for one that needs the values."""
            type_ = self.type
            assert isinstance(type_, EncryptedType), "the comparator of this type"
            if op in (is_, is_not) or (op in (eq, ne) and other[0] is None):
                return super().operate(op, *other, **options)
            if op not in _COMPARED or type_.blind_index is None:
                raise InvalidRequestError("encrypted columns are compared by ==, != and in_, with a blind index alone")
            code = func.substr(self.expr, 1, CODE_CHARACTERS, type_=String())
            if op in (in_op, not_in_op):
                return op(code, type_.codes([to_bytes(each, type_.value_type) for each in other[0]]))
            return op(code, *type_.codes([to_bytes(other[0], type_.value_type)]))

    comparator_factory = Comparator


def insert_many(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows``, with all values of an encrypted column sent to the server in batches, not one by one."""
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = [dict(row) for row in rows[start : start + ROWS_AT_ONCE]]
        for column in table.columns:
            if isinstance(type_ := column.type, EncryptedType):
                chosen = [row for row in some if row.get(column.key) is not None]
                contents = [to_bytes(row[column.key], type_.value_type) for row in chosen]
                texts = type_.client.encrypt_many(contents, type_.context)
                for row, code, text in zip(chosen, type_.codes(contents), texts, strict=True):
                    row[column.key] = _Ready(code + text)
        connection.execute(insert(table), some)


def select_many(connection: Connection, statement: Executable) -> list[dict[str, Any]]:
    """All rows of ``statement``, by names of columns, with all values decrypted in batches, not one by one."""
    result = connection.execute(statement)
    types = {column["name"]: column["type"] for column in statement.column_descriptions}  # type: ignore[attr-defined]
    token = _raw.set(True)
    try:
        rows = [dict(row) for row in result.mappings()]
    finally:
        _raw.reset(token)
    for name, type_ in types.items():
        if not isinstance(type_, EncryptedType):
            continue
        chosen = [row for row in rows if row[name] is not None]
        for start in range(0, len(chosen), ROWS_AT_ONCE):
            some = chosen[start : start + ROWS_AT_ONCE]
            opened = type_.client.decrypt_many([type_.ciphertext(row[name]) for row in some], type_.context)
            for row, content in zip(some, opened, strict=True):
                row[name] = from_bytes(content, type_.value_type)
    return rows
