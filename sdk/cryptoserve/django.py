"""A model field of Django that is stored encrypted (the extra ``django``).

    CRYPTOSERVE = {"app_name": "payments", "team": "backend"}        # in the settings: arguments of CryptoServe

    class Customer(models.Model):
        email = EncryptedTextField(context="email", null=True)

NULL stays NULL. There is one client for the process. Ciphertexts can't be compared: but for ``isnull``, lookups raise.
``insert_many`` and ``select_many`` send the values of many objects to the server in batches.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models

from cryptoserve.calls.names import checked_name
from cryptoserve.client import CryptoServe

Model = TypeVar("Model", bound=models.Model)

_lock = threading.Lock()
_raw: ContextVar[bool] = ContextVar("cryptoserve_raw", default=False)
_clients: list[CryptoServe] = []


def configured_client() -> CryptoServe:
    """The client of the process, of ``settings.CRYPTOSERVE``. Raises ``ImproperlyConfigured``."""
    with _lock:
        if not _clients:
            options = getattr(settings, "CRYPTOSERVE", None)
            if not isinstance(options, dict):
                raise ImproperlyConfigured("CRYPTOSERVE: expected a dict with app_name and team")
            try:
                _clients.append(CryptoServe(**options))
            except (TypeError, ValueError) as fault:
                raise ImproperlyConfigured(f"CRYPTOSERVE: {fault}") from fault
        return _clients[0]


class _Ready(str):
    """A text that is stored as it is."""


class EncryptedTextField(models.TextField):  # type: ignore[misc]
    """Text that is encrypted under ``context`` before it is stored."""

    def __init__(self, *arguments: Any, context: str, **options: Any) -> None:
        self.context = checked_name(context, "context")
        super().__init__(*arguments, **options)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """The arguments, for migrations."""
        name, path, arguments, options = super().deconstruct()
        return name, path, list(arguments), {**options, "context": self.context}

    def get_prep_value(self, value: Any) -> str | None:
        """The ciphertext."""
        text: str | None = super().get_prep_value(value)
        if text is None or isinstance(text, _Ready):
            return text
        return configured_client().encrypt(text.encode("utf-8"), self.context)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        """The text of what was stored."""
        if value is None or _raw.get():
            return value
        return configured_client().decrypt(value, self.context).decode("utf-8")

    def get_lookup(self, lookup_name: str) -> Any:
        """``isnull`` alone. Raises ``FieldError``."""
        if lookup_name != "isnull":
            raise FieldError(f"{lookup_name}: ciphertexts can't be compared")
        return super().get_lookup(lookup_name)


def insert_many(model: type[Model], objects: Sequence[Model]) -> None:
    """``bulk_create`` of ``objects``, with the values of each encrypted field sent to the server in batches."""
    fields = _encrypted_fields(model)
    values = [[getattr(each, field.attname) for field in fields] for each in objects]
    try:
        for field in fields:
            chosen = [each for each in objects if getattr(each, field.attname) is not None]
            contents = [str(getattr(each, field.attname)).encode("utf-8") for each in chosen]
            texts = configured_client().encrypt_many(contents, field.context)
            for each, text in zip(chosen, texts, strict=True):
                setattr(each, field.attname, _Ready(text))
        model._default_manager.bulk_create(objects)
    finally:
        for each, row in zip(objects, values, strict=True):
            for field, value in zip(fields, row, strict=True):
                setattr(each, field.attname, value)


def select_many(queryset: models.QuerySet[Model]) -> list[Model]:
    """All objects of ``queryset``, with the values of each encrypted field decrypted in batches."""
    token = _raw.set(True)
    try:
        objects = list(queryset)
    finally:
        _raw.reset(token)
    for field in _encrypted_fields(queryset.model):
        chosen = [each for each in objects if each.__dict__.get(field.attname) is not None]
        opened = configured_client().decrypt_many([each.__dict__[field.attname] for each in chosen], field.context)
        for each, content in zip(chosen, opened, strict=True):
            setattr(each, field.attname, content.decode("utf-8"))
    return objects


def _encrypted_fields(model: type[models.Model]) -> list[EncryptedTextField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]
