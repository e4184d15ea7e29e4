"""AppRole: machines log in with a role id and a secret id issued to them.

Roles are in ``roles`` (their single properties in ``properties``), secret ids in ``secret_ids``, storage in ``store``.
"""
