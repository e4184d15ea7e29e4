"""Logs of namespaces: each has the entries of its namespace, and reveals nothing of others.

`projection` which entries those are, and what of them; `writing` the tiles, in the integrating process; `state` what
storage remembers, with the keys; `heads` how the server's log commits to them.
"""
