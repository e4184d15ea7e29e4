"""The API of cert as one table."""

from __future__ import annotations

from auth_methods.cert import login, revocations, roles
from auth_methods.cert.state import Cert
from engines.base import Access, EngineType, Nothing, Page, Route, Row
from engines.base.operations import DELETE, LIST, READ, UPDATE

ROUTES: tuple[Row[Cert], ...] = (
    Route(UPDATE, "login", login.log_in, login.LoginBody, "Log in with a certificate.", Access.PUBLIC),
    Route(LIST, "certs", roles.list_roles, Page, "List the roles.", writes=False),
    Route(READ, "certs/{name}", roles.read_role, roles.RoleName, "Show a role.", writes=False),
    Route(UPDATE, "certs/{name}", roles.write_role, roles.RoleBody, "Create or update a role."),
    Route(DELETE, "certs/{name}", roles.delete_role, roles.RoleName, "Delete a role."),
    Route(LIST, "crls", revocations.list_lists, Page, "List the revocation lists.", writes=False),
    Route(READ, "crls/{name}", revocations.read_list, revocations.ListName, "Show a revocation list.",
          writes=False),
    Route(UPDATE, "crls/{name}", revocations.write_list, revocations.ListBody, "Store a revocation list."),
    Route(DELETE, "crls/{name}", revocations.delete_list, revocations.ListName, "Delete a revocation list."),
    Route(READ, "config", roles.read_config, Nothing, "Show the settings.", writes=False),
    Route(UPDATE, "config", roles.write_config, roles.ConfigBody, "Change the settings."),
)  # fmt: skip

CERT = EngineType(
    type="cert",
    summary="Client certificates of the TLS handshake",
    routes=ROUTES,
    open=Cert,
)
