"""``sys`` routes for secrets engines and auth methods."""
