"""Stored applications: a record with the versions of each, and the contents and the document of each version.

All that belongs to a submission is written in one transaction, so that two at once make two versions, and nothing is
left of one that fails.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from typing import TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from server.inventory.applications.contents import MAX_BYTES, Contents
from storage.base import Damaged, Transaction, transact
from storage.view import View

MAX_APPLICATIONS = 1000
MAX_VERSIONS = 100
"""The versions of an application that are kept: the newest."""

_APPLICATIONS = "applications/"
_CONTENTS = "contents/"
_DOCUMENTS = "documents/"


class Version(Struct, frozen=True):
    """A version of an application: one document."""

    number: int
    label: str
    """The application's own name for it, such as ``1.4.2``."""

    created: float
    """In seconds since the epoch."""

    sha256: str
    """Of the document."""

    spec_version: str
    serial_number: str
    algorithms: int
    key_versions: int
    libraries: int
    vulnerabilities: int


class Application(Struct, frozen=True):
    """An application, with its versions in their order."""

    name: str
    created: float
    owner: str = ""
    labels: Mapping[str, str] = {}
    entities: tuple[str, ...] = ()
    """The entities that it runs as, by their ids."""

    latest: int = 0
    """The number of the newest version there ever was."""

    versions: tuple[Version, ...] = ()


class TooManyApplications(Exception):
    """``MAX_APPLICATIONS`` are there already."""


class Submission(Struct, frozen=True):
    """A document, and settings beside it; None leaves what there is."""

    document: bytes
    contents: Contents
    label: str
    owner: str | None
    labels: Mapping[str, str] | None


_decode = msgspec.msgpack.Decoder(Application).decode
_decode_contents = msgspec.msgpack.Decoder(Contents).decode
Found: TypeAlias = Application | None


async def list_applications(view: View, after: str = "", limit: int | None = None) -> list[str]:
    """The names of all applications, in byte order."""
    return await view.list(_APPLICATIONS, after, limit)


async def find_application(view: View | Transaction, name: str) -> Found:
    """The application called ``name``."""
    value = await view.get(_APPLICATIONS + name)
    try:
        return None if value is None else _decode(value)
    except msgspec.MsgspecError:
        raise Damaged("an application can't be decoded") from None


async def submit(view: View, name: str, submission: Submission, now: float) -> tuple[Application, Version]:
    """Keep a version, and make the application if there is none; the same document again is the version that it was.

    Raises ``TooManyApplications``.
    """
    sha256 = hashlib.sha256(submission.document).hexdigest()
    compressed = zlib.compress(submission.document)
    encoded = msgspec.msgpack.encode(submission.contents)

    async def store_version(transaction: Transaction) -> tuple[Application, Version]:
        application = _described(await _present(transaction, name, now), submission)
        last = application.versions[-1] if application.versions else None
        if last is not None and last.sha256 == sha256 and submission.label in ("", last.label):
            transaction.put(_APPLICATIONS + name, msgspec.msgpack.encode(application))
            return application, last
        version = _version(application.latest + 1, submission, sha256, now)
        transaction.put(_place(_CONTENTS, name, version.number), encoded)
        transaction.put(_place(_DOCUMENTS, name, version.number), compressed)
        versions = (*application.versions, version)
        for old in versions[:-MAX_VERSIONS]:
            _delete_version(transaction, name, old)
        application = replace(application, latest=version.number, versions=versions[-MAX_VERSIONS:])
        transaction.put(_APPLICATIONS + name, msgspec.msgpack.encode(application))
        return application, version

    return await transact(view, store_version)


async def configure(
    view: View,
    name: str,
    owner: str | None,
    labels: Mapping[str, str] | None,
    entities: tuple[str, ...] | None,
    now: float,
) -> Application:
    """Change what is given, and make the application if there is none. Raises ``TooManyApplications``."""

    async def store_settings(transaction: Transaction) -> Application:
        application = await _present(transaction, name, now)
        application = replace(
            application,
            owner=application.owner if owner is None else owner,
            labels=application.labels if labels is None else labels,
            entities=application.entities if entities is None else entities,
        )
        transaction.put(_APPLICATIONS + name, msgspec.msgpack.encode(application))
        return application

    return await transact(view, store_settings)


async def delete_application(view: View, name: str) -> None:
    """Remove an application with all versions."""

    async def remove(transaction: Transaction) -> None:
        application = await find_application(transaction, name)
        if application is not None:
            for version in application.versions:
                _delete_version(transaction, name, version)
            transaction.delete(_APPLICATIONS + name)

    await transact(view, remove)


async def contents_of(view: View, application: Application, version: Version) -> Contents:
    """What a version uses. Raises ``Damaged`` if it is missing."""
    value = await view.get(_place(_CONTENTS, application.name, version.number))
    try:
        return _decode_contents(value or b"")
    except msgspec.MsgspecError:
        raise Damaged("the contents of an application's version are missing") from None


async def document_of(view: View, application: Application, version: Version) -> bytes:
    """The document of a version, as it was given. Raises ``Damaged`` if it is missing."""
    value = await view.get(_place(_DOCUMENTS, application.name, version.number))
    try:
        return zlib.decompressobj().decompress(value or b"", MAX_BYTES)
    except zlib.error:
        raise Damaged("the document of an application's version can't be read") from None


async def _present(transaction: Transaction, name: str, now: float) -> Application:
    """The application, or a new one. Raises ``TooManyApplications``."""
    application = await find_application(transaction, name)
    if application is not None:
        return application
    if len(await transaction.list(_APPLICATIONS, limit=MAX_APPLICATIONS)) == MAX_APPLICATIONS:
        raise TooManyApplications
    return Application(name=name, created=now)


def _described(application: Application, submission: Submission) -> Application:
    return replace(
        application,
        owner=application.owner if submission.owner is None else submission.owner,
        labels=application.labels if submission.labels is None else submission.labels,
    )


def _version(number: int, submission: Submission, sha256: str, now: float) -> Version:
    contents = submission.contents
    return Version(
        number=number,
        label=submission.label,
        created=now,
        sha256=sha256,
        spec_version=contents.spec_version,
        serial_number=contents.serial_number,
        algorithms=len(contents.algorithms),
        key_versions=len(contents.keys),
        libraries=len(contents.libraries),
        vulnerabilities=len(contents.vulnerabilities),
    )


def _place(kind: str, name: str, number: int) -> str:
    return f"{kind}{name}/{number:08d}"


def _delete_version(transaction: Transaction, name: str, version: Version) -> None:
    transaction.delete(_place(_CONTENTS, name, version.number))
    transaction.delete(_place(_DOCUMENTS, name, version.number))
