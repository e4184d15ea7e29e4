"""A sample auth method: whoever knows the mount's passphrase gets a token.

It shows all that a method has to be: the state of a mount with its handlers in one file (``passphrase``), and in
another the table of routes, one of them public, with the ``EngineType`` that the entry point names (``routes``).
"""
