"""Where everything is kept: stores, the barrier that encrypts them, and the seals that guard the barrier's key.

Nothing here knows of engines, tokens or HTTP. The contracts are in ``storage.base``.
"""
