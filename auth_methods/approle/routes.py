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
    Route(UPDATE, _ROLE, roles.write_role, roles.RoleBody, "Create or update a role.", exists=roles.role_exists),
    Route(DELETE, _ROLE, roles.delete_role, roles.RoleName, "Delete a role and its secret ids."),
    *property_routes(),
    Route(LIST, f"{_ROLE}/secret-id", secret_ids.list_secrets, secret_ids.ListSecretsBody,
          "List the accessors of a role's secret ids.", writes=False),
    Route(UPDATE, f"{_ROLE}/secret-id", secret_ids.generate, secret_ids.GenerateBody, "Generate a secret id."),
    Route(UPDATE, f"{_ROLE}/custom-secret-id", secret_ids.set_custom, secret_ids.CustomBody,
          "Add a secret id that the caller chose."),
    Route(UPDATE, f"{_ROLE}/secret-id/lookup", secret_ids.look_up, secret_ids.SecretBody,
          "Show the properties of a secret id.", writes=False),
    Route(UPDATE, f"{_ROLE}/secret-id/destroy", secret_ids.destroy, secret_ids.SecretBody, "Destroy a secret id."),
    Route(DELETE, f"{_ROLE}/secret-id/destroy", secret_ids.destroy, secret_ids.SecretBody, "Destroy a secret id."),
    Route(UPDATE, f"{_ROLE}/secret-id-accessor/lookup", secret_ids.look_up_accessor, secret_ids.AccessorBody,
          "Show the properties of the secret id with an accessor.", writes=False),
    Route(UPDATE, f"{_ROLE}/secret-id-accessor/destroy", secret_ids.destroy_accessor, secret_ids.AccessorBody,
          "Destroy the secret id with an accessor."),
    Route(DELETE, f"{_ROLE}/secret-id-accessor/destroy", secret_ids.destroy_accessor, secret_ids.AccessorBody,
          "Destroy the secret id with an accessor."),
    Route(UPDATE, "tidy/secret-id", login.tidy, Nothing, "Remove expired secret ids."),
)  # fmt: skip

APPROLE = EngineType(
    type="approle",
    summary="Roles for machines, with secret ids as credentials",
    routes=ROUTES,
    open=AppRole,
)
