"""FIPS 140-3 status of algorithms: a fact of each row, and of each hash function."""

from __future__ import annotations

from enum import Enum


class Fips(Enum):
    """The status of an algorithm; whether a *module* is validated depends on the provider."""

    APPROVED = "approved"
    NOT_APPROVED = "not-approved"
    LEGACY = "legacy"
    """Approved for old data only: to verify and decrypt (SP 800-131A)."""
