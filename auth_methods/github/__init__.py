"""GitHub: its API (``api``), and Vault's auth method for logins with a personal token.

The provider ``github`` of the method oidc, which is the better way for people, uses the API too.
"""
