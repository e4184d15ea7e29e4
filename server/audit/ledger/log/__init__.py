"""The formats of a tiled transparency log: trees, tiles, notes, checkpoints, proofs, policies, and a journal's frames.

The specifications are those of https://c2sp.org: signed-note, tlog-checkpoint, tlog-cosignature, tlog-tiles, tlog-proof
and tlog-policy, read at commit 5ba5ee8 (2026-07-22), and RFC 6962 for the tree's hashes. The modules here import
nothing else of the server.
"""
