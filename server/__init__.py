"""The server: configuration, lifecycle, mounts, tokens, access control, audit, and the request pipeline."""
