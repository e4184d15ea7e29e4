"""The ledger as an audit device: the journal that workers write, and the integrator that makes the log of it.

`options` what may be set; `directory` the files; `entries` and `journal` what workers write; `device` the device;
`integrator` journal to tiles, run by `child` in a process of its own, which `process` drives; `state` what storage
remembers, with the keys; `checks` whether a directory fits it; `publishing` checkpoints; `leader` and `ledger` put it
together.
"""
