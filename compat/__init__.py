"""The Vault wire: what bytes come in and go out, in Vault's words. The only place that knows HTTP statuses."""
