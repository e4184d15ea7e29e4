"""Versions: CryptoServe's, and that of the OpenBao API which it implements."""

from __future__ import annotations

VERSION = "0.1.0"
"""CryptoServe's own version, as ``cryptoserve version`` prints it; a test holds it against pyproject.toml."""

API_VERSION = "2.7.2"
"""The OpenBao release whose API is implemented; ``sys/health`` and ``sys/seal-status`` show it, for clients."""

API_COMMIT_DATE = "2026-10-26T20:32:27Z"
"""The build date of that release."""

PLUGIN_VERSION = f"v{API_VERSION}+builtin.bao"
"""The version that mounts show for their built-in plug-in."""
