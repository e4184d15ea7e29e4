"""Which version this is, and which version of OpenBao's API it answers as."""

from __future__ import annotations

VERSION = "0.1.0"
"""CryptoServe's own version, as ``cryptoserve version`` prints it; a test holds it against pyproject.toml."""

API_VERSION = "2.7.2"
"""The OpenBao release whose API is spoken; ``sys/health`` and ``sys/seal-status`` show it, as clients compare it."""

API_COMMIT_DATE = "2026-10-26T20:32:27Z"
"""When that release was made."""

PLUGIN_VERSION = f"v{API_VERSION}+builtin.bao"
"""What mounts show as the version of their built-in plug-in."""
