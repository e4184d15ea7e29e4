"""The commands of an installed server."""

from __future__ import annotations

COMMANDS = [
    "audit",
    "backup",
    "cbom",
    "completion",
    "decrypt",
    "encrypt",
    "inventory",
    "operator",
    "restore",
    "rewrap",
    "scan",
    "server",
    "sign",
    "status",
    "verify",
    "version",
    "witness",
]
