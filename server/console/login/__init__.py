"""Logging in and out: the methods that are offered, their requests to the API, and their pages."""
