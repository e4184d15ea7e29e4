"""Audited request headers; see ``server.audit.headers``."""

from __future__ import annotations

from engines.base import Body, Call, Nothing, Reply
from engines.faults import InvalidRequest
from engines.fields import FoldedName
from server.audit.headers import AuditedHeaders
from server.system.state import System


class HeaderBody(Body):
    """The name of a header, in any case."""

    header: FoldedName = ""

    tells = {
        "header": "The name of the request header, case-insensitive.",
    }


class WriteHeaderBody(HeaderBody):
    """The form in which a header is audited."""

    hmac: bool = False

    tells = {
        "hmac": "Whether to hash its value.",
    }


async def list_headers(system: System, call: Call, body: Nothing) -> Reply:
    """List the audited headers."""
    headers = await _headers(system).all()
    return Reply({"headers": {name: {"hmac": hmac} for name, hmac in headers.items()}})


async def read_header(system: System, call: Call, body: HeaderBody) -> Reply:
    """Show the form in which a header is audited."""
    hmac = (await _headers(system).all()).get(body.header.lower())
    if hmac is None:
        raise InvalidRequest("Could not find header in config")
    return Reply({body.header: {"hmac": hmac}})


async def write_header(system: System, call: Call, body: WriteHeaderBody) -> None:
    """Audit a header from now on."""
    await _headers(system).put(body.header, hmac=body.hmac)


async def delete_header(system: System, call: Call, body: HeaderBody) -> None:
    """Stop auditing a header."""
    await _headers(system).delete(body.header)


def _headers(system: System) -> AuditedHeaders:
    return system.unsealed.audit.headers
