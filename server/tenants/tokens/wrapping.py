"""Response wrapping: an answer stored for a receiver, who can fetch it once and detect whether it was fetched before.

The answer is in the cubbyhole of a token created for it, with the policy ``response-wrapping``, one use and an end that
renewal can't move. The token's record marks it as a wrapping token; nothing else does. A holder of the token unwraps
it; the use is counted in a transaction, so of two concurrent requests one gets the answer. The token is removed with
its cubbyhole on use.

The key ``response`` holds ``{"response": "<envelope>"}``, the format of ``cubbyhole/response``, and ``wrapinfo`` the
data of ``sys/wrapping/lookup``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from auth_methods.base import granted_seconds
from auth_methods.records import TokenRecord
from compat.json.text import encode
from engines.base import Reply
from engines.faults import Denied, InvalidRequest
from server.audit.entry import AuditWrap
from server.tenants.cubbyhole.entries import WRAPPED
from server.tenants.policies.builtin import RESPONSE_WRAPPING
from server.tenants.tokens.cubbyhole import check_size
from server.tenants.tokens.entries import drawer_prefix
from server.tenants.tokens.store import Token, Tokens
from server.tenants.tokens.wrapping_jwt import WrappingJwt, looks_like_jwt
from server.tenants.tokens.wrapping_usage import WrappingUsage
from storage.view import View

INVALID = "wrapping token is not valid or does not exist"
_INFO = "wrapinfo"
_UNCHECKED = "error validating wrapping token: "
_JWT = "jwt"


class _Response(Struct, frozen=True):
    response: str


class WrapRecord(Struct, frozen=True, kw_only=True):
    """The properties of a wrapped answer. ``status`` is its HTTP status, 0 for the usual one."""

    creation_path: str
    creation_time: str
    creation_ttl: float
    wrapped_accessor: str = ""
    status: int = 0


@dataclass(frozen=True, slots=True)
class WrapInfo:
    """The wrapping information that the client gets instead of its answer."""

    token: str = field(repr=False)
    accessor: str = field(repr=False)
    record: WrapRecord
    warnings: tuple[str, ...] = ()

    def block(self) -> dict[str, Any]:
        """The ``wrap_info`` of the envelope."""
        record = self.record
        block: dict[str, Any] = {
            "token": self.token,
            "accessor": self.accessor,
            "ttl": int(record.creation_ttl),
            "creation_time": record.creation_time,
            "creation_path": record.creation_path,
        }
        return block | {"wrapped_accessor": record.wrapped_accessor} if record.wrapped_accessor else block

    def audit(self) -> AuditWrap:
        """The audit entries' form."""
        record = self.record
        return AuditWrap(
            token=self.token,
            accessor=self.accessor,
            ttl_seconds=int(record.creation_ttl),
            creation_time=record.creation_time,
            creation_path=record.creation_path,
            wrapped_accessor=record.wrapped_accessor,
        )


class Wrapped(Reply, kw_only=True):
    """A reply whose answer is already wrapped."""

    info: WrapInfo


class Unwrapped(Reply, kw_only=True):
    """An unwrapped answer: its envelope, without the request id that it begins with."""

    rest: bytes

    def envelope(self, request_id: str) -> bytes:
        """The whole envelope, as the answer to the request ``request_id``."""
        return _beginning(request_id) + self.rest


@dataclass(frozen=True, slots=True)
class Content:
    """The contents of a wrapping token."""

    envelope: bytes = field(repr=False)
    record: WrapRecord


class Wrapping:
    """The wrapped answers of one namespace; ``view`` is that of the token store.

    None is stored for longer than ``max_ttl_seconds``.
    """

    def __init__(self, view: View, tokens: Tokens, tickets: WrappingJwt, max_ttl_seconds: int) -> None:
        self._view = view
        self._tokens = tokens
        self._tickets = tickets
        self._max_ttl_seconds = max_ttl_seconds
        self._usage = WrappingUsage(view)

    async def wrap(self, envelope: bytes, record: WrapRecord, now: float, form: str = "") -> Wrapped:
        """Store ``envelope`` under a new token; with ``form`` ``jwt``, the token is returned inside a JSON Web Token.

        Raises ``RateLimited`` if too many answers wait to be unwrapped.
        """
        warnings: tuple[str, ...] = ()
        if record.creation_ttl > self._max_ttl_seconds:
            _, warning = granted_seconds(int(record.creation_ttl), max_seconds=self._max_ttl_seconds)
            warnings = (warning,) if warning else ()
            record = replace(record, creation_ttl=self._max_ttl_seconds)
        response = encode({"response": envelope.decode().removesuffix("\n")})
        check_size(response)
        drawer = {
            WRAPPED: response,
            _INFO: msgspec.json.encode(record),
        }
        ttl_seconds = record.creation_ttl
        size = len(response)
        await self._usage.reserve(size)
        token = await self._tokens.mint(
            TokenRecord(
                policies=(RESPONSE_WRAPPING,),
                path=record.creation_path,
                display_name="token",
                creation_time=now,
                num_uses=1,
                ttl=int(ttl_seconds),
                last_ttl=int(ttl_seconds),
                explicit_max_ttl=int(ttl_seconds),
                expire_time=now + ttl_seconds,
                wrapped_bytes=size,
            ),
            drawer,
        )
        shown = token.id
        if form == _JWT:
            shown = await self._tickets.issue(token.id, record.wrapped_accessor, now, token.expire_time)
        return Wrapped(info=WrapInfo(shown, token.accessor, record, warnings))

    async def check(self, client_token: str, given: Mapping[str, Any], now: float) -> Token:
        """The wrapping token that a request refers to: the parameter ``token``, or else the client's own token.

        Raises ``Denied`` or ``InvalidRequest`` in Vault's words, also to callers without another token.
        """
        if "token" not in given:
            text: object = client_token
            if not client_token:
                raise Denied(_UNCHECKED + "token is empty", wrapped=False)
        else:
            text = given["token"]
            if not isinstance(text, str):
                raise Denied(_UNCHECKED + "could not decode token in request body", wrapped=False)
            if not text:
                raise Denied(_UNCHECKED + "empty token in request body", wrapped=False)
        assert isinstance(text, str), "a header is a string"
        token = await self.find(text, now)
        if token is None:
            raise InvalidRequest(INVALID)
        return token

    async def find(self, text: str, now: float) -> Token | None:
        """The wrapping token with this id, or in this JSON Web Token; None for any other text."""
        token_id = await self._tickets.read(text) if looks_like_jwt(text) else text
        token = None if token_id is None else await self._tokens.authenticate(token_id, now)
        return token if token is not None and token.record.wraps else None

    async def record(self, token: Token) -> WrapRecord:
        """The properties of the answer that ``token`` wraps. Raises ``InvalidRequest`` if it is gone."""
        value = await self._view.get(drawer_prefix(token.hash) + _INFO)
        if value is None:
            raise InvalidRequest(INVALID)
        return msgspec.json.decode(value, type=WrapRecord)

    async def content(self, token: Token) -> Content:
        """The answer that ``token`` wraps, whose use must be counted. Raises ``InvalidRequest`` if it is gone."""
        record = await self.record(token)
        value = await self._view.get(drawer_prefix(token.hash) + WRAPPED)
        if value is None:
            raise InvalidRequest(INVALID)
        return Content(msgspec.json.decode(value, type=_Response).response.encode(), record)


def unwrapped(content: Content) -> Unwrapped:
    """The unwrapped answer, with its status."""
    envelope = content.envelope
    # The envelope was encoded here, and begins with the id of the request that it answered.
    end = envelope.index(b'"', len(_beginning("")))
    return Unwrapped(rest=envelope[end:] + b"\n", status=content.record.status or None)


def _beginning(request_id: str) -> bytes:
    return b'{"request_id":"' + request_id.encode("ascii")
