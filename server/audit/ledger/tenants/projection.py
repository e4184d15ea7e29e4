"""Projection: the entry that a tenant's log has of one of the server's, a function of the server's log alone.

An entry belongs to the namespace of its request; one of the server's own to the namespace that it names. The tenant's
has everything but the members that count what others do: ``ledger`` is ``{"n": N}``, its index in the tenant's log.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple

import msgspec

from server.audit.ledger.device.entries import large_name, large_references, shortened

TENANTS = "ns"
"""The folder of the tenants' logs in the server's directory, and the part of their origins behind the server's."""

MAX_BODY_BYTES = 64 * 1024 * 1024
_BLOCK = b'"namespace":{"id":"'
_ROOT = b'root"'
_MEMBER = b',"ledger":{"worker":'
_OWN, _OWN_WITHIN = b'"type":"ledger","event":', 128
_STAMP = re.compile(rb',"ledger":\{"worker":\d+,"run":"[^"\\]*","n":\d+,"mono_ns":\d+\}\}')
_ID = re.compile(r"[A-Za-z0-9]{1,64}", re.ASCII)

ReadBody = Callable[[str, int], bytes | None]
"""The file at a path of the server's log of at most so many bytes; None if it isn't there."""


class _Namespace(msgspec.Struct, gc=False):
    id: str = ""


class _Request(msgspec.Struct, gc=False):
    namespace: _Namespace | None = None


class _Members(msgspec.Struct, gc=False):
    type: str = ""
    request: _Request | None = None
    namespace: _Namespace | None = None


class Projected(NamedTuple):
    """An entry of a tenant's log, and the large body that it refers to, with its name."""

    entry: bytes
    body: bytes | None = None
    name: str = ""


_decoder = msgspec.json.Decoder(_Members)


def tenant_origin(origin: str, namespace_id: str) -> str:
    """The origin of a tenant's log."""
    return f"{origin}/{TENANTS}/{namespace_id}"


def tenant_folder(namespace_id: str) -> str:
    """The folder of a tenant's log in the server's directory."""
    return f"{TENANTS}/{namespace_id}"


def is_tenant_id(name: str) -> bool:
    """Whether a namespace may have this id, which is a folder's name too."""
    return _ID.fullmatch(name) is not None and name != "root"


def tenant_of(entry: bytes) -> str | None:
    """The id of the namespace whose log has this entry; None for the root's, and for what names none."""
    at = entry.find(_BLOCK)
    # Nearly all entries of most servers: a caller's data can hold such a text, but can't take away the first one.
    if at < 0 or (entry.startswith(_ROOT, at + len(_BLOCK)) and entry.find(_BLOCK, at + 1) < 0):
        return None
    try:
        members = _decoder.decode(entry)
    except (msgspec.DecodeError, RecursionError):
        return None
    if members.type == "ledger":
        namespace = members.namespace
    else:
        namespace = None if members.request is None else members.request.namespace
    if namespace is None or not is_tenant_id(namespace.id):
        return None
    return namespace.id if _stamp_at(entry) is not None else None


def is_own(entry: bytes) -> bool:
    """Whether this is one of the server's own entries."""
    return _OWN in entry[:_OWN_WITHIN]


def project(entry: bytes, namespace_id: str, n: int, read: ReadBody) -> Projected:
    """The entry ``n`` of the log of ``namespace_id``, made of the server's ``entry``.

    A large body is the server's, in the same way without what counts others; one that ``read`` doesn't have stays
    named as the server's log names it.
    """
    short = _numbered(entry, n)
    if is_own(entry):
        return Projected(short.replace(b'%b%b"},' % (_BLOCK, namespace_id.encode()), b"", 1))
    for name, size in large_references(entry):
        body = read(f"large/{name}", min(size, MAX_BODY_BYTES))
        if body is not None and len(body) == size and sha256(body).hexdigest() == name:
            own = _numbered(body, n)
            return Projected(shortened(own, large_name(own)), own, large_name(own))
    return Projected(short)


def _numbered(entry: bytes, n: int) -> bytes:
    """``entry`` with its number in the tenant's log in place of those in the server's."""
    return b'%b,"ledger":{"n":%d}}' % (entry[: _stamp_at(entry)], n)


def _stamp_at(entry: bytes) -> int | None:
    """The position of the member ``ledger``, the last one; None if it isn't ours."""
    at = entry.rfind(_MEMBER)
    return at if at > 0 and _STAMP.fullmatch(entry, at) is not None else None
