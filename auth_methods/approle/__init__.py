"""AppRole: machines log in with the id of a role and a secret id that was handed to them.

Roles are in ``roles`` (and their single properties in ``properties``), secret ids in ``secret_ids``, what is stored in
``store``.
"""
