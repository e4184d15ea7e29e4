"""Secrets engines, the algorithms they share, and what a key and its versions are.

An engine knows its own storage, its mount's settings and a clock; it never sees HTTP, tokens or other mounts.
"""
