"""What all methods of ours have in common: which paths need no token, and that every path says what it does."""

from __future__ import annotations

from typing import Any

import pytest

from auth_methods.approle.routes import APPROLE
from auth_methods.base import NamesAccount, Renews
from auth_methods.cert.routes import CERT
from auth_methods.github.routes import GITHUB
from auth_methods.jwt.routes import JWT
from auth_methods.token.routes import TOKEN
from auth_methods.userpass.routes import USERPASS
from engines.base import Access, EngineType, Mount, Operation, Periodic
from engines.base.routing import RouteTable
from server.runtime import plugins
from tests.support.places import new_place

METHODS: dict[str, EngineType[..., Any]] = {
    method.type: method for method in (APPROLE, CERT, GITHUB, JWT, TOKEN, USERPASS)
}


def test_the_public_routes_are_these() -> None:
    """A path that needs no token is a decision."""
    public = {
        (method, route.operation, route.path)
        for method, engine_type in METHODS.items()
        for route in engine_type.routes
        if route.access is Access.PUBLIC
    }
    assert public == {
        ("approle", Operation.UPDATE, "login"),
        ("cert", Operation.UPDATE, "login"),
        ("github", Operation.UPDATE, "login"),
        ("jwt", Operation.UPDATE, "login"),
        ("jwt", Operation.UPDATE, "oidc/auth_url"),
        ("jwt", Operation.READ, "oidc/callback"),
        ("jwt", Operation.UPDATE, "oidc/callback"),
        ("jwt", Operation.UPDATE, "oidc/poll"),
        ("token", Operation.READ, ".well-known/keys"),
        ("token", Operation.READ, ".well-known/openid-configuration"),
        ("userpass", Operation.UPDATE, "login/{username}"),
    }


@pytest.mark.parametrize("method", METHODS)
def test_routes_compile_and_have_help(method: str) -> None:
    routes = METHODS[method].routes
    RouteTable(routes)
    assert all(route.help.endswith(".") and route.access is not Access.OPEN for route in routes)


def test_all_are_found_by_their_entry_points() -> None:
    assert set(METHODS) <= set(plugins.names(plugins.AUTH_METHODS))
    for name, method in METHODS.items():
        assert plugins.engine_type(plugins.AUTH_METHODS, name) is method


def test_which_methods_have_a_say_in_what() -> None:
    place = new_place()
    mount = Mount(place.view, place.clock, "accessor", "auth/m/")
    states = [method.open(mount) for method in (APPROLE, JWT, USERPASS)]
    assert all(isinstance(state, Renews) for state in states)
    assert [isinstance(state, Periodic) for state in states] == [True, True, False]
    naming = {
        name for name, method in METHODS.items() for route in method.routes if issubclass(route.body, NamesAccount)
    }
    assert naming == {"approle", "userpass"}
