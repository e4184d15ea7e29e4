"""Namespaces as tenants: mounts, policies, tokens, identity and limits of each."""
