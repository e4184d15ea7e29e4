"""HTTP requests parsed into Vault's terms: an operation on a path in a namespace, with parameters and a token.

``parse_request`` looks at the request alone, so that malformed requests are refused before any state is touched. Its
checks come in OpenBao's order, which decides the error of a request with several mistakes. The headers are read in one
loop (``read_headers``), and absent parts cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from compat.envelope import errors_body
from compat.json.text import Octets, parse_object
from compat.media_types import media_type
from compat.queries import parse_form, parse_query
from compat.urls import Redirect, Refusal, decode_path, is_relative, unclean
from engines.base import Operation
from engines.durations import SECOND, InvalidDuration, parse_duration_nanoseconds
from engines.faults import InvalidRequest, NotFound

PREFIX = b"/v1/"
"""The prefix of the API's paths."""

_OPERATIONS = {
    "POST": Operation.UPDATE,
    "GET": Operation.READ,
    "PUT": Operation.UPDATE,
    "LIST": Operation.LIST,
    "DELETE": Operation.DELETE,
    "PATCH": Operation.PATCH,
    "SCAN": Operation.SCAN,
    "HELP": Operation.HELP,
    "HEAD": Operation.READ,
    "OPTIONS": Operation.READ,
}
# A look-up in the Enum costs too much for the fastest requests.
_HELP, _LIST, _SCAN = Operation.HELP, Operation.LIST, Operation.SCAN
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_HEADERS = frozenset(
    {
        b"x-vault-token", b"x-vault-namespace", b"x-vault-wrap-ttl", b"x-vault-wrap-format", b"x-vault-index",
        b"authorization", b"content-type", b"content-length", b"transfer-encoding",
    }
)  # fmt: skip
_BEARER = b"Bearer "
UNKNOWN_LENGTH = 1
"""The length of a chunked body, which isn't known."""

_MAX_LENGTH_DIGITS = 18
_PATCH_TYPE = "application/merge-patch+json"
LINES_TYPE = b"application/x-ndjson"
"""The media type of a stream: one JSON value on each line (NDJSON)."""

_JSON_TYPE = b"application/json"
_FORM_TYPE = "application/x-www-form-urlencoded"
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False", ""), False),
}

Headers = Iterable[tuple[bytes, bytes]]
"""Names in lower case, as ASGI gives them."""


class Sent(Struct, gc=False):
    """The headers of a request that have a meaning here; ``b""`` for absent ones."""

    headers: Headers
    """All headers."""

    token: bytes = b""
    namespace: bytes = b""
    """As sent: every answer, errors included, repeats it."""

    content_type: bytes = b""
    wrap_ttl: bytes = b""
    wrap_format: bytes = b""
    index: bytes = b""
    length: int = 0
    """The body's length in bytes as announced, 0 without a body, 1 if it isn't known, as that of chunks."""

    ambiguous: bool = False
    """Whether both a length and chunks are announced, which may disagree on where the body ends."""

    lines: bool = False
    """Whether the body is announced as lines of JSON."""

    form: bool = False
    """Whether the body may be a form."""

    path: str | Redirect | Refusal | None = None
    """The result of ``parse_request`` for the path that came with the headers, kept with a cached head."""

    def __repr__(self) -> str:
        """Omits what may be secret."""
        return f"Sent({self.length} bytes)"


def read_headers(headers: Headers) -> Sent:
    """The headers that have a meaning here; of repeated ones, the first counts."""
    found: dict[bytes, bytes] = {}
    bearer = b""
    for name, value in headers:
        if name in _HEADERS:
            if name == b"authorization":
                if not bearer and value.startswith(_BEARER):
                    bearer = value[7:].strip()
            elif name not in found:
                found[name] = value
    get = found.get
    sent = Sent(headers, get(b"x-vault-token") or bearer, get(b"x-vault-namespace", b""), get(b"content-type", b""))
    length = get(b"content-length")
    if length is not None:
        sent.length = int(length) if length.isdigit() and len(length) <= _MAX_LENGTH_DIGITS else UNKNOWN_LENGTH
        sent.ambiguous = b"transfer-encoding" in found
    elif b"transfer-encoding" in found:
        sent.length = UNKNOWN_LENGTH
    if sent.content_type and sent.content_type != _JSON_TYPE:
        sent.lines = sent.content_type.partition(b";")[0].strip().lower() == LINES_TYPE
        sent.form = b"form" in sent.content_type.lower()
    sent.wrap_ttl = get(b"x-vault-wrap-ttl", b"")
    sent.wrap_format = get(b"x-vault-wrap-format", b"")
    sent.index = get(b"x-vault-index", b"")
    return sent


class Request(Struct, gc=False):
    """One request, parsed but not authorized."""

    method: str
    operation: Operation
    path: str
    """Below ``/v1/``, decoded, without the namespace of the header; ends in ``/`` for lists and scans."""

    namespace: str
    """From the header, without slashes at its ends; ``""`` is the root namespace."""

    in_namespace: bool
    """Whether the header was there at all."""

    token: str
    data: dict[str, Any]
    wrap_ttl_seconds: float
    """In seconds; 0 where no wrapping is asked for."""

    wrap_format: str
    index: str
    """``X-Vault-Index`` as sent; ``""`` without one."""

    headers: Headers
    remote_address: str
    remote_port: int
    prefixed: bool = False
    """Whether the path began with a namespace's, which then has been taken from it."""
    client_certificate: bytes = b""
    """The client certificate in DER, from the TLS handshake; set by the owner of the connection."""

    lines: bool = False
    """Whether the body is lines of JSON without end, read while it is answered; ``data`` is the query's then."""

    unread: bool = False
    """Whether the body is larger than allowed without a token. ``data`` is empty then, and the request can only be
    refused."""

    large: bool = False
    """Whether processing ``data`` takes long and belongs in a thread beside the event loop."""

    @property
    def internal(self) -> bool:
        """An ``OPTIONS`` request, which no path of the API takes."""
        return self.method == "OPTIONS"

    @property
    def head(self) -> bool:
        """A ``HEAD`` request: no path has this operation, and its answer has no body."""
        return self.method == "HEAD"

    def __repr__(self) -> str:
        """Omits the token and the parameters, which may be secret."""
        return f"Request({self.operation.value} {self.path!r} in {self.namespace!r})"


def parse_request(
    method: str,
    raw_path: bytes,
    query_string: bytes,
    sent: Sent,
    body: bytes,
    client: tuple[str, int] | None = None,
) -> Request | Redirect | Refusal:
    """The parsed request, or an immediate answer.

    ``raw_path`` and ``query_string`` are as on the wire, still escaped; ``sent`` are its headers. Raises
    ``InvalidRequest`` for what OpenBao answers with 400 and a text, ``NotFound`` for paths outside of the API.
    """
    path = sent.path
    if path is None:
        path = sent.path = _path(raw_path, query_string)
    if not isinstance(path, str):
        return path
    operation = _OPERATIONS.get(method)
    if operation is None:
        return Refusal(405, errors_body(()))
    data: dict[str, Any] = {}
    if method in _WITH_BODY:
        if query_string and _asks_for_help(query_string):
            operation = Operation.HELP
        else:
            if method == "PATCH":
                refusal = _check_patch_type(sent.content_type)
                if refusal is not None:
                    return refusal
            data = parse_body(sent, body) if sent.form else parse_object(body)
    elif query_string:
        operation, data = _read_query(method, operation, query_string)
    wrap_ttl_seconds = _wrap_ttl_seconds(sent.wrap_ttl) if sent.wrap_ttl and operation is not _HELP else 0.0
    if operation is _LIST or operation is _SCAN:
        path = path if path.endswith("/") else path + "/"
    if raw_path.find(b"%") >= 0 and is_relative(path):
        raise InvalidRequest("relative paths not supported")
    if method in _WITH_BODY and path.endswith("/") and operation is not _HELP:
        raise InvalidRequest("cannot write to a path ending in '/'")
    return Request(
        method,
        operation,
        path,
        _namespace(sent.namespace) if sent.namespace else "",
        bool(sent.namespace),
        sent.token.decode("latin-1"),
        data,
        wrap_ttl_seconds,
        sent.wrap_format.decode("latin-1"),
        sent.index.decode("latin-1"),
        sent.headers,
        *(client or ("", 0)),
    )


def reads_body(request: Request) -> bool:
    """Whether the parameters of ``request`` are in its body."""
    return request.method in _WITH_BODY and request.operation is not _HELP


def parse_lines_request(
    method: str, raw_path: bytes, query_string: bytes, sent: Sent, client: tuple[str, int] | None = None
) -> Request | None:
    """As ``parse_request``, for a stream of JSON lines, before its body is read; None if it can't be one."""
    request = parse_request(method, raw_path, query_string, sent, b"", client)
    if not isinstance(request, Request) or request.operation is not Operation.UPDATE:
        return None
    request.data = parse_query(query_string)
    request.lines = True
    return request


def _path(raw_path: bytes, query_string: bytes) -> str | Redirect | Refusal:
    if not raw_path.startswith(PREFIX):
        raise NotFound(None)
    if raw_path == b"/v1/sys" or b"//" in raw_path or b"/." in raw_path:
        clean = unclean(raw_path, query_string)
        if clean is not None:
            return clean
    return decode_path(raw_path[len(PREFIX) :])


def _read_query(method: str, operation: Operation, query_string: bytes) -> tuple[Operation, dict[str, Any]]:
    """The operation that the query makes of the method, and the parameters in it."""
    values = parse_query(query_string)
    if method == "GET":
        listing, scanning = (_flag(values, name) for name in ("list", "scan"))
        if listing and scanning:
            raise InvalidRequest(None)
        if listing:
            del values["list"]
            operation = Operation.LIST
        elif scanning:
            del values["scan"]
            operation = Operation.SCAN
    if _first(values.pop("help", "")):
        return Operation.HELP, {}
    return operation, values


def _asks_for_help(query_string: bytes) -> bool:
    return b"help" in query_string and bool(_first(parse_query(query_string).get("help", "")))


def _first(value: str | list[str]) -> str:
    return value if isinstance(value, str) else value[0]


def _flag(values: Mapping[str, str | list[str]], name: str) -> bool:
    try:
        return _BOOLEANS[_first(values.get(name, ""))]
    except KeyError:
        raise InvalidRequest(None) from None


def _check_patch_type(content_type: bytes) -> Refusal | None:
    found = media_type(content_type.decode("latin-1"))
    if found == _PATCH_TYPE:
        return None
    text = f"PATCH requires Content-Type of {_PATCH_TYPE}, provided {found}"
    return Refusal(415, errors_body((text,)))


def parse_body(sent: Sent, body: Octets) -> dict[str, Any]:
    """The parameters in a body: a form if the content type says so and the body doesn't look like JSON; else JSON.

    Raises ``InvalidRequest`` and ``TooLarge``.
    """
    if sent.form and body.lstrip()[:1] not in (b"{", b"["):
        try:
            is_form = media_type(sent.content_type.decode("latin-1")) == _FORM_TYPE
        except InvalidRequest:
            is_form = False
        if is_form:
            return parse_form(body)
    return parse_object(body)


def _wrap_ttl_seconds(value: bytes) -> float:
    try:
        nanoseconds = parse_duration_nanoseconds(value.decode("latin-1").strip())
    except InvalidDuration as error:
        raise InvalidRequest(f"error parsing X-Vault-Wrap-TTL header: {error}") from None
    if nanoseconds < 0:
        raise InvalidRequest("error parsing X-Vault-Wrap-TTL header: requested wrap ttl cannot be negative")
    return nanoseconds / SECOND


def _namespace(value: bytes) -> str:
    name = value.decode("utf-8", "replace").strip().strip("/")
    return "" if name in ("root", ".") else name
