"""Contents of an audit entry: the typed values that the core passes to the broker.

What stays the same over many requests (a mount, a namespace, a token) is an object of its own, made once by its owner,
and holds its part of the entry as bytes. The client's token is passed with each request and never kept:
``AuditToken`` remembers only its hidden form for each device.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson
from msgspec import Struct

from auth_methods.base import InvalidCredentials
from engines.base import Operation
from engines.faults import (
    Denied,
    Fault,
    InvalidRequest,
    NotFound,
    RateLimited,
    Sealed,
    TooLarge,
    Unavailable,
    UnsupportedOperation,
    UnsupportedPath,
)

_CLASSES = {False: "secret", True: "auth"}


class AuditNamespace:
    """The namespace of a request; ``path`` is ``""`` for the root namespace."""

    __slots__ = ("block", "id", "is_root")

    def __init__(self, namespace_id: str, path: str = "") -> None:
        self.id = namespace_id
        self.is_root = namespace_id == "root"
        self.block = b'"namespace":' + orjson.dumps({"id": namespace_id, **({"path": path} if path else {})}) + b","


class AuditMount:
    """A mount as entries name it, and its parameters that may be written in the clear."""

    __slots__ = ("request_block", "request_clear", "response_block", "response_clear")

    def __init__(
        self,
        *,
        point: str,
        type: str,
        accessor: str,
        version: str,
        auth: bool,
        non_hmac_request_keys: Iterable[str] = (),
        non_hmac_response_keys: Iterable[str] = (),
    ) -> None:
        block: dict[str, str] = {"mount_point": point, "mount_type": type, "mount_accessor": accessor}
        self.request_block = _inside({**block, "mount_running_version": version, "mount_class": _CLASSES[auth]})
        self.response_block = _inside({**block, "mount_running_plugin_version": version, "mount_class": _CLASSES[auth]})
        self.request_clear = frozenset(non_hmac_request_keys)
        self.response_clear = frozenset(non_hmac_response_keys)


@dataclass(frozen=True, slots=True)
class AuditAuth:
    """A token as entries describe it: the caller's, or one issued by a login. Times in seconds, 0 for none."""

    policies: Sequence[str]
    token_policies: Sequence[str]
    accessor: str = field(default="", repr=False)
    display_name: str = ""
    metadata: Mapping[str, str] | None = None
    entity_id: str = ""
    token_type: str = "service"  # noqa: S105 - a word, not a secret
    ttl_seconds: int = 0
    issue_time: float = 0
    """Seconds since the epoch."""

    num_uses: int = 0
    identity_policies: Sequence[str] = ()


class AuditToken:
    """One client token, described once and used for all its requests.

    ``client_id`` names the client in statistics (see ``client_id``), and ``namespace_id`` is where its policies live.
    ``prepared`` belongs to the devices' formatters.
    """

    __slots__ = ("auth", "client_id", "namespace_id", "namespace_path", "prepared")

    def __init__(self, auth: AuditAuth, client_id: str, namespace_id: str = "root", namespace_path: str = "") -> None:
        self.auth = auth
        self.client_id = client_id
        self.namespace_id = namespace_id
        self.namespace_path = namespace_path
        self.prepared: dict[int, Any] = {}


@dataclass(frozen=True, slots=True)
class AuditHeader:
    """A request header selected for the entries."""

    name: str
    values: tuple[str, ...] = field(repr=False)
    hmac: bool = True


class AuditSubject:
    """Caller, operation and path: the common part of the entries of many requests.

    ``path`` starts at the namespace's root; that of a list ends in ``/``. ``allowed`` is the policies' decision, None
    if they weren't asked, because the token isn't valid. ``prepared`` belongs to the devices' formatters.
    """

    __slots__ = ("allowed", "granting_policies", "mount", "namespace", "operation", "path", "prepared", "token")

    def __init__(
        self,
        *,
        operation: Operation,
        path: str,
        namespace: AuditNamespace,
        mount: AuditMount | None = None,
        token: AuditToken | None = None,
        allowed: bool | None = None,
        granting_policies: tuple[str, ...] = (),
    ) -> None:
        self.operation = operation
        self.path = path
        self.namespace = namespace
        self.mount = mount
        self.token = token
        self.allowed = allowed
        self.granting_policies = granting_policies
        self.prepared: dict[int, Any] = {}


Hidden: TypeAlias = Mapping[int, bytes]
"""The hidden data of an entry as JSON, by the serial number of each device's formatter."""


class AuditRequest(Struct, kw_only=True):
    """A request, as known when its entry is due."""

    id: str
    subject: AuditSubject
    data: Mapping[str, Any]
    """The parameters as sent."""

    client_token: str = ""
    """The token as sent, valid or not. One ``AuditToken`` always comes with the same one."""

    remaining_uses: int = 0
    remote_address: str = ""
    remote_port: int = 0
    wrap_ttl_seconds: float | None = None
    sent_headers: Iterable[tuple[bytes, bytes]] = ()
    """All headers sent, in lower case."""

    headers: tuple[AuditHeader, ...] = ()
    """The headers to be written; set by the broker."""

    error: str = ""
    """The reason of a refusal, in fixed words without any input."""

    hidden: Hidden | None = None
    """The result of the broker's ``hide`` for ``data``."""

    def __repr__(self) -> str:
        return f"AuditRequest({self.id})"


@dataclass(frozen=True, slots=True)
class AuditWrap:
    """The wrapping token issued instead of an answer."""

    token: str = field(repr=False)
    accessor: str = field(repr=False)
    ttl_seconds: int
    creation_time: str
    creation_path: str
    wrapped_accessor: str = field(default="", repr=False)


class AuditResponse(Struct):
    """The outcome of a request."""

    data: Mapping[str, Any] | None = None
    auth: AuditAuth | None = None
    client_token: str = ""
    """The issued token, described by ``auth``."""

    login: bool = False
    """Whether ``auth`` comes from a login, and so identifies the caller."""

    entity_created: bool = False
    """Whether the login has created the entity."""

    wrap: AuditWrap | None = None
    warnings: Sequence[str] = ()
    error: str = ""
    """The kind of failure, in fixed words without any input."""

    hidden: Hidden | None = None
    """The result of the broker's ``hide_answer`` for ``data``."""

    crypto: bytes = b""
    """The uses of keys, with the crypto policy's decisions."""

    def __repr__(self) -> str:
        return f"AuditResponse(error={self.error!r})"


def refusal(fault: Fault, *, public: bool = False) -> AuditResponse:
    """The outcome for ``fault``: its kind in the clear; its text, which may repeat input, hidden as data.

    ``public``: the route needs no token, and its error texts aren't wrapped.
    """
    kind = next((words for kind, words in _KINDS if isinstance(fault, kind)), "internal error")
    if fault.message is None and not isinstance(fault, Denied):
        return AuditResponse() if isinstance(fault, NotFound) else AuditResponse(error=_wrapped(kind, public))
    if isinstance(fault, UnsupportedPath | UnsupportedOperation):
        return AuditResponse(error=_wrapped(kind, public))
    text = fault.message or kind
    if fault.wrapped and not public:
        text = _wrapped(text, public)
    return AuditResponse(data={"error": text}, error=_wrapped(kind, public))


def raw_answer(status: int, content_type: str, body: bytes) -> AuditResponse:
    """The outcome for an answer with an HTTP status of its own, such as a batch with failed items."""
    return AuditResponse(
        data={
            "http_content_type": content_type,
            # What isn't text, such as a tile of a log, can't stand in JSON as it is.
            "http_raw_body": body.decode(errors="replace"),
            "http_status_code": status,
        }
    )


def client_id(policies: Iterable[str], namespace_id: str, entity_id: str = "") -> str:
    """The id of a client in statistics: its entity, or else a hash of its token's properties."""
    if entity_id:
        return entity_id
    text = "\x7f".join(sorted(policies)) + "\0" + namespace_id
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


_KINDS: tuple[tuple[type[Fault], str], ...] = (
    (InvalidCredentials, "invalid credentials"),
    (InvalidRequest, "invalid request"),
    (Denied, "permission denied"),
    (UnsupportedOperation, "unsupported operation"),
    (UnsupportedPath, "unsupported path"),
    (NotFound, "unsupported path"),
    (TooLarge, "request body too large"),
    (RateLimited, "rate limit quota exceeded"),
    (Sealed, "sealed"),
    (Unavailable, "unavailable"),
)


def _wrapped(text: str, public: bool) -> str:
    return text if public else f"1 error occurred:\n\t* {text}\n\n"


def _inside(block: Mapping[str, Any]) -> bytes:
    """The members of a JSON object, without its braces."""
    return orjson.dumps(block)[1:-1]
