"""Which namespaces exist, and their names."""
