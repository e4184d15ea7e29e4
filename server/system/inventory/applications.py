"""``applications`` of the engine ``cbom``: what programs use, as versions of CycloneDX documents, and their readiness.

Which keys an entity uses is told with the readiness of an application that names the entity. So entities have a path of
their own, ``config``: the right to submit documents doesn't give the right to read of others' keys.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from engines.base import Body, Call, Operation, Page, Raw, Reply, Route, Row
from engines.durations import format_time
from engines.faults import InvalidRequest, NotFound, TooLarge
from engines.fields import CommaList, IntegerSegment, KeyValues, plain_integer
from engines.keys.policy.classification import MAX_OWNER_BYTES
from engines.keys.rules import checked_metadata
from engines.worker_pools import beside, in_turns
from server.inventory.applications.contents import MAX_BYTES, MAX_TEXT, Contents, read_contents
from server.inventory.applications.difference import difference
from server.inventory.applications.readiness import View
from server.inventory.applications.store import (
    MAX_APPLICATIONS,
    Application,
    Submission,
    TooManyApplications,
    Version,
    configure,
    contents_of,
    delete_application,
    document_of,
    find_application,
    list_applications,
    submit,
)
from server.inventory.documents.reading import NotReadable
from server.inventory.rows import Row as KeyRow
from server.inventory.verdicts import Judging
from server.inventory.walking import READERS, Chosen, all_rows
from server.system.inventory.mount import InventoryMount
from server.system.inventory.views import ProfileAtBody, judging_of, moment

MAX_ENTITIES = 100
MAX_NAME = 128
_ENTITY = re.compile(r"[0-9A-Za-z._-]{1,64}", re.ASCII)
_JSON = "application/vnd.cyclonedx+json"


class NameBody(Body):
    """The name of an application."""

    path_only: ClassVar[frozenset[str]] = frozenset({"name"})

    name: str = ""

    tells = {"name": "The name of the application."}


class DescribedBody(NameBody):
    """An application, with its owner and labels."""

    owner: str | UnsetType = UNSET
    labels: KeyValues | UnsetType = UNSET

    tells = {
        "owner": f"The team that answers for the application; at most {MAX_OWNER_BYTES} bytes.",
        "labels": "Texts by name; replaces what there was. At most 64.",
    }


class SubmissionBody(DescribedBody):
    """A document of an application."""

    document: str = ""
    version: str = ""

    tells = {
        "document": f"Required. A document of CycloneDX 1.4 to 1.7 in JSON, as text, of at most {MAX_BYTES} bytes.",
        "version": "The application's own name for this version, such as `1.4.2`.",
    }


class ConfigBody(DescribedBody):
    """Settings of an application."""

    entities: CommaList | UnsetType = UNSET

    tells = {"entities": f"The ids of the entities that it runs as, at most {MAX_ENTITIES}. Replaces the list."}


class VersionBody(NameBody):
    """A version of an application."""

    path_only: ClassVar[frozenset[str]] = frozenset({"name", "version"})

    version: IntegerSegment = ""

    tells = {"version": "The number of the version."}


class ChangesBody(NameBody):
    """Two versions of an application."""

    from_: IntegerSegment | UnsetType = msgspec.field(name="from", default=UNSET)
    to: IntegerSegment | UnsetType = UNSET

    tells = {
        "from": "The number of the earlier version. Default: the last but one.",
        "to": "The number of the later version. Default: the latest.",
    }


class ReadinessBody(ProfileAtBody):
    """An application, and a profile with a time."""

    path_only: ClassVar[frozenset[str]] = frozenset({"name"})

    name: str = ""
    version: IntegerSegment | UnsetType = UNSET

    tells = {**NameBody.tells, "version": "The number of the version. Default: the latest."}


async def list_names(mount: InventoryMount, call: Call, body: Page) -> Reply:
    """List the applications."""
    names = await list_applications(mount.storage, body.after, body.limit if body.limit > 0 else None)
    info = {}
    for name in names:
        application = await find_application(mount.storage, name)
        if application is not None:
            info[name] = _summary(application)
    return Reply({"keys": list(info), "key_info": info})


async def read_application(mount: InventoryMount, call: Call, body: NameBody) -> Reply:
    """Show an application."""
    application = await _application(mount, body.name)
    return Reply({**_summary(application), "labels": application.labels, "entities": list(application.entities)})


async def is_there(mount: InventoryMount, call: Call, body: NameBody) -> bool:
    """Whether the application is there already."""
    return await find_application(mount.storage, body.name) is not None


async def submit_document(mount: InventoryMount, call: Call, body: SubmissionBody) -> Reply:
    """Keep a document as a new version of an application."""
    owner, labels = _described(body)
    if len(body.name) > MAX_NAME:
        raise InvalidRequest(f"name has more than {MAX_NAME} characters")
    if len(body.version) > MAX_TEXT:
        raise InvalidRequest(f"version has more than {MAX_TEXT} characters")
    if not body.document:
        raise InvalidRequest("document: required")
    document = _encoded("document", body.document)
    if len(document) > MAX_BYTES:
        raise TooLarge(f"document has more than {MAX_BYTES} bytes")
    _encoded("version", body.version)
    try:
        contents = await beside(lambda: read_contents(document))
    except NotReadable as error:
        raise InvalidRequest(f"document: {error}") from None
    submission = Submission(document, contents, body.version, owner, labels)
    try:
        application, version = await submit(mount.storage, body.name, submission, call.now)
    except TooManyApplications:
        raise InvalidRequest(f"there are {MAX_APPLICATIONS} applications already") from None
    return Reply({"name": application.name, "owner": application.owner, **_version(version)})


async def configure_application(mount: InventoryMount, call: Call, body: ConfigBody) -> None:
    """Change the settings of an application."""
    owner, labels = _described(body)
    entities = None if body.entities is UNSET else tuple(dict.fromkeys(body.entities))
    if entities is not None and (len(entities) > MAX_ENTITIES or not all(map(_ENTITY.fullmatch, entities))):
        raise InvalidRequest(f"entities has to be at most {MAX_ENTITIES} ids of entities")
    if await find_application(mount.storage, body.name) is None:
        raise NotFound
    await configure(mount.storage, body.name, owner, labels, entities, call.now)


async def remove_application(mount: InventoryMount, call: Call, body: NameBody) -> None:
    """Delete an application with all versions."""
    await delete_application(mount.storage, body.name)


async def list_versions(mount: InventoryMount, call: Call, body: NameBody) -> Reply:
    """List the versions of an application, the oldest first."""
    versions = (await _application(mount, body.name)).versions
    info = {str(each.number): _version(each) for each in versions}
    return Reply({"keys": list(info), "key_info": info})


async def read_version(mount: InventoryMount, call: Call, body: VersionBody) -> Reply:
    """Show what a version uses."""
    application = await _application(mount, body.name)
    version = _found(application, body.version)
    contents = await contents_of(mount.storage, application, version)
    return Reply({**_version(version), **_described_contents(contents)})


async def read_document(mount: InventoryMount, call: Call, body: VersionBody) -> Reply:
    """Give the document of a version, as it was submitted."""
    application = await _application(mount, body.name)
    document = await document_of(mount.storage, application, _found(application, body.version))
    return Reply(raw=Raw(_JSON, document))


async def compare_versions(mount: InventoryMount, call: Call, body: ChangesBody) -> Reply:
    """Tell what has changed from one version to another."""
    application = await _application(mount, body.name)
    numbers = [each.number for each in application.versions]
    to = _found(application, str(max(numbers, default="")) if body.to is UNSET else body.to)
    earlier = max((number for number in numbers if number < to.number), default=to.number)
    from_ = _found(application, str(earlier) if body.from_ is UNSET else body.from_)
    before = await contents_of(mount.storage, application, from_)
    after = await contents_of(mount.storage, application, to)
    return Reply({"from": from_.number, "to": to.number, **difference(before, after)})


async def read_readiness(mount: InventoryMount, call: Call, body: ReadinessBody) -> Reply:
    """Tell how ready an application is for a profile: its code, its libraries, and the keys that it uses."""
    judging, at = _judging(body), moment(body.at, call.now)
    application = await _application(mount, body.name)
    view, number = View(judging, at, call.now), 0
    if body.version is not UNSET or application.versions:
        latest = str(application.versions[-1].number) if application.versions else ""
        version = _found(application, latest if body.version is UNSET else body.version)
        await _add(mount, view, application, version)
        number = version.number
    if application.entities:
        async for row in _used_rows(mount, at, frozenset(application.entities)):
            view.add_key(row)
    described = {"name": application.name, "version": number, "owner": application.owner}
    return Reply({**described, **view.described()})


async def read_teams(mount: InventoryMount, call: Call, body: ProfileAtBody) -> Reply:
    """Tell how ready the applications of each owner are for a profile, as one."""
    judging, at = _judging(body), moment(body.at, call.now)
    views: dict[str, View] = {}
    names: dict[str, list[str]] = {}
    owners: dict[str, set[str]] = {}
    with READERS.taken(mount.tenant.namespace.id):
        async for name in in_turns(await list_applications(mount.storage)):
            application = await find_application(mount.storage, name)
            if application is None:
                continue
            owner = application.owner
            view = views.setdefault(owner, View(judging, at, call.now))
            names.setdefault(owner, []).append(name)
            if application.versions:
                await _add(mount, view, application, application.versions[-1])
            for entity in application.entities:
                owners.setdefault(entity, set()).add(owner)
    if owners:
        async for row in _used_rows(mount, at, frozenset(owners)):
            for owner in {owner for entity in _entities(row) for owner in owners.get(entity, ())}:
                views[owner].add_key(row)
    teams = [{"owner": owner, "applications": names[owner], **views[owner].described()} for owner in sorted(views)]
    return Reply({"profile": judging.profile.id, "teams": teams})


async def _add(mount: InventoryMount, view: View, application: Application, version: Version) -> None:
    contents = await contents_of(mount.storage, application, version)
    await beside(lambda: view.add(contents))


async def _used_rows(mount: InventoryMount, at: float, entities: frozenset[str]) -> AsyncIterator[KeyRow]:
    """The key versions that one of ``entities`` has used."""
    await mount.unsealed.use_writer.flush_all()
    async with aclosing(all_rows(mount.unsealed, mount.tenant, Chosen(), at, use=True)) as rows:
        async for row in rows:
            if not entities.isdisjoint(_entities(row)):
                yield row


def _entities(row: KeyRow) -> frozenset[str]:
    return frozenset(row.use.callers) if row.use is not None else frozenset()


async def _application(mount: InventoryMount, name: str) -> Application:
    """Raises ``NotFound``."""
    application = await find_application(mount.storage, name)
    if application is None:
        raise NotFound
    return application


def _found(application: Application, number: str) -> Version:
    """A version by its number. Raises ``NotFound`` if it isn't kept."""
    for version in application.versions:
        if str(version.number) == plain_integer(number):
            return version
    raise NotFound


def _judging(body: ProfileAtBody) -> Judging:
    """The profile that is asked about. Raises ``InvalidRequest``."""
    if not body.profile:
        raise InvalidRequest("profile: required")
    return judging_of(body.profile, body.profile_parameters)


def _described(body: DescribedBody) -> tuple[str | None, Mapping[str, str] | None]:
    """The given owner and labels. Raises ``InvalidRequest``."""
    if body.owner is not UNSET and len(_encoded("owner", body.owner)) > MAX_OWNER_BYTES:
        raise InvalidRequest(f"owner has more than {MAX_OWNER_BYTES} bytes")
    labels = None if body.labels is UNSET else checked_metadata("labels", body.labels)
    return None if body.owner is UNSET else body.owner, labels


def _encoded(name: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise InvalidRequest(f"{name} is not Unicode") from None


def _summary(application: Application) -> dict[str, Any]:
    latest = application.versions[-1] if application.versions else None
    return {
        "name": application.name,
        "owner": application.owner,
        "created": format_time(application.created),
        "latest": None if latest is None else _version(latest),
    }


def _version(version: Version) -> dict[str, Any]:
    return {
        "number": version.number,
        "version": version.label,
        "submitted": format_time(version.created),
        "sha256": version.sha256,
        "spec_version": version.spec_version,
        "serial_number": version.serial_number,
        "algorithms": version.algorithms,
        "key_versions": version.key_versions,
        "libraries": version.libraries,
        "vulnerabilities": version.vulnerabilities,
    }


def _described_contents(contents: Contents) -> dict[str, Any]:
    return {
        "algorithms": [
            {"name": each.name, "algorithm": each.row, "primitive": each.primitive, "occurrences": each.occurrences}
            for each in contents.algorithms
        ],
        "key_versions": [
            {"ref": each.ref, "name": each.name, "algorithm": each.row, "state": each.state} for each in contents.keys
        ],
        "libraries": list(contents.libraries),
        "vulnerabilities": [
            {"id": each.id, "severity": each.severity, "library": each.library} for each in contents.vulnerabilities
        ],
    }


APPLICATION_ROUTES: tuple[Row[InventoryMount], ...] = (
    Route(Operation.LIST, "applications", list_names, Page, "List applications.", writes=False),
    Route(Operation.READ, "applications/{name}", read_application, NameBody, "Show an application.", writes=False),
    Route(Operation.UPDATE, "applications/{name}", submit_document, SubmissionBody,
          "Store a CycloneDX document as a new version of an application.", exists=is_there),
    Route(Operation.DELETE, "applications/{name}", remove_application, NameBody,
          "Delete an application with all versions."),
    Route(Operation.UPDATE, "applications/{name}/config", configure_application, ConfigBody,
          "Set the owner, labels and entities of an application."),
    Route(Operation.LIST, "applications/{name}/versions", list_versions, NameBody,
          "List the versions of an application.", writes=False),
    Route(Operation.READ, "applications/{name}/versions/{version}", read_version, VersionBody,
          "Show the cryptography of a version of an application.", writes=False),
    Route(Operation.READ, "applications/{name}/versions/{version}/document", read_document, VersionBody,
          "Return the document of a version of an application.", writes=False),
    Route(Operation.READ, "applications/{name}/diff", compare_versions, ChangesBody,
          "Compare two versions of an application.", writes=False),
    Route(Operation.READ, "applications/{name}/readiness", read_readiness, ReadinessBody,
          "Compare an application with a profile.", writes=False),
    Route(Operation.READ, "teams", read_teams, ProfileAtBody,
          "Compare the applications of each owner with a profile.", writes=False),
)  # fmt: skip
