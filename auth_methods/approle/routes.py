"""The API of AppRole as one table."""

from __future__ import annotations

from auth_methods.approle import login, roles, secret_ids
from auth_methods.approle.properties import property_routes
from auth_methods.approle.state import AppRole
from engines.base import Access, EngineType, Nothing, Page, Route, Row
from engines.base.operations import DELETE, LIST, READ, UPDATE

_ROLE = "role/{role_name}"

ROUTES: tuple[Row[AppRole], ...] = (
    Route(UPDATE, "login", login.log_in, login.LoginBody, "Log in with a role id and a secret id.", Access.PUBLIC),
    Route(LIST, "role", roles.list_roles, Page, "List the roles.", writes=False),
    Route(READ, _ROLE, roles.read_role, roles.RoleName, "Show a role.", writes=False),
    Route(UPDATE, _ROLE, roles.write_role, roles.RoleBody, "Make or change a role.", exists=roles.role_exists),
    Route(DELETE, _ROLE, roles.delete_role, roles.RoleName, "Delete a role and its secret ids."),
    *property_routes(),
    Route(LIST, f"{_ROLE}/secret-id", secret_ids.list_secrets, secret_ids.ListSecretsBody,
          "List the accessors of a role's secret ids.", writes=False),
    Route(UPDATE, f"{_ROLE}/secret-id", secret_ids.generate, secret_ids.GenerateBody, "Make a secret id."),
    Route(UPDATE, f"{_ROLE}/custom-secret-id", secret_ids.set_custom, secret_ids.CustomBody,
          "Take a secret id of the caller's making."),
    Route(UPDATE, f"{_ROLE}/secret-id/lookup", secret_ids.look_up, secret_ids.SecretBody,
          "Show what a secret id is bound to.", writes=False),
    Route(UPDATE, f"{_ROLE}/secret-id/destroy", secret_ids.destroy, secret_ids.SecretBody, "Destroy a secret id."),
    Route(DELETE, f"{_ROLE}/secret-id/destroy", secret_ids.destroy, secret_ids.SecretBody, "Destroy a secret id."),
    Route(UPDATE, f"{_ROLE}/secret-id-accessor/lookup", secret_ids.look_up_accessor, secret_ids.AccessorBody,
          "Show what the secret id of an accessor is bound to.", writes=False),
    Route(UPDATE, f"{_ROLE}/secret-id-accessor/destroy", secret_ids.destroy_accessor, secret_ids.AccessorBody,
          "Destroy the secret id of an accessor."),
    Route(DELETE, f"{_ROLE}/secret-id-accessor/destroy", secret_ids.destroy_accessor, secret_ids.AccessorBody,
          "Destroy the secret id of an accessor."),
    Route(UPDATE, "tidy/secret-id", login.tidy, Nothing, "Remove secret ids that have ended."),
)  # fmt: skip

APPROLE = EngineType(
    type="approle",
    summary="Roles for machines, proved by secret ids",
    routes=ROUTES,
    open=AppRole,
)
