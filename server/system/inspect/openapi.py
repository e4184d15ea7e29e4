"""The OpenAPI document and help texts, generated from the route tables, so that they match what is served."""

from __future__ import annotations

import re
from collections.abc import Iterable
from textwrap import wrap
from typing import Any

from msgspec import Struct

from compat.operation_ids import operation_id
from compat.requests import LINES_TYPE
from engines.base import Access, Operation, Row
from engines.base.routing import Endpoint, parameters, route_table
from server.runtime.version import API_VERSION
from server.system.inspect.schemas import properties
from server.tenants.mounts.table import AUTH, Mounted

_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
_METHODS = {
    Operation.READ: "get",
    Operation.LIST: "get",
    Operation.CREATE: "post",
    Operation.UPDATE: "post",
    Operation.PATCH: "patch",
    Operation.DELETE: "delete",
}
_HELP_COLUMNS = 88
_IN_QUERY = frozenset({"get", "delete"})
_LINES = LINES_TYPE.decode()
_CONTENT = {"200": {"description": "OK"}}
_NO_CONTENT = {"204": {"description": "empty body"}}
_MUST_LIST = {
    "name": "list",
    "description": "Must be set to `true`",
    "in": "query",
    "schema": {"type": "string", "enum": ["true"]},
    "required": True,
}
_MAY_SCAN = {
    "name": "scan",
    "description": "In place of `list`: return what lies deeper too if `true`",
    "in": "query",
    "schema": {"type": "string"},
}
_MAY_LIST = {
    "name": "list",
    "description": "Return a list if `true`",
    "in": "query",
    "schema": {"type": "string"},
}


def document(mounts: Iterable[Mounted], *, generic_mount_paths: bool = False) -> dict[str, Any]:
    """The OpenAPI document of the routes of ``mounts``.

    With ``generic_mount_paths`` the path of a mount is a parameter, so that generated clients work with any mount path;
    ``sys`` and the token method have fixed ones.
    """
    writer = _Writer()
    for mounted in mounts:
        path = mounted.entry.path
        generic = generic_mount_paths and not mounted.entry.built_in
        for endpoint in route_table(mounted.type).endpoints:
            writer.add(mounted.type.type, endpoint, _Place(path, mounted.entry.is_auth, generic))
    return writer.document()


def help_answer(engine_type: str, endpoint: Endpoint, path: str) -> dict[str, Any]:
    """The answer to a request for help on ``path``, relative to the mount, served by ``endpoint``."""
    writer = _Writer()
    writer.add(engine_type, endpoint, _Place("", False, False))
    return {"help": _help_text(endpoint, path), "openapi": writer.document(), "see_also": None}


def mount_help(mounted: Mounted) -> dict[str, Any]:
    """The answer to a request for help on a mount: its summary, and all of its paths."""
    lines = ["## DESCRIPTION", "", mounted.type.summary, "", "## PATHS", ""]
    for endpoint in sorted(route_table(mounted.type).endpoints, key=lambda endpoint: endpoint.pattern):
        lines += [f"    {endpoint.pattern}", f"        {_summary(endpoint)}"]
    writer = _Writer()
    for endpoint in route_table(mounted.type).endpoints:
        writer.add(mounted.type.type, endpoint, _Place("", mounted.entry.is_auth, False))
    return {"help": "\n".join(lines), "openapi": writer.document(), "see_also": None}


def _help_text(endpoint: Endpoint, path: str) -> str:
    lines = [f"Request:        {path}", f"Matching Route: {endpoint.pattern}", "", _summary(endpoint), ""]
    fields = {name: schema for route in endpoint.routes.values() for name, schema in properties(route.body).items()}
    if fields:
        lines += ["## PARAMETERS", ""]
        for name in sorted(fields):
            schema = fields[name]
            lines += [f"    {name} ({schema.get('format') or schema.get('type') or 'any'})", ""]
            if told := schema.get("description"):
                lines += [*wrap(told, _HELP_COLUMNS, initial_indent=" " * 8, subsequent_indent=" " * 8), ""]
    lines += ["## OPERATIONS", ""]
    lines += [f"    {operation.value}: {route.help}" for operation, route in endpoint.routes.items()]
    return "\n".join(lines)


def _summary(endpoint: Endpoint) -> str:
    return next(iter(endpoint.routes.values())).help


class _Place:
    """The mount path of an engine, for one document."""

    def __init__(self, path: str, is_auth: bool, generic: bool) -> None:
        self.tag = "system" if path == "sys/" else "auth" if is_auth else "secrets"
        self.parameter: dict[str, Any] | None = None
        self.prefix = "/" + path
        if generic:
            mount = path.removeprefix(AUTH).rstrip("/")
            name = mount.replace("/", "_") + "_mount_path"
            self.prefix = f"/{AUTH if is_auth else ''}{{{name}}}/"
            self.parameter = {
                "name": name,
                "description": "Path that the backend was mounted at",
                "in": "path",
                "schema": {"type": "string", "default": mount},
                "required": True,
            }


class _Writer:
    """Collects the paths and schemas of one document."""

    def __init__(self) -> None:
        self._paths: dict[str, Any] = {}
        self._schemas: dict[str, Any] = {}
        self._operations: set[str] = set()

    def document(self) -> dict[str, Any]:
        return {
            "openapi": "3.0.2",
            "info": {
                "title": "CryptoServe API",
                "description": "A crypto service that speaks the HashiCorp Vault HTTP API, as OpenBao of this version.",
                "version": API_VERSION,
                "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
            },
            "servers": [{"url": "/v1"}],
            "paths": self._paths,
            "components": {"schemas": self._schemas},
        }

    def add(self, engine_type: str, endpoint: Endpoint, place: _Place) -> None:
        routes = endpoint.routes
        item: dict[str, Any] = {"description": _summary(endpoint)}
        names = parameters(endpoint.pattern)
        in_path = [_parameter(name, "path", _path_schema(endpoint, name)) | {"required": True} for name in names]
        if place.parameter is not None:
            in_path.append(place.parameter)
        if in_path:
            item["parameters"] = in_path
        if endpoint.exists is not None:
            item["x-vault-createSupported"] = True
        if any(route.access is Access.SUDO for route in routes.values()):
            item["x-vault-sudo"] = True
        if any(route.access in (Access.PUBLIC, Access.OPEN) for route in routes.values()):
            item["x-vault-unauthenticated"] = True
        for operation, route in routes.items():
            method = _METHODS.get(operation)
            if method is None or (operation is Operation.LIST and Operation.READ in routes):
                continue
            pattern = _PARAMETER.sub(r"{\1}", endpoint.pattern)
            name = operation_id(engine_type, method, pattern, lists=operation is Operation.LIST)
            item[method] = self._operation(engine_type, route, method, names, place, self._unique(name))
            if operation is Operation.LIST:
                item[method]["parameters"] = [_MUST_LIST, *item[method].get("parameters", [])]
                if Operation.SCAN in routes:
                    item[method]["parameters"].insert(1, _MAY_SCAN)
            elif operation is Operation.READ and Operation.LIST in routes:
                item[method]["parameters"] = [_MAY_LIST, *item[method].get("parameters", [])]
        self._paths[place.prefix + _PARAMETER.sub(r"{\1}", endpoint.pattern)] = item

    def _operation(
        self, engine_type: str, route: Row[Any], method: str, names: list[str], place: _Place, operation: str
    ) -> dict[str, Any]:
        written: dict[str, Any] = {
            "summary": route.help,
            "operationId": operation,
            "tags": [place.tag],
            "responses": _NO_CONTENT if method == "delete" else _CONTENT,
        }
        fields = {name: schema for name, schema in properties(route.body).items() if name not in names}
        if fields and method in _IN_QUERY:
            written["parameters"] = [
                _parameter(name, "query", schema) for name, schema in fields.items() if name != "list"
            ]
        elif route.item is not None:
            written["parameters"] = [_parameter(name, "query", schema) for name, schema in fields.items()]
            item = f"#/components/schemas/{self._component(engine_type, route.item, properties(route.item))}"
            written["requestBody"] = {"required": True, "content": {_LINES: {"schema": {"$ref": item}}}}
        elif fields:
            reference = f"#/components/schemas/{self._component(engine_type, route.body, fields)}"
            content = {"application/json": {"schema": {"$ref": reference}}}
            written["requestBody"] = {"required": True, "content": content}
        return written

    def _unique(self, operation: str) -> str:
        """``operation``, with a number if it occurs already, for another mount of the same type."""
        name, number = operation, 2
        while name in self._operations:
            name, number = f"{operation}{number}", number + 1
        self._operations.add(name)
        return name

    def _component(self, engine_type: str, body: type[Struct], fields: dict[str, Any]) -> str:
        """The name of the schema of ``body`` without the path's parameters, which may differ between routes."""
        base = engine_type.capitalize() + body.__name__.removesuffix("Body")
        name, number = base + "Request", 2
        schema = {"type": "object", "properties": fields}
        while self._schemas.setdefault(name, schema) != schema:
            name, number = f"{base}{number}Request", number + 1
        return name


def _parameter(name: str, place: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter outside of the body; its description is beside its schema there."""
    written: dict[str, Any] = {"name": name, "in": place}
    if "description" in schema:
        written["description"] = schema["description"]
    written["schema"] = {key: value for key, value in schema.items() if key != "description"}
    return written


def _path_schema(endpoint: Endpoint, name: str) -> dict[str, Any]:
    found = (properties(route.body).get(name) for route in endpoint.routes.values())
    return next((schema for schema in found if schema is not None), {"type": "string"})
