"""Cross-origin rules (CORS); see ``server.access.cors``."""

from __future__ import annotations

from engines.base import Body, Call, Nothing, Reply
from engines.fields import CommaList
from server.access.cors import CorsConfig
from server.system.state import System


class CorsBody(Body):
    """The allowed origins and headers."""

    enable: bool = False
    allowed_origins: CommaList = []
    allowed_headers: CommaList = []
    allow_credentials: bool = False

    tells = {
        "enable": "Accepted and ignored: a write turns the rules on, a delete off.",
        "allowed_origins": "Origins whose pages may read responses; `*` for all.",
        "allowed_headers": "Request headers to allow besides the default ones.",
        "allow_credentials": "Whether requests may carry credentials; not with the origin `*`.",
    }


async def read_cors(system: System, call: Call, body: Nothing) -> Reply:
    """Show the rules."""
    config = await system.unsealed.guards.cors.config()
    if config is None:
        return Reply({"enabled": False})
    return Reply(
        {
            "enabled": True,
            "allowed_origins": list(config.origins),
            "allowed_headers": list(config.all_headers),
            "allow_credentials": config.credentials,
        }
    )


async def write_cors(system: System, call: Call, body: CorsBody) -> None:
    """Set the rules, which enables CORS."""
    await system.unsealed.guards.cors.enable(
        CorsConfig(
            origins=tuple(body.allowed_origins),
            headers=tuple(body.allowed_headers),
            credentials=body.allow_credentials,
        )
    )


async def delete_cors(system: System, call: Call, body: Nothing) -> None:
    """Disable CORS."""
    await system.unsealed.guards.cors.disable()
