"""Encryption and decryption: single items, batches, streams, data keys, rewrapping."""
