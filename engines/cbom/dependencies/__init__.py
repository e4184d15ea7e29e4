"""Cryptographic packages in lock files, and their known vulnerabilities.

``locks.reading`` reads a file, ``advisories.bundle`` has the advisories, and ``judging`` says what is found.
"""
