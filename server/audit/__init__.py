"""Audit: every request and its outcome, written before anybody gets an answer.

The broker builds the entries and hides what is secret in them; devices only append bytes. If at least one device is
enabled and none takes an entry, the request fails: what can't be audited doesn't happen.
"""
