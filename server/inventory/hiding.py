"""Hidden names of keys, for inventories and documents that are given to others.

A key's full path becomes its HMAC-SHA-256, the same in all documents of a server, so that they can be compared. The key
of the HMAC lies behind the barrier and never leaves it; names can't be guessed without it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from storage.base import Transaction, transact
from storage.view import View

HMAC = "hmac"
CHOICES = ("", HMAC)
_KEY = "sys/inventory/names-key"
_KEY_BYTES = 32
_PREFIX = "hmac-sha256:"


class HiddenNames:
    """Hides what tells of an organisation, by the key ``key``."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def hidden(self, path: str) -> str:
        """The name that stands for the full path of a key."""
        return _PREFIX + hmac.new(self._key, path.encode(), hashlib.sha256).hexdigest()

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row as answers have it: ``name`` stands for the path, and owner, labels and callers are empty."""
        hidden = dict(row)
        hidden["name"] = self.hidden(f"{row['namespace']}{row['mount']}{row['name']}")
        hidden.update(namespace="", mount="", owner="", labels={})
        if "use" in row:
            hidden["use"] = {**row["use"], "callers": []}
        return hidden

    def properties(self, properties: Mapping[str, str]) -> dict[str, str]:
        """The properties of a key in a document."""
        path = properties["cryptoserve:key"]
        return {**properties, "cryptoserve:key": self.hidden(path), "cryptoserve:owner": ""}


async def hidden_names(view: View) -> HiddenNames:
    """Hides names by the server's key for that, which is made at first; ``view`` is the root namespace's storage."""

    async def read_or_make(transaction: Transaction) -> bytes:
        key = await transaction.get(_KEY)
        if key is None:
            key = secrets.token_bytes(_KEY_BYTES)
            transaction.put(_KEY, key)
        return key

    found = await view.get(_KEY)
    return HiddenNames(await transact(view, read_or_make) if found is None else found)
