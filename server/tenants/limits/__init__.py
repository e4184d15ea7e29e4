"""Limits on requests and logins: rate limits, quotas, lockouts."""
