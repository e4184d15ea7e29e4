"""A line for each request, at the level ``debug`` of the logger ``server.requests``.

It has nothing that may be secret: of the request, its method and path alone, where tokens that somebody has put into
the path are taken out. The formatters escape control characters (``server.runtime.logs``).
"""

from __future__ import annotations

import logging
import re

_log = logging.getLogger("server.requests")

MAX_PATH_CHARACTERS = 256
"""How much of a path is shown."""

_LIKE_A_TOKEN = re.compile(r"(?<![^/])(?:hv)?[sbr]\.[0-9A-Za-z_-]{20,}(?:\.[0-9A-Za-z]+)?")


class _Switch:
    """Whether requests are logged: asked with each of them, so it isn't looked up each time."""

    def __init__(self) -> None:
        self.on = False

    def update(self) -> None:
        """To be called whenever levels of loggers have changed."""
        self.on = _log.isEnabledFor(logging.DEBUG)


request_logging = _Switch()


def log_request(method: str, path: str, status: int, nanoseconds: int, address: str, request_id: str = "") -> None:
    """The line of a request, at its end. One that is malformed has no id, and its path is shown as it was sent."""
    fields: dict[str, object] = {"id": request_id} if request_id else {}
    fields |= {
        "method": method,
        "path": _LIKE_A_TOKEN.sub("(token)", path[:MAX_PATH_CHARACTERS]),
        "status": status,
        "milliseconds": nanoseconds // 1000 / 1000,
        "address": address,
    }
    _log.debug("request", extra={"fields": fields})
