"""``sys`` routes for access: policies, capabilities, leases, namespaces, quotas, wrapping."""
