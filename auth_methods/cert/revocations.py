"""Revocation lists (RFC 5280, 5): certificates that their authorities have taken back, given to this server as lists.

A list counts until it is replaced or deleted, also beyond the time for which its authority has announced the next one:
that a list is old is no reason to let those in whom it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from cryptography import x509
from msgspec import Struct

from auth_methods.cert.certificates import Certificate
from engines.base import Body, Call, Reply
from engines.faults import InvalidRequest
from storage.base import delete, put

if TYPE_CHECKING:
    from auth_methods.cert import Cert

_FOLDER = "crl/"
_MAX_PEM_CHARACTERS = 8 * 1024 * 1024


class Revocations(Struct, frozen=True, kw_only=True):
    """As stored. ``issuer`` is the authority's name in DER."""

    issuer: bytes
    serial_numbers: frozenset[str]

    def lists(self, certificate: Certificate) -> bool:
        """Whether the certificate is among them."""
        parsed = certificate.parsed
        return parsed.issuer.public_bytes() == self.issuer and str(parsed.serial_number) in self.serial_numbers


class ListName(Body):
    """Names a list, in any case."""

    name: str = ""


class ListsBody(Body):
    """A page of names."""

    after: str = ""
    limit: int = 0


class ListBody(ListName):
    """A revocation list in PEM."""

    crl: str = ""
    url: str = ""


async def list_lists(method: Cert, call: Call, body: ListsBody) -> Reply:
    """List the names of the lists."""
    return Reply({"keys": await method.mount.storage.list(_FOLDER, body.after, body.limit if body.limit > 0 else None)})


async def read_list(method: Cert, call: Call, body: ListName) -> Reply:
    """Show the serial numbers of a list."""
    return Reply({"serials": {number: {} for number in sorted((await _present(method, body.name)).serial_numbers)}})


async def write_list(method: Cert, call: Call, body: ListBody) -> None:
    """Take a list, in place of the one of this name."""
    if body.url:
        raise InvalidRequest("revocation lists are not fetched by this server; give one as 'crl'")
    if not body.crl:
        raise InvalidRequest("one of 'crl' or 'url' must be provided")
    if len(body.crl) > _MAX_PEM_CHARACTERS:
        raise InvalidRequest(f"failed to parse CRL: longer than {_MAX_PEM_CHARACTERS} characters")
    try:
        parsed = x509.load_pem_x509_crl(body.crl.encode())
        serial_numbers = frozenset(str(entry.serial_number) for entry in parsed)
        issuer = parsed.issuer.public_bytes()
    except ValueError:
        raise InvalidRequest("failed to parse CRL") from None
    stored = Revocations(issuer=issuer, serial_numbers=serial_numbers)
    await put(method.mount.storage, _key(body.name), msgspec.msgpack.encode(stored))


async def delete_list(method: Cert, call: Call, body: ListName) -> None:
    """Forget a list."""
    await _present(method, body.name)
    await delete(method.mount.storage, _key(body.name))


async def is_revoked(method: Cert, certificate: Certificate) -> bool:
    """Whether any list names the certificate."""
    for name in await method.mount.storage.list(_FOLDER):
        found = await method.mount.storage.load(_FOLDER + name, _decode)
        if found is not None and found.lists(certificate):
            return True
    return False


async def _present(method: Cert, name: str) -> Revocations:
    found = await method.mount.storage.load(_key(name), _decode)
    if found is None:
        raise InvalidRequest(f"no such CRL {name.lower()}")
    return found


def _key(name: str) -> str:
    return _FOLDER + name.lower()


def _decode(value: bytes) -> Revocations:
    return msgspec.msgpack.decode(value, type=Revocations)
