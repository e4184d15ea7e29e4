"""Encryption by the client itself, under data keys of the server: kept for many messages, or made for one file."""

from cryptoserve.local.bounds import Local

__all__ = ["Local"]
