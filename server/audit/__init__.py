"""Audit: an entry of every request and of its outcome, written before the caller gets an answer.

The broker builds the entries and hides secrets in them; devices only append bytes. If a device is enabled and none
accepts an entry, the request fails: nothing happens unaudited.
"""
