"""Seals, which wrap the barrier's root key; ``storage.seals.stored`` keeps the wrapped keys."""
