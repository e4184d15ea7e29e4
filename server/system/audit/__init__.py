"""``sys`` routes for audit devices and audited headers."""
