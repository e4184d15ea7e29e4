"""Fetches from identity providers, bounded in time, size and number.

An attacker who can change an answer can log in as any user, and a provider may itself be hostile: so addresses are
HTTPS, or plain HTTP to this machine; a request with a secret follows no redirect, others only on the same host; and
pages are asked for where the first one was (``paging``).
"""
