"""The crypto policy as engines see it: operations, facts, and the gate that each use of a key passes.

Documents, expressions, storage and decisions are the server's (``server.tenants.crypto_policies``). An engine knows
only the ``Gate`` of its ``Mount``.
"""
