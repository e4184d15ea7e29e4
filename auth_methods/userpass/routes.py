"""The API of userpass as one table."""

from __future__ import annotations

from auth_methods.userpass.state import Userpass
from auth_methods.userpass.users import (
    LoginBody,
    PasswordBody,
    PoliciesBody,
    UserBody,
    UserName,
    delete_user,
    list_users,
    log_in,
    read_user,
    set_password,
    set_policies,
    user_exists,
    write_user,
)
from engines.base import Access, EngineType, Operation, Page, Route, Row

ROUTES: tuple[Row[Userpass], ...] = (
    Route(Operation.LIST, "users", list_users, Page, "List the users.", writes=False),
    Route(Operation.READ, "users/{username}", read_user, UserName, "Show a user.", writes=False),
    Route(Operation.UPDATE, "users/{username}", write_user, UserBody, "Create or update a user.", exists=user_exists),
    Route(Operation.DELETE, "users/{username}", delete_user, UserName, "Delete a user."),
    Route(Operation.UPDATE, "users/{username}/password", set_password, PasswordBody, "Change a user's password."),
    Route(Operation.UPDATE, "users/{username}/policies", set_policies, PoliciesBody, "Change a user's policies."),
    Route(
        Operation.UPDATE,
        "login/{username}",
        log_in,
        LoginBody,
        "Log in with a user name and a password.",
        access=Access.PUBLIC,
    ),
)

USERPASS = EngineType(
    type="userpass",
    summary="User names and passwords, stored in the server",
    routes=ROUTES,
    open=Userpass,
)
