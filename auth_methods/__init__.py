"""Auth methods: each checks a proof of identity and says what the token may be; the core alone mints tokens."""
