"""Seals: who may open the barrier. A seal wraps the root key; ``storage.seals.stored`` keeps what it has wrapped."""
