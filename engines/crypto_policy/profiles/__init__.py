"""Profiles: requirements of public documents on algorithms, as dated data, applied to uses of keys.

A profile is a file in ``data/``: rules as rows, to be reviewed beside the document. It holds no code; ``judging``
compares its rows with facts, and ``matrix`` does so for all algorithms of the registry.
"""
