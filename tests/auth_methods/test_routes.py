"""What all methods of ours have in common: which paths need no token, and that every path says what it does."""

from __future__ import annotations

import pytest

from auth_methods.approle import AppRole
from auth_methods.base import Recognises, Renews
from auth_methods.cert import Cert
from auth_methods.jwt import Jwt
from auth_methods.token import TokenMethod
from auth_methods.userpass import Userpass
from engines.base import Access, Mount, Operation, Periodic, Route
from engines.routing import RouteTable
from server.runtime import plugins
from tests.server.places import new_place

ROUTES: dict[str, tuple[Route, ...]] = {
    "approle": AppRole.routes,
    "cert": Cert.routes,
    "jwt": Jwt.routes,
    "token": TokenMethod.routes,
    "userpass": Userpass.routes,
}


def test_the_public_routes_are_these() -> None:
    """A path that needs no token is a decision."""
    public = {
        (method, route.operation, route.path)
        for method, routes in ROUTES.items()
        for route in routes
        if route.access is Access.PUBLIC
    }
    assert public == {
        ("approle", Operation.UPDATE, "login"),
        ("cert", Operation.UPDATE, "login"),
        ("jwt", Operation.UPDATE, "login"),
        ("jwt", Operation.UPDATE, "oidc/auth_url"),
        ("jwt", Operation.READ, "oidc/callback"),
        ("token", Operation.READ, ".well-known/keys"),
        ("token", Operation.READ, ".well-known/openid-configuration"),
        ("userpass", Operation.UPDATE, "login/{username}"),
    }


@pytest.mark.parametrize("method", ROUTES)
def test_routes_compile_and_have_help(method: str) -> None:
    RouteTable(ROUTES[method])
    assert all(route.help.endswith(".") and route.access is not Access.OPEN for route in ROUTES[method])


def test_all_are_found_by_their_entry_points() -> None:
    assert set(ROUTES) <= set(plugins.names(plugins.AUTH_METHODS))
    for name, method in (("approle", AppRole), ("cert", Cert), ("jwt", Jwt), ("userpass", Userpass)):
        assert plugins.load(plugins.AUTH_METHODS, name) is method


def test_which_methods_have_a_say_in_what() -> None:
    place = new_place()
    mount = Mount(place.view, place.clock, "accessor", "auth/m/")
    approle, jwt, userpass = AppRole(mount), Jwt(mount), Userpass(mount)
    assert all(isinstance(method, Renews) for method in (approle, jwt, userpass))
    assert [isinstance(method, Recognises) for method in (approle, jwt, userpass)] == [True, False, True]
    assert [isinstance(method, Periodic) for method in (approle, jwt, userpass)] == [True, True, False]
