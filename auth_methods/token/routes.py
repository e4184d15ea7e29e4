"""The API of the token method as one table."""

from __future__ import annotations

from auth_methods.token import jwts
from auth_methods.token.creation import CreateBody, CreateWithRoleBody, create, create_orphan, create_with_role
from auth_methods.token.lookup import (
    AccessorBody,
    TokenBody,
    list_accessors,
    lookup,
    lookup_accessor,
    lookup_self,
)
from auth_methods.token.renewal import RenewAccessorBody, RenewBody, renew, renew_accessor, renew_self
from auth_methods.token.revocation import revoke, revoke_accessor, revoke_orphan, revoke_self, tidy
from auth_methods.token.roles import (
    RoleBody,
    RoleName,
    delete_role,
    list_roles,
    read_role,
    role_exists,
    write_role,
)
from auth_methods.token.state import TokenMethod
from engines.base import Access, EngineType, Nothing, Route, Row
from engines.base.operations import DELETE, LIST, READ, UPDATE

ROUTES: tuple[Row[TokenMethod], ...] = (
    # Creating
    Route(UPDATE, "create", create, CreateBody, "Create a child of the calling token."),
    Route(UPDATE, "create-orphan", create_orphan, CreateBody, "Create a token without a parent."),
    Route(UPDATE, "create/{role_name}", create_with_role, CreateWithRoleBody, "Create a token by a role."),
    # Showing
    Route(READ, "lookup", lookup, TokenBody, "Show a token.", writes=False, located_by="token"),
    Route(UPDATE, "lookup", lookup, TokenBody, "Show a token.", writes=False, located_by="token"),
    Route(READ, "lookup-self", lookup_self, TokenBody, "Show the calling token.", writes=False, about_own_token=True),
    Route(UPDATE, "lookup-self", lookup_self, TokenBody, "Show the calling token.", writes=False, about_own_token=True),
    Route(UPDATE, "lookup-accessor", lookup_accessor, AccessorBody, "Show the token with an accessor, without its id.",
          writes=False),
    Route(LIST, "accessors", list_accessors, Nothing, "List the accessors of all tokens.", access=Access.SUDO,
          writes=False),
    # Renewing
    Route(UPDATE, "renew", renew, RenewBody, "Renew a token.", located_by="token"),
    Route(UPDATE, "renew-self", renew_self, RenewBody, "Renew the calling token.", about_own_token=True),
    Route(UPDATE, "renew-accessor", renew_accessor, RenewAccessorBody, "Renew the token with an accessor."),
    # Revoking
    Route(UPDATE, "revoke", revoke, TokenBody, "Revoke a token and its descendants.", located_by="token"),
    Route(UPDATE, "revoke-self", revoke_self, Nothing, "Revoke the calling token and its descendants.",
          about_own_token=True),
    Route(UPDATE, "revoke-accessor", revoke_accessor, AccessorBody,
          "Revoke the token with an accessor, and its descendants."),
    Route(UPDATE, "revoke-orphan", revoke_orphan, TokenBody, "Revoke a token and make its children orphans.",
          located_by="token"),
    Route(UPDATE, "tidy", tidy, Nothing, "Remove index entries without a token."),
    # JSON Web Tokens
    Route(UPDATE, "jwt/{role_name}", jwts.issue, jwts.IssueBody, "Issue a JSON Web Token by a role."),
    Route(UPDATE, "lookup-jwt", jwts.look_up, jwts.JwtBody, "Show whether a JSON Web Token of this server is valid.",
          writes=False),
    Route(UPDATE, "revoke-jwt", jwts.revoke, jwts.RevokeBody, "Revoke a JSON Web Token of this server."),
    Route(READ, "config/jwt", jwts.read_config, Nothing, "Show the settings of issued JSON Web Tokens."),
    Route(UPDATE, "config/jwt", jwts.write_config, jwts.ConfigBody, "Change the settings of issued JSON Web Tokens.",
          access=Access.SUDO),
    Route(UPDATE, "rotate/jwt", jwts.rotate, jwts.RotateBody, "Rotate the keys that sign JSON Web Tokens.",
          access=Access.SUDO),
    Route(READ, jwts.WELL_KNOWN_KEYS, jwts.read_keys, Nothing, "Return the JWK set that verifies JSON Web Tokens.",
          access=Access.PUBLIC, bare=True),
    Route(READ, jwts.WELL_KNOWN_CONFIGURATION, jwts.read_discovery, Nothing,
          "Return the OpenID discovery document, with the URL of the JWK set.", access=Access.PUBLIC, bare=True),
    # Roles
    Route(LIST, "roles", list_roles, Nothing, "List the roles.", writes=False),
    Route(READ, "roles/{role_name}", read_role, RoleName, "Show a role.", writes=False),
    Route(UPDATE, "roles/{role_name}", write_role, RoleBody, "Create or update a role.", exists=role_exists),
    Route(DELETE, "roles/{role_name}", delete_role, RoleName, "Delete a role."),
)  # fmt: skip

TOKEN = EngineType(
    type="token",
    summary="Tokens: creation, lookup, renewal and revocation",
    routes=ROUTES,
    open=TokenMethod,
    eager=True,
)
