"""Logins as they are remembered: which ids were used, which have ended unfetched, and what the provider has granted."""
