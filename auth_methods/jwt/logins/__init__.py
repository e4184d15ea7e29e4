"""Stored state of logins: used ids, finished logins, and grants of the provider."""
