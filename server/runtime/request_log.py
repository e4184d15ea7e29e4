"""Request log: a line for each request, at the level ``debug`` of the logger ``server.requests``.

It holds no secrets: only the request's method and path, with any tokens in the path removed. The formatters escape
control characters (``server.runtime.logs``).
"""

from __future__ import annotations

import logging
import re

_log = logging.getLogger("server.requests")

MAX_PATH_CHARACTERS = 256
"""The longest part of a path that is shown, in characters."""

_LIKE_A_TOKEN = re.compile(r"(?<![^/])(?:hv)?[sbr]\.[0-9A-Za-z_-]{20,}(?:\.[0-9A-Za-z]+)?")


class _Switch:
    """Whether requests are logged; cached, since every request asks."""

    def __init__(self) -> None:
        self.on = False

    def update(self) -> None:
        """Call after any change of loggers' levels."""
        self.on = _log.isEnabledFor(logging.DEBUG)


request_logging = _Switch()


def log_request(method: str, path: str, status: int, nanoseconds: int, address: str, request_id: str = "") -> None:
    """Log a finished request. A malformed one has no id, and its path is shown as sent."""
    fields: dict[str, object] = {"id": request_id} if request_id else {}
    fields |= {
        "method": method,
        "path": _LIKE_A_TOKEN.sub("(token)", path[:MAX_PATH_CHARACTERS]),
        "status": status,
        "milliseconds": nanoseconds // 1000 / 1000,
        "address": address,
    }
    _log.debug("request", extra={"fields": fields})
