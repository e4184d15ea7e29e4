"""The cubbyhole engine, built in at ``cubbyhole/``: private storage of each token.

Entries are stored under the token's prefix, not the mount's; the core passes that storage in as ``Cubbyholes``. A
handler reaches the entries of its caller's token only, and they are deleted with the token.
"""
