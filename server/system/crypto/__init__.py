"""``sys`` routes for the crypto policy."""
