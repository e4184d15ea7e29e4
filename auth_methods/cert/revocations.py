"""Revocation lists: listing, reading, writing and deleting them."""

from __future__ import annotations

from functools import partial

import msgspec

from auth_methods.cert.revocation_lists import FOLDER, Revocations, decode, key, parsed
from auth_methods.cert.state import Cert
from engines.base import Body, Call, Page, Reply
from engines.faults import InvalidRequest
from engines.fields import FoldedName
from engines.worker_pools import beside
from storage.base import delete, put

_MAX_PEM_CHARACTERS = 8 * 1024 * 1024


class ListName(Body):
    """The name of a list, in any case."""

    name: FoldedName = ""

    tells = {
        "name": "The name of the list, case-insensitive.",
    }


class ListBody(ListName):
    """A revocation list in PEM."""

    crl: str = ""
    url: str = ""

    tells = {
        "crl": "The revocation list, in PEM.",
        "url": "Not supported: lists are uploaded, not fetched.",
    }


async def list_lists(method: Cert, call: Call, body: Page) -> Reply:
    """List the names of the lists."""
    return Reply({"keys": await method.mount.storage.list(FOLDER, body.after, body.limit if body.limit > 0 else None)})


async def read_list(method: Cert, call: Call, body: ListName) -> Reply:
    """Show the serial numbers of a list."""
    return Reply({"serials": {number: {} for number in sorted((await _present(method, body.name)).serial_numbers)}})


async def write_list(method: Cert, call: Call, body: ListBody) -> None:
    """Store a list, in place of one of the same name."""
    if body.url:
        raise InvalidRequest("revocation lists are not fetched by this server; give one as 'crl'")
    if not body.crl:
        raise InvalidRequest("one of 'crl' or 'url' must be provided")
    if len(body.crl) > _MAX_PEM_CHARACTERS:
        raise InvalidRequest(f"failed to parse CRL: longer than {_MAX_PEM_CHARACTERS} characters")
    stored = await beside(partial(parsed, body.crl))  # A list may have hundreds of thousands of numbers.
    await put(method.mount.storage, key(body.name), msgspec.msgpack.encode(stored))


async def delete_list(method: Cert, call: Call, body: ListName) -> None:
    """Delete a list."""
    await _present(method, body.name)
    await delete(method.mount.storage, key(body.name))


async def _present(method: Cert, name: str) -> Revocations:
    found = await method.mount.storage.load(key(name), decode)
    if found is None:
        raise InvalidRequest(f"no such CRL {name.lower()}")
    return found
