"""Dry runs of ACL policies: one request, and what an edit would change over recorded requests."""
