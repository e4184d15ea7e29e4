"""The mounts with keys that a caller sees."""

from __future__ import annotations

from server.console.api import Api

STREAMING_ENGINE = "transit"
"""The engine that takes streams."""

KEY_ENGINES = (STREAMING_ENGINE, "pqc", "signing")


async def key_mounts(api: Api) -> dict[str, str]:
    """The types of the mounts with keys, by their paths, without the ``/`` at the end."""
    result = await api.read("sys/internal/ui/mounts")
    found = result.data.get("secret") or {}
    return {
        path.rstrip("/"): mount["type"] for path, mount in sorted(found.items()) if mount.get("type") in KEY_ENGINES
    }
