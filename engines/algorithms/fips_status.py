"""Whether FIPS 140-3 knows an algorithm as approved: a fact of each row, and of each hash function."""

from __future__ import annotations

from enum import Enum


class Fips(Enum):
    """Of an algorithm alone; whether a *module* is validated is the provider's affair."""

    APPROVED = "approved"
    NOT_APPROVED = "not-approved"
    LEGACY = "legacy"
    """Approved for old data only: to verify and decrypt (SP 800-131A)."""
