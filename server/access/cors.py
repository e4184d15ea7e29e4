"""Cross-origin requests (CORS): which pages' scripts may read answers, as Fetch defines it and OpenBao answers it.

With CORS enabled, a request with an origin that isn't allowed is refused, whatever its path: a server that holds keys
shouldn't answer unlisted pages. Requests without ``Origin`` are unaffected.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from msgspec import Struct

from compat.envelope import errors_body
from compat.requests import Request
from engines.faults import Failed
from storage.base import delete, put
from storage.view import View

ANY = "*"
MAX_ORIGINS = 1000
MAX_HEADERS = 1000
MAX_CHARACTERS = 512
"""The longest origin or header name, in characters; only printable ones are allowed, since both occur in answers."""

STANDARD_HEADERS = (
    "Content-Type",
    "Authorization",
    "X-Vault-Token",
    "X-Vault-MFA",
    "X-Vault-No-Request-Forwarding",
    "X-Vault-Wrap-Format",
    "X-Vault-Wrap-TTL",
    "X-Requested-With",
    "X-Vault-AWS-IAM-Server-ID",
    "X-Vault-Policy-Override",
)
"""The headers that scripts may always send."""

_RECORD = "cors"
_METHODS = ("DELETE", "GET", "OPTIONS", "POST", "PUT", "LIST", "SCAN")
_MAX_AGE_SECONDS = 300
_JSON = (b"content-type", b"application/json")


class CorsConfig(Struct, frozen=True, kw_only=True):
    """The allowed origins and headers."""

    origins: tuple[str, ...]
    headers: tuple[str, ...] = ()
    """The headers allowed in addition to ``STANDARD_HEADERS``."""

    credentials: bool = False

    @property
    def all_headers(self) -> tuple[str, ...]:
        """Every header that scripts may send."""
        return (*STANDARD_HEADERS, *self.headers)


@dataclass(frozen=True, slots=True)
class CorsVerdict:
    """The decision about a request: headers for its answer, or an immediate answer."""

    headers: tuple[tuple[bytes, bytes], ...] = ()
    status: int | None = None
    """None if the request is to be handled as usual."""

    body: bytes = b""


_NOT_CROSS_ORIGIN = CorsVerdict()


class Cors:
    """The rules below ``view``."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._config: CorsConfig | None = None

    @property
    def enabled(self) -> bool:
        """Whether CORS is enabled, as of the last ``load``."""
        return self._config is not None

    async def load(self) -> None:
        """Load the stored rules."""
        self._config = await self.config()

    async def config(self) -> CorsConfig | None:
        """The rules; None if CORS is disabled."""
        return await self._view.load(_RECORD, _decode)

    async def enable(self, config: CorsConfig) -> None:
        """Set the rules. Raises ``Failed`` in Vault's words for invalid origins."""
        if not config.origins:
            raise Failed("at least one origin or the wildcard must be provided")
        if ANY in config.origins and len(config.origins) > 1:
            raise Failed("to allow all origins the '*' must be the only value for allowed_origins")
        if len(config.origins) > MAX_ORIGINS or len(config.headers) > MAX_HEADERS:
            raise Failed(f"there may be at most {MAX_ORIGINS} origins and {MAX_HEADERS} headers")
        if not all(len(text) <= MAX_CHARACTERS and text.isprintable() for text in (*config.origins, *config.headers)):
            raise Failed(f"origins and headers are printable texts of at most {MAX_CHARACTERS} characters")
        await put(self._view, _RECORD, msgspec.msgpack.encode(config))

    async def disable(self) -> None:
        """Disable CORS."""
        await delete(self._view, _RECORD)

    def judge(self, request: Request) -> CorsVerdict:
        """The decision of the rules about ``request``."""
        config = self._config
        origin = _header(request, b"origin")
        if config is None or not origin:
            return _NOT_CROSS_ORIGIN
        if config.origins != (ANY,) and origin.decode("latin-1") not in config.origins:
            return CorsVerdict((_JSON,), 403, errors_body(("origin not allowed",)))
        asked = _header(request, b"access-control-request-method")
        if request.internal and asked.decode("latin-1") not in _METHODS:
            return CorsVerdict((), 405)
        headers = [(b"access-control-allow-origin", origin), (b"vary", b"Origin")]
        if config.credentials and config.origins != (ANY,):
            headers.append((b"access-control-allow-credentials", b"true"))
        if not request.internal:
            return CorsVerdict(tuple(headers))
        headers += [
            (b"access-control-allow-methods", ",".join(_METHODS).encode()),
            (b"access-control-allow-headers", ",".join(config.all_headers).encode("latin-1", "replace")),
            (b"access-control-max-age", b"%d" % _MAX_AGE_SECONDS),
        ]
        return CorsVerdict(tuple(headers), 200)


def _header(request: Request, name: bytes) -> bytes:
    return next((value for header, value in request.headers if header == name), b"")


def _decode(value: bytes) -> CorsConfig:
    return msgspec.msgpack.decode(value, type=CorsConfig)
