"""userpass: logins with names and passwords that the server keeps.

A wrong password and an unknown name get the same answer after the same work. The mount's option ``password_hashing``
selects the hash: ``argon2id`` by default, or ``pbkdf2-sha256``, which is the default in the FIPS mode ``preferred`` and
the only one in ``enabled``. Hashes of the other scheme are still checked, so that no user is locked out, and replaced
after a successful login.
"""
