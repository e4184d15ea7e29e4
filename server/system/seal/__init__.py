"""``sys`` routes for the seal: initialisation, unsealing, rekeying, root tokens, rotation."""
