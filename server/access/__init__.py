"""Access control per request: its context, cached decisions, cross-origin rules, quotas."""
