"""The core: configuration, lifecycle, mounts, tokens, access control, audit, and the way of a request through them."""
