"""The OpenAPI document and the help texts say what the route tables say."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from msgspec import UNSET, UnsetType

from engines.base import Body, Operation, meanings
from engines.base.routing import RouteTable
from engines.fields import CommaList, Duration, KeyValues
from server.runtime import plugins
from server.system.inspect.openapi import help_answer, mount_help
from server.system.inspect.schemas import properties
from server.system.routes import SYSTEM
from server.tenants.cubbyhole.routes import CUBBYHOLE
from server.tenants.identity.routes import IDENTITY
from tests.support.systems import Server

METHODS = {"get", "post", "patch", "delete"}


async def _document(server: Server, query: str = "", token: str | None = None) -> dict[str, Any]:
    status, document = await server.ask("GET", f"sys/internal/specs/openapi{query}", token=token)
    assert status == 200
    assert document["openapi"].startswith("3.0.")
    assert isinstance(document, dict)
    return document


async def test_every_route_is_documented_once(server: Server) -> None:
    await server.ask("POST", "sys/mounts/a/b", {"type": "notes"})
    await server.ask("POST", "sys/mounts/c", {"type": "notes"})
    document = await _document(server)
    for route in SYSTEM.routes:
        path = "/sys/" + re.sub(r":\w+", "", route.path)
        item = document["paths"][path]
        if route.operation in (Operation.LIST, Operation.SCAN):
            name = route.operation.value
            listing = next(entry for entry in item["get"]["parameters"] if entry["name"] == name)
            assert listing["in"] == "query"
        else:
            method = {"read": "get", "update": "post"}.get(route.operation.value, route.operation.value)
            assert item[method]["summary"] == route.help
    assert {"/a/b/note/{name}", "/c/note/{name}"} <= document["paths"].keys()
    identifiers = [
        item[method]["operationId"] for item in document["paths"].values() for method in METHODS & item.keys()
    ]
    assert len(identifiers) == len(set(identifiers))


async def test_the_document_refers_to_schemas_that_it_has(server: Server) -> None:
    document = await _document(server)
    schemas = document["components"]["schemas"]
    for name in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document["paths"])):
        assert schemas[name]["type"] == "object"
    enabling = document["paths"]["/sys/mounts/{path}"]
    assert [entry["name"] for entry in enabling["parameters"]] == ["path"]
    reference = enabling["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    fields = schemas[reference.rsplit("/", 1)[1]]["properties"]
    assert fields["type"] == {"type": "string", "description": "The type of the engine or method."}
    assert (fields["config"]["type"], fields["config"]["format"]) == ("object", "map")
    assert "path" not in fields


async def test_access_is_documented(server: Server) -> None:
    paths = (await _document(server))["paths"]
    assert paths["/sys/health"]["x-vault-unauthenticated"] is True
    assert paths["/sys/internal/ui/mounts"]["x-vault-unauthenticated"] is True
    assert paths["/sys/rotate"]["x-vault-sudo"] is True
    assert not {"x-vault-sudo", "x-vault-unauthenticated"} & paths["/sys/mounts"].keys()


async def test_only_mounts_that_may_be_seen_are_documented(server: Server) -> None:
    await server.ask("POST", "sys/mounts/seen", {"type": "notes", "config": {"listing_visibility": "unauth"}})
    await server.ask("POST", "sys/mounts/c", {"type": "notes"})
    assert set((await _document(server, token=""))["paths"]) == {"/seen/note/{name}"}
    token, _ = await server.token_for('path "c/note/x" { capabilities = ["read"] }')
    paths = (await _document(server, token=token))["paths"]
    assert {path.split("/")[1] for path in paths} == {"seen", "c", "sys", "auth", "cubbyhole"}


async def test_paths_of_mounts_can_be_parameters(server: Server) -> None:
    await server.ask("POST", "sys/mounts/a/b", {"type": "notes"})
    await server.ask("POST", "sys/auth/m", {"type": "notes"})
    paths = (await _document(server, "?generic_mount_paths=true"))["paths"]
    assert "/sys/mounts" in paths
    assert "/auth/token/create" in paths
    item = paths["/{a_b_mount_path}/note/{name}"]
    place = next(entry for entry in item["parameters"] if entry["name"] == "a_b_mount_path")
    assert (place["in"], place["required"], place["schema"]["default"]) == ("path", True, "a/b")
    assert "/auth/{m_mount_path}/note/{name}" in paths
    status, posted = await server.ask("POST", "sys/internal/specs/openapi", {"generic_mount_paths": True})
    assert (status, posted["paths"].keys()) == (200, paths.keys())


ALL = {
    type_.type: type_
    for type_ in (
        SYSTEM,
        IDENTITY,
        CUBBYHOLE,
        *(
            plugins.load(group, name)
            for group in (plugins.ENGINES, plugins.AUTH_METHODS)
            for name in plugins.names(group)
        ),
    )
}


@pytest.mark.parametrize("type_", ALL)
def test_every_parameter_is_described(type_: str) -> None:
    """In a sentence, and nothing is described that isn't there."""
    for route in ALL[type_].routes:
        for body in (route.body, *([] if route.item is None else [route.item])):
            told = {name: schema.get("description", "") for name, schema in properties(body).items()}
            assert [name for name, text in told.items() if not re.fullmatch(r"[A-Z`].{3,}\.", text)] == []
            assert meanings(body).keys() <= told.keys(), body
            assert "[" not in "".join(told.values())


async def test_descriptions_stand_where_readers_of_openapi_look(server: Server) -> None:
    await server.ask("POST", "sys/mounts/t", {"type": "transit"})
    document = await _document(server)
    item = document["paths"]["/t/encrypt/{name}"]
    assert item["parameters"] == [
        {
            "name": "name",
            "in": "path",
            "description": "The name of the key: letters, digits and `_`, with `-` and `.` inside.",
            "schema": {"type": "string"},
            "required": True,
        }
    ]
    reference = item["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    fields = document["components"]["schemas"][reference.rsplit("/", 1)[1]]["properties"]
    assert fields["batch_input"]["description"].startswith("A batch of items. See Batches.")
    listing = document["paths"]["/t/keys"]["get"]["parameters"]
    assert {entry["name"]: entry["description"] for entry in listing}["after"] == "List the names after this one."


class _Everything(Body):
    text: str = ""
    number: int = 32
    maybe: int | UnsetType = UNSET
    flag: bool = True
    ttl: Duration = 0
    names: CommaList | UnsetType = UNSET
    options: KeyValues = {}
    anything: Any = UNSET


def test_types_of_parameters() -> None:
    assert properties(_Everything) == {
        "text": {"type": "string"},
        "number": {"type": "integer", "default": 32},
        "maybe": {"type": "integer"},
        "flag": {"type": "boolean", "default": True},
        "ttl": {"type": "integer", "format": "seconds"},
        "names": {"type": "array", "items": {"type": "string"}},
        "options": {"type": "object", "format": "kvpairs", "additionalProperties": {"type": "string"}},
        "anything": {},
    }


def test_help_on_a_path() -> None:
    found = RouteTable(SYSTEM.routes).match("mounts/a/tune")
    assert found is not None
    answer = help_answer("system", found[0], "mounts/a/tune")
    assert set(answer) == {"help", "openapi", "see_also"}
    assert answer["see_also"] is None
    lines = answer["help"].splitlines()
    assert lines[:2] == ["Request:        mounts/a/tune", "Matching Route: mounts/{path:path}/tune"]
    position = lines.index("    default_lease_ttl (string)")
    assert lines[position + 1 : position + 3] == [
        "",
        "        The default lifetime of tokens and leases, as a duration; `system` for the",
    ]
    assert lines[position + 3].strip() == "server's."
    assert "    update: Change the settings of a secrets engine." in lines
    assert list(answer["openapi"]["paths"]) == ["/mounts/{path}/tune"]


async def test_help_on_a_mount(server: Server) -> None:
    await server.ask("POST", "sys/mounts/a", {"type": "notes"})
    assert server.core.unsealed is not None
    await server.core.runtime.cache.catch_up()
    mounted = (await server.core.unsealed.root.mounts.router()).mounts["a/"]
    answer = mount_help(mounted)
    assert answer["help"].splitlines() == [
        "## DESCRIPTION",
        "",
        "Texts under names",
        "",
        "## PATHS",
        "",
        "    note/{name}",
        "        Show a text.",
    ]
    assert list(answer["openapi"]["paths"]) == ["/note/{name}"]


async def test_the_paths_in_the_help_on_a_mount_are_in_order(server: Server) -> None:
    assert server.core.unsealed is not None
    mounted = (await server.core.unsealed.root.mounts.router()).mounts["sys/"]
    lines = mount_help(mounted)["help"].partition("## PATHS\n\n")[2].splitlines()
    paths = [line.strip() for line in lines[::2]]
    assert len(paths) > 50
    assert paths == sorted(paths)
