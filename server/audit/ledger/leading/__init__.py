"""Leadership of a ledger: building, storing and signing its tree, and those of namespaces.

`ledger` the ledger of a process, from its beginning to its end; `leader` one step after the other, in the process that
leads; `process` and `child` the integrating process; `rotation` of keys; `rounds` the logs of namespaces.
"""
