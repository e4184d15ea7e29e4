"""userpass: names and passwords that the server itself keeps.

A wrong password and an unknown name get the same answer after the same work. Passwords are hashed as the mount's option
``password_hashing`` says: ``argon2id`` unless given, or ``pbkdf2-sha256``, which is the default in the FIPS mode
``preferred`` and all there is in ``enabled``. Hashes that were made otherwise are still checked, so that nobody is
locked out, and made anew with the password that was right.
"""
