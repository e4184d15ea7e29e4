"""Leading a ledger: the process that has its tree made, remembered and signed, and those of namespaces with it.

`ledger` the ledger of a process, from its beginning to its end; `leader` one step after the other, in the process that
leads; `process` and `child` the integrating process; `rotation` of keys; `rounds` the logs of namespaces.
"""
