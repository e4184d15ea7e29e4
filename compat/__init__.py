"""The Vault wire: requests, answers and error texts. The only package that knows HTTP statuses."""
