"""Login with a personal token of GitHub's, as Vault has it.

1  GitHub says who owns the token
2  the owner has to be a member of the organization, which is known by its number
3  the policies are those of the teams in the organization, and of the person
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from auth_methods import sealing
from auth_methods.base import InvalidCredentials, Login
from auth_methods.fetching.client import FetchFailed, Refused, fetching
from auth_methods.fetching.failures import report
from auth_methods.github import api
from auth_methods.github.api import Organization, Team, User
from auth_methods.github.config import WARNING
from auth_methods.github.state import Config, GitHub
from engines.base import Body, Call
from engines.faults import InvalidRequest, Unavailable

_MAX_TOKEN_CHARACTERS = 1024
_UNAUTHORIZED = 401

GRANT_LABEL = b"cryptoserve personal token of GitHub"


class LoginBody(Body):
    """A personal token."""

    token: str = ""

    tells = {
        "token": "A personal access token of GitHub with the scope `read:org`.",
    }


@dataclass(frozen=True, slots=True)
class Member:
    """The owner of a token, with the organization of the mount and the teams in it."""

    user: User
    organization: Organization
    teams: tuple[Team, ...]

    @property
    def team_names(self) -> tuple[str, ...]:
        """The names of the teams, and their slugs."""
        return tuple(dict.fromkeys(name for team in self.teams for name in (team.name, team.slug)))


async def log_in(method: GitHub, call: Call, body: LoginBody) -> Login:
    """Give a token for a personal token of GitHub's."""
    config = await method.configuration()
    if config is None:
        raise InvalidRequest("configuration has not been set")
    if not body.token:
        raise InvalidRequest("missing token")
    config.token.check_address(call)
    return await login_of(method, config, await owner(method, config, body.token, call), body.token, call)


async def login_of(method: GitHub, config: Config, member: Member, personal_token: str, call: Call) -> Login:
    """The login of a member, who has shown ``personal_token``."""
    name = member.organization.login
    if name != config.organization:
        call.warn(
            f'the organization name has changed to "{name}". It is recommended to verify and update the organization '
            f"name in the config: organization_id={config.organization_id}"
        )
    call.warn(WARNING)
    mapped = await method.policies(member.team_names, member.user.id)
    token = replace(config.token, policies=tuple(sorted({*config.token.policies, *mapped})))
    metadata = {"username": member.user.login, "org": name}
    login = token.login(
        call,
        alias=str(member.user.id),
        metadata=metadata,
        display_name=member.user.login,
        alias_metadata=metadata,
        groups=member.team_names,
    )
    login.grant = await sealing.seal(method.storage, GRANT_LABEL, personal_token.encode())
    return login


async def owner(method: GitHub, config: Config, token: str, call: Call) -> Member:
    """The owner of ``token``, who is a member of the organization.

    Raises ``InvalidCredentials`` otherwise, and ``Unavailable`` if GitHub can't be asked.
    """
    if len(token) > _MAX_TOKEN_CHARACTERS:
        raise InvalidCredentials("the token is not one of GitHub's")
    root = config.api_root
    try:
        async with fetching("") as fetcher:
            user = await api.owner_of(fetcher, root, token)
            organizations = await api.organizations_of(fetcher, root, token)
            teams = await api.teams_of(fetcher, root, token)
    except FetchFailed as error:
        if isinstance(error, Refused) and error.status == _UNAUTHORIZED:
            raise InvalidCredentials("the token is not one of GitHub's") from None
        report("the owner of a token can't be asked for: %s", error, mount=method.mount.path, request=call.request_id)
        raise Unavailable("the teams of the user can't be fetched from GitHub") from None
    for organization in organizations:
        if organization.id and organization.id == config.organization_id:
            ours = tuple(team for team in teams if team.organization.id == organization.id)
            return Member(user, organization, ours)
    raise InvalidCredentials("user is not part of required org")
