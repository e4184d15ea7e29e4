"""The API of the method github as one table."""

from __future__ import annotations

from auth_methods.github import config, login, mappings
from auth_methods.github.mappings import MappingName, TeamBody, UserBody
from auth_methods.github.renewals import RenewingGitHub
from auth_methods.github.state import GitHub
from engines.base import Access, EngineType, Nothing, Page, Route, Row
from engines.base.operations import DELETE, LIST, READ, UPDATE

ROUTES: tuple[Row[GitHub], ...] = (
    Route(UPDATE, "login", login.log_in, login.LoginBody, "Log in with a personal token.", Access.PUBLIC),
    Route(READ, "config", config.read_config, Nothing, "Show the organization.", writes=False),
    Route(UPDATE, "config", config.write_config, config.ConfigBody, "Set the organization."),
    Route(LIST, "map/teams", mappings.list_teams, Page, "List the mapped teams.", writes=False),
    Route(READ, "map/teams", mappings.list_teams, Page, "List the mapped teams.", writes=False),
    Route(READ, "map/teams/{name}", mappings.read_team, MappingName, "Show a team's policies.", writes=False),
    Route(UPDATE, "map/teams/{name}", mappings.write_team, TeamBody, "Set a team's policies.",
          exists=mappings.team_exists),
    Route(DELETE, "map/teams/{name}", mappings.delete_team, MappingName, "Remove a team's policies."),
    Route(LIST, "map/users", mappings.list_users, Page, "List the mapped users.", writes=False),
    Route(READ, "map/users", mappings.list_users, Page, "List the mapped users.", writes=False),
    Route(READ, "map/users/{name}", mappings.read_user, MappingName, "Show a user's policies.", writes=False),
    Route(UPDATE, "map/users/{name}", mappings.write_user, UserBody, "Set a user's policies.",
          exists=mappings.user_exists),
    Route(DELETE, "map/users/{name}", mappings.delete_user, MappingName, "Remove a user's policies."),
)  # fmt: skip

GITHUB = EngineType(
    type="github",
    summary="Personal access tokens of GitHub, as in HashiCorp Vault",
    routes=ROUTES,
    open=RenewingGitHub,
)
