"""The API of the method jwt as one table."""

from __future__ import annotations

from auth_methods.jwt import config, login, roles
from auth_methods.jwt.browser import begin, callback, poll
from auth_methods.jwt.renewals import RenewingJwt
from auth_methods.jwt.state import Jwt
from engines.base import Access, EngineType, Nothing, Page, Route, Row
from engines.base.operations import DELETE, LIST, READ, UPDATE

ROUTES: tuple[Row[Jwt], ...] = (
    Route(UPDATE, "login", login.log_in, login.LoginBody, "Log in with a JSON Web Token.", Access.PUBLIC),
    Route(UPDATE, "oidc/auth_url", begin.auth_url, begin.AuthUrlBody, "Begin a login through a browser.",
          Access.PUBLIC),
    Route(READ, "oidc/callback", callback.callback, callback.CallbackBody, "End a login through a browser.",
          Access.PUBLIC),
    Route(UPDATE, "oidc/callback", callback.callback_post, callback.CallbackBody,
          "End a login through a browser, with the response mode `form_post`.", Access.PUBLIC),
    Route(UPDATE, "oidc/poll", poll.poll, poll.PollBody, "Poll for the end of a login in the modes direct and device.",
          Access.PUBLIC),
    Route(READ, "config", config.read_config, Nothing, "Show the settings.", writes=False),
    Route(UPDATE, "config", config.write_config, config.ConfigBody,
          "Change the settings: the source of the keys that verify tokens, or the provider."),
    Route(LIST, "role", roles.list_roles, Page, "List the roles.", writes=False),
    Route(READ, "role/{name}", roles.read_role, roles.RoleName, "Show a role.", writes=False),
    Route(UPDATE, "role/{name}", roles.write_role, roles.RoleBody, "Create or update a role.",
          exists=roles.role_exists),
    Route(DELETE, "role/{name}", roles.delete_role, roles.RoleName, "Delete a role."),
)  # fmt: skip

JWT = EngineType(
    type="jwt",
    summary="JSON Web Tokens of identity providers",
    routes=ROUTES,
    open=RenewingJwt,
)
