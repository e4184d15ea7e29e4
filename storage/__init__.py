"""Encrypted storage: stores, the barrier above them, and the seals that guard the barrier's key.

Nothing here knows of engines, tokens or HTTP. The contracts are in ``storage.base``.
"""
