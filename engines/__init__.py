"""Secrets engines, the algorithms that they share, and named keys with their versions.

An engine knows its own storage, its mount's settings and a clock; it never sees HTTP, tokens or other mounts.
"""
