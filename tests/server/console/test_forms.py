"""Forms against the API's tables: each has a route, and its fields are the parameters of that route."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from auth_methods.token.routes import TOKEN
from engines.base import Access, EngineType, Operation
from engines.base.routing import route_table
from engines.transit.routes import TRANSIT
from server.console.forms import Form
from server.console.pages import PAGES
from server.system.routes import SYSTEM

_TYPES: dict[str, EngineType[..., Any]] = {"transit/": TRANSIT, "sys/": SYSTEM, "auth/token/": TOKEN}
_OPERATIONS = {"POST": Operation.UPDATE, "DELETE": Operation.DELETE}
FORMS = [form for page in PAGES for form in page.forms]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.method} {form.path}")
def test_fields_and_rights_are_those_of_the_route(form: Form) -> None:
    path = form.path.format_map({name: "transit" if name == "mount" else "x" for name in form.path_names})
    mount = next(mount for mount in _TYPES if path.startswith(mount))
    found = route_table(_TYPES[mount]).match(path.removeprefix(mount))
    assert found is not None, path
    row = found[0].routes[_OPERATIONS[form.method]]
    body = row.body
    known = {field.encode_name or field.name for field in msgspec.structs.fields(body)}
    assert {field.name for field in form.fields if field.name not in form.path_names} <= known
    assert form.sudo == (row.access is Access.SUDO)
