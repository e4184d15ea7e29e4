"""A model field of Django that is stored encrypted (the extra ``django``).

    CRYPTOSERVE = {"app_name": "payments", "team": "backend"}        # in the settings: arguments of CryptoServe

    class Customer(models.Model):
        email = EncryptedTextField(context="email", null=True)

NULL stays NULL. There is one client for the process. Ciphertexts can't be compared: but for ``isnull``, lookups raise.
"""

from __future__ import annotations

import threading
from typing import Any

from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models

from cryptoserve.client import CryptoServe
from cryptoserve.names import checked_name

_lock = threading.Lock()
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
        text = super().get_prep_value(value)
        return None if text is None else configured_client().encrypt(text.encode("utf-8"), self.context)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        """The text of what was stored."""
        return None if value is None else configured_client().decrypt(value, self.context).decode("utf-8")

    def get_lookup(self, lookup_name: str) -> Any:
        """``isnull`` alone. Raises ``FieldError``."""
        if lookup_name != "isnull":
            raise FieldError(f"{lookup_name}: ciphertexts can't be compared")
        return super().get_lookup(lookup_name)
