"""Profiles: what public documents say of algorithms, as dated data, and what follows for a use of a key.

A profile is a file in ``data/``: rules as rows that a reviewer reads beside the document. Nothing is executed of it;
``judging`` compares the rows with facts, and ``matrix`` does so for all algorithms of the registry.
"""
