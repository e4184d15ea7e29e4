"""Builds the lines of one device: JSON objects in Vault's format, secrets hidden with the device's salt.

The auth and request parts occur in the entries of request and response, so they are built once (``Parts``). Parts that
don't change are joined in as bytes: a mount's and a namespace's members come with those; a token's are made at its
first request and kept with it, and so are those of one caller on one path.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from msgspec import Struct

from engines.base import LISTS
from engines.durations import format_time, format_time_nanoseconds
from server.audit.entry import AuditAuth, AuditMount, AuditRequest, AuditResponse, AuditSubject, AuditToken, AuditWrap
from server.audit.hashing import Clear, Hasher
from server.audit.options import FormatOptions

_MAX_PREPARED = 16
_MAX_RESULTS = 1024
_ELIDED = ("keys", "key_info")
_NO_KEYS: frozenset[str] = frozenset()
_NOBODY: dict[str, Any] = {"token_type": "default"}
_serial = itertools.count()


class Parts(Struct, frozen=True, gc=False):
    """The members ``"auth":{...}`` and ``"request":{...}`` of an entry."""

    auth: bytes
    request: bytes


class _Prepared(Struct, frozen=True, gc=False):
    """A token's members, as this device writes them."""

    who: bytes
    rest: bytes
    request: bytes


class Formatter:
    """Turns requests and responses into lines."""

    def __init__(self, salt: bytes, options: FormatOptions, meet_namespace: Callable[[], None] | None = None) -> None:
        """``meet_namespace`` is called before the first entry of a namespace below the root, and perhaps again."""
        self._meet_namespace = meet_namespace
        self._hasher = Hasher(salt)
        self._hiding = Clear() if options.log_raw else self._hasher
        self.options = options
        self._prefix = options.prefix.encode() + b'{"time":"'
        self._serial = next(_serial)
        self._results: dict[tuple[tuple[str, ...], str], bytes] = {}

    def hash(self, text: str) -> str:
        """``text`` as it appears in the log when hidden."""
        return self._hasher.text(text)

    def hide(self, data: Mapping[str, Any], mount: AuditMount | None) -> tuple[int, bytes]:
        """The data of a request for ``AuditRequest.hidden``, computed ahead, in any thread.

        Raises ``InvalidRequest`` if it is nested too deeply to be audited.
        """
        return self._serial, _json(self._hiding.data(data, _NO_KEYS if mount is None else mount.request_clear))

    def hide_answer(self, data: Mapping[str, Any], subject: AuditSubject) -> tuple[int, bytes]:
        """As ``hide``, for the data of an answer."""
        if self.options.elide_list_responses:
            data = _elided(data, subject)
        clear = _NO_KEYS if subject.mount is None else subject.mount.response_clear
        return self._serial, _json(self._hiding.data(data, clear))

    def parts(self, request: AuditRequest) -> Parts:
        """The common parts of the entries of a request and its response."""
        subject = request.subject
        shared: Parts | None = subject.prepared.get(self._serial)
        if shared is None:
            shared = subject.prepared[self._serial] = self._share(subject, request.client_token)
        members: dict[str, Any] = {"id": request.id}
        mount = subject.mount
        if request.data:
            hidden = None if request.hidden is None else request.hidden.get(self._serial)
            if hidden is None:
                members["data"] = self._hiding.data(request.data, _NO_KEYS if mount is None else mount.request_clear)
            else:
                members["data"] = orjson.Fragment(hidden)
        if request.remote_address:
            members["remote_address"] = request.remote_address
            members["remote_port"] = request.remote_port
        if request.wrap_ttl_seconds:
            members["wrap_ttl"] = int(request.wrap_ttl_seconds)
        if request.headers:
            members["headers"] = self._headers(request)
        auth = shared.auth
        if request.remaining_uses > 0:
            auth = self._auth(subject, request.client_token, request.remaining_uses)
        return Parts(auth, shared.request + _json(members)[1:])

    def _share(self, subject: AuditSubject, client_token: str) -> Parts:
        """The parts that are the same for all requests of ``subject``."""
        if self._meet_namespace is not None and not subject.namespace.is_root:
            self._meet_namespace()
        members: dict[str, Any] = {}
        token, mount = subject.token, subject.mount
        if token is not None and token.client_id:
            members["client_id"] = token.client_id
        members["operation"] = subject.operation.value
        members["path"] = subject.path
        if token is not None:
            who = self._prepare(token, client_token).request
        elif client_token:
            who = b'"client_token":' + _json(self._hiding.text(client_token)) + b","
        else:
            who = b""
        mounted = b"" if mount is None else mount.request_block + b","
        block = b"".join((b'"request":{', mounted, who, subject.namespace.block, _json(members)[1:-1], b","))
        return Parts(self._auth(subject, client_token), block)

    def request_line(self, parts: Parts, request: AuditRequest, nanoseconds: int) -> bytes:
        """The entry of a request, with its newline."""
        error = b',"error":' + _json(request.error) + b"}\n" if request.error else b"}\n"
        time = format_time_nanoseconds(nanoseconds).encode()
        return b"".join((self._prefix, time, b'","type":"request",', parts.auth, b",", parts.request, error))

    def response_line(self, parts: Parts, request: AuditRequest, response: AuditResponse, nanoseconds: int) -> bytes:
        """The entry of a response, with its newline."""
        auth = parts.auth
        if request.subject.token is None:
            auth = b'"auth":' + _json(self._caller_after(request, response))
        members: dict[str, Any] = {}
        if response.auth is not None:
            members["auth"] = self._given_out(response.auth, response.client_token)
        mount, data = request.subject.mount, response.data
        if data:
            hidden = None if response.hidden is None else response.hidden.get(self._serial)
            if hidden is not None:
                members["data"] = orjson.Fragment(hidden)
            else:
                if self.options.elide_list_responses:
                    data = _elided(data, request.subject)
                members["data"] = self._hiding.data(data, _NO_KEYS if mount is None else mount.response_clear)
        if response.wrap is not None:
            members["wrap_info"] = self._wrap(response.wrap)
        if response.warnings:
            members["warnings"] = list(response.warnings)
        inside = _json(members)[1:-1] if members else b""
        if mount is not None:
            inside = inside + b"," + mount.response_block if inside else mount.response_block
        end = b'},"error":' + _json(response.error) + b"}\n" if response.error else b"}}\n"
        time = format_time_nanoseconds(nanoseconds).encode()
        return b"".join(
            (
                self._prefix,
                time,
                b'","type":"response",',
                auth,
                b",",
                parts.request,
                response.crypto,
                b',"response":{',
                inside,
                end,
            )
        )

    def _auth(self, subject: AuditSubject, client_token: str, remaining_uses: int = 0) -> bytes:
        token = subject.token
        if token is None:
            if subject.allowed is None:
                return b'"auth":' + _json(_NOBODY)
            return b'"auth":' + _json({"policy_results": {"allowed": subject.allowed}, **_NOBODY})
        prepared = self._prepare(token, client_token)
        uses = b',"remaining_uses":%d' % remaining_uses if remaining_uses > 0 else b""
        return b"".join((prepared.who, self._result(subject, token), uses, prepared.rest))

    def _result(self, subject: AuditSubject, token: AuditToken) -> bytes:
        """The value of ``policy_results``."""
        if not subject.allowed:
            return b'{"allowed":false}'
        key = subject.granting_policies, token.namespace_id
        known = self._results.get(key)
        if known is None:
            result: dict[str, Any] = {"allowed": True}
            if subject.granting_policies:
                where = {"namespace_id": token.namespace_id}
                if token.namespace_path:
                    where["namespace_path"] = token.namespace_path
                result["granting_policies"] = [
                    {"name": name, **where, "type": "acl"} for name in subject.granting_policies
                ]
            known = _json(result)
            if len(self._results) >= _MAX_RESULTS:
                self._results.clear()
            self._results[key] = known
        return known

    def _prepare(self, token: AuditToken, client_token: str) -> _Prepared:
        prepared: _Prepared | None = token.prepared.get(self._serial)
        if prepared is None:
            who, rest = self._describe(token.auth, client_token)
            request = {name: who[key] for key, name in _REQUEST_NAMES if key in who}
            prepared = _Prepared(
                who=b'"auth":' + _json(who)[:-1] + b',"policy_results":',
                rest=b"," + _json(rest)[1:],
                request=_json(request)[1:-1] + b"," if request else b"",
            )
            if len(token.prepared) >= _MAX_PREPARED:
                token.prepared.clear()
            token.prepared[self._serial] = prepared
        return prepared

    def _describe(self, auth: AuditAuth, client_token: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The members before the policies' result, and those after it."""
        who: dict[str, Any] = {}
        if client_token:
            who["client_token"] = self._hiding.text(client_token)
        if auth.accessor:
            who["accessor"] = self._accessor(auth.accessor)
        if auth.display_name:
            who["display_name"] = auth.display_name
        who["policies"] = list(auth.policies)
        who["token_policies"] = list(auth.token_policies)
        if auth.identity_policies:
            who["identity_policies"] = list(auth.identity_policies)
        rest: dict[str, Any] = {}
        if auth.metadata:
            rest["metadata"] = dict(auth.metadata)
        if auth.entity_id:
            rest["entity_id"] = auth.entity_id
        rest["token_type"] = auth.token_type
        if auth.ttl_seconds:
            rest["token_ttl"] = auth.ttl_seconds
        if auth.issue_time:
            rest["token_issue_time"] = format_time(int(auth.issue_time))
        return who, rest

    def _given_out(self, auth: AuditAuth, client_token: str) -> dict[str, Any]:
        """The members of an issued token."""
        who, rest = self._describe(auth, client_token)
        if auth.num_uses:
            who["num_uses"] = auth.num_uses
        return {**who, **rest}

    def _caller_after(self, request: AuditRequest, response: AuditResponse) -> dict[str, Any]:
        """The caller, after a request without a valid token was answered: known if it was a login."""
        if response.login and response.auth is not None:
            who, rest = self._describe(response.auth, response.client_token)
            return {**who, **rest, **({"entity_created": True} if response.entity_created else {})}
        if request.subject.allowed and not (response.error and response.data):
            return {"policy_results": {"allowed": True}, **_NOBODY}
        return _NOBODY

    def _wrap(self, wrap: AuditWrap) -> dict[str, Any]:
        members: dict[str, Any] = {
            "ttl": wrap.ttl_seconds,
            "token": self._hiding.text(wrap.token),
            "accessor": self._accessor(wrap.accessor),
            "creation_time": wrap.creation_time,
            "creation_path": wrap.creation_path,
        }
        if wrap.wrapped_accessor:
            members["wrapped_accessor"] = self._accessor(wrap.wrapped_accessor)
        return members

    def _headers(self, request: AuditRequest) -> dict[str, list[str]]:
        return {
            header.name.lower(): [self._hiding.text(value) if header.hmac else value for value in header.values]
            for header in request.headers
        }

    def _accessor(self, accessor: str) -> str:
        return self._hiding.text(accessor) if self.options.hmac_accessor else accessor


def _elided(data: Mapping[str, Any], subject: AuditSubject) -> Mapping[str, Any]:
    """The data of an answer, with the number of names in place of the names if it is to a list."""
    if subject.operation not in LISTS:
        return data
    return {
        key: len(value) if key in _ELIDED and isinstance(value, list | dict) else value for key, value in data.items()
    }


_REQUEST_NAMES = (("client_token", "client_token"), ("accessor", "client_token_accessor"))


def _json(value: Any) -> bytes:
    """``value`` as JSON; by the slower encoder for values that the fast one refuses (an integer of 80 bits, say)."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value, separators=(",", ":"), default=str).encode()
