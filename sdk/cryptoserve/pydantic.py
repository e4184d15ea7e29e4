"""Fields of Pydantic models that are written as ciphertexts (the extra ``pydantic``).

    class Payment(BaseModel):
        card: Annotated[Encrypted[str], Context("card-data")]

    payment = Payment(card="4111-1111-1111-1111")
    payment.card.reveal()                # the value; it is in no repr and no error
    Payment.model_validate_json(payment.model_dump_json())

A text that begins as a ciphertext does (``vault:v``, ``cs1:``) is one, and has to open under the field's context.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar, get_args

from pydantic import GetCoreSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from cryptoserve.calls.names import checked_name
from cryptoserve.client import CryptoServe
from cryptoserve.errors import DecryptionFailed
from cryptoserve.local.values import checked_type, from_bytes, to_bytes

T = TypeVar("T")

_CIPHERTEXT = re.compile(r"(vault:v[0-9]+|cs1):")
_lock = threading.Lock()
_process_client: list[CryptoServe] = []


def process_client() -> CryptoServe:
    """The client of the process, from the environment: ``CRYPTOSERVE_APP`` and ``CRYPTOSERVE_TEAM`` besides the usual.

    Raises ``ValueError`` where one of them is missing.
    """
    with _lock:
        if not _process_client:
            app_name, team = os.environ.get("CRYPTOSERVE_APP", ""), os.environ.get("CRYPTOSERVE_TEAM", "")
            if not app_name or not team:
                raise ValueError("without a client, expected CRYPTOSERVE_APP and CRYPTOSERVE_TEAM in the environment")
            _process_client.append(CryptoServe(app_name, team))
        return _process_client[0]


class Encrypted(Generic[T]):
    """A value that is written encrypted. ``reveal`` shows it."""

    __slots__ = ("_ciphertext", "_value")

    def __init__(self, value: T, ciphertext: str = "") -> None:
        self._value = value
        self._ciphertext = ciphertext

    def reveal(self) -> T:
        """The value."""
        return self._value

    def ciphertext(self, encrypt: Callable[[], str]) -> str:
        """The ciphertext: the one that the value came from, or the one of ``encrypt``, which is kept."""
        if not self._ciphertext:
            self._ciphertext = encrypt()
        return self._ciphertext

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Encrypted) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Encrypted(...)"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        raise TypeError(f"{source}: expected Annotated[{source}, Context(...)]")


class Context:
    """The context of a field, and its client; without one, it is the process's, see ``process_client``."""

    __slots__ = ("_client", "name")

    def __init__(self, name: str, client: CryptoServe | None = None) -> None:
        self.name = checked_name(name, "context")
        self._client = client

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        given = get_args(source)
        if getattr(source, "__origin__", source) is not Encrypted or len(given) != 1:
            raise TypeError(f"Context: expected Encrypted[TYPE], got {source}")
        type_ = checked_type(given[0])
        plain = handler.generate_schema(type_)
        written = core_schema.plain_serializer_function_ser_schema(
            lambda value: self._written(value, type_), return_schema=core_schema.str_schema()
        )
        return core_schema.no_info_wrap_validator_function(
            lambda value, inner: self._read(value, type_, inner), plain, serialization=written
        )

    def client(self) -> CryptoServe:
        """The client that encrypts the field."""
        return self._client if self._client is not None else process_client()

    def _written(self, value: Encrypted[Any], type_: type) -> str:
        return value.ciphertext(lambda: self.client().encrypt(to_bytes(value.reveal(), type_), self.name))

    def _read(self, value: Any, type_: type, inner: Callable[[Any], Any]) -> Encrypted[Any]:
        if isinstance(value, Encrypted):
            return Encrypted(inner(value.reveal()))
        if not isinstance(value, str) or not _CIPHERTEXT.match(value):
            return Encrypted(inner(value))
        try:
            opened = from_bytes(self.client().decrypt(value, self.name), type_)
        except DecryptionFailed:
            raise PydanticCustomError("decryption_failed", "the ciphertext doesn't open here") from None
        return Encrypted(inner(opened), value)
