"""Revocation lists (RFC 5280, 5): certificates that their authorities have taken back, given to this server as lists.

A list counts until it is replaced or deleted, also beyond the time for which its authority has announced the next one:
that a list is old is no reason to let those in whom it names.
"""

from __future__ import annotations

import asyncio
import json
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from cryptography import x509
from msgspec import Struct

from engines.base import Body, Call, Reply
from engines.faults import InvalidRequest
from engines.fields import FoldedName
from storage.base import delete, put

if TYPE_CHECKING:
    from auth_methods.cert import Cert

_FOLDER = "crl/"
_MAX_PEM_CHARACTERS = 8 * 1024 * 1024


class Revocations(Struct, frozen=True, kw_only=True):
    """As stored. ``issuer`` is the authority's name in DER, ``compared`` the same as it is compared."""

    issuer: bytes
    compared: str = ""
    serial_numbers: frozenset[str]

    def lists(self, certificate: x509.Certificate) -> bool:
        """Whether the certificate is among them."""
        if str(certificate.serial_number) not in self.serial_numbers:
            return False
        name = certificate.issuer
        return name.public_bytes() == self.issuer or comparable(name) == self.compared


@dataclass(frozen=True, slots=True)
class Revoked:
    """All lists of a mount together."""

    every: tuple[Revocations, ...]

    def names(self, certificate: x509.Certificate) -> bool:
        """Whether any list has the certificate."""
        return any(one.lists(certificate) for one in self.every)


def comparable(name: x509.Name) -> str:
    """A text that is the same for names which are (RFC 5280, 7.1).

    An authority may write its name otherwise in its list than in its certificates: in another type of ASN.1 string, in
    other letters, or with other blanks.
    """
    return json.dumps([sorted((part.oid.dotted_string, _folded(part.value)) for part in rdn) for rdn in name.rdns])


def _folded(value: str | bytes) -> str:
    if isinstance(value, bytes):
        return f"#{value.hex()}"
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold()).split())


class ListName(Body):
    """Names a list, in any case."""

    name: FoldedName = ""


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
    stored = await asyncio.to_thread(_parsed, body.crl)  # There may be hundreds of thousands of numbers in it.
    await put(method.mount.storage, _key(body.name), msgspec.msgpack.encode(stored))


async def delete_list(method: Cert, call: Call, body: ListName) -> None:
    """Forget a list."""
    await _present(method, body.name)
    await delete(method.mount.storage, _key(body.name))


async def revoked(method: Cert) -> Revoked:
    """What the lists of the mount name."""
    names = await method.mount.storage.list(_FOLDER)
    found = [await method.mount.storage.load(_FOLDER + name, _decode) for name in names]
    return Revoked(tuple(one for one in found if one is not None))


def _parsed(pem: str) -> Revocations:
    try:
        found = x509.load_pem_x509_crl(pem.encode())
        serial_numbers = frozenset(str(entry.serial_number) for entry in found)
        issuer, partial = found.issuer, _is_partial(found)
    except (ValueError, x509.DuplicateExtension):
        raise InvalidRequest("failed to parse CRL") from None
    if partial:
        raise InvalidRequest("indirect lists and lists of changes are not supported by this server")
    return Revocations(issuer=issuer.public_bytes(), compared=comparable(issuer), serial_numbers=serial_numbers)


def _is_partial(parsed: x509.CertificateRevocationList) -> bool:
    """Whether it speaks of other authorities' certificates too, or only of what has changed since another list.

    Read as an ordinary list, either would leave out certificates that are revoked.
    """
    for extension in parsed.extensions:
        value = extension.value
        if isinstance(value, x509.DeltaCRLIndicator):
            return True
        if isinstance(value, x509.IssuingDistributionPoint) and value.indirect_crl:
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
