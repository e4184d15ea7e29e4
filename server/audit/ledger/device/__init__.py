"""The ledger as an audit device: the journal that workers write, the integrator that makes the log of it, its files.

`options` what may be set; `directory` the files; `entries` and `journal` what workers write; `device` the device;
`integrator` journal to tiles; `state` what storage remembers, with the keys; `checks` whether a directory fits it;
`publishing` checkpoints; `witnesses` who else signs them; `pruning` what goes to an archive. See
``server.audit.ledger.leading`` for the process that puts this together.
"""
