"""The server's lifecycle, the unsealed server, its tenants and their maintenance."""
