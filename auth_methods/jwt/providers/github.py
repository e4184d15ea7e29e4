"""GitHub as a provider: OAuth 2 with a proof key, and the person, the organizations and the teams from its API.

GitHub is no OpenID provider for people. The numeric id is the person; login and email may pass to another one. Groups
are ``org`` and ``org/team-slug``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from auth_methods.fetching.client import fetching
from auth_methods.github import api
from auth_methods.jwt.claims import InvalidClaims, nested
from auth_methods.jwt.providers.base import Person, ProviderSettings, checked_root, group_names
from auth_methods.jwt.providers.endpoints import Endpoints

USER_CLAIM = "id"

_WEB, _API = "https://github.com", "https://api.github.com"
_ENTERPRISE_CLOUD = ".ghe.com"
_SHOW_MEMBERSHIPS = frozenset({"read:org", "write:org", "admin:org"})
_SHOW_EMAILS = frozenset({"user:email", "user"})
_OF_AN_APP = "ghu_"
"""The beginning of the tokens of GitHub Apps, which have permissions in place of scopes."""


class GitHub(ProviderSettings, frozen=True, kw_only=True, tag="github"):
    """The addresses of GitHub, or of an installation of GitHub Enterprise."""

    metadata: ClassVar[Mapping[str, str]] = {"login": "login", "email": "email"}

    base_url: str = _WEB
    """The web root."""

    api_url: str = ""
    """The API root; empty for the one that belongs to the web root."""

    def check(self, discovery_url: str) -> None:
        """As ``ProviderSettings.check``."""
        checked_root("base_url", self.base_url)
        checked_root("api_url", self.api_root)

    @property
    def endpoints(self) -> Endpoints:
        """Its endpoints, which it doesn't publish."""
        web = self.base_url.rstrip("/")
        return Endpoints(
            issuer=f"{web}/login/oauth",
            authorization=f"{web}/login/oauth/authorize",
            token=f"{web}/login/oauth/access_token",
            device=f"{web}/login/device/code",
            secret_in_body=True,
        )

    @property
    def api_root(self) -> str:
        """The API root, without ``/`` at its end."""
        if self.api_url:
            return self.api_url.rstrip("/")
        web = self.base_url.rstrip("/")
        host = urlsplit(web).netloc
        if web == _WEB:
            return _API
        return f"https://api.{host}" if host.endswith(_ENTERPRISE_CLOUD) else f"{web}/api/v3"

    def scopes(self, wanted: Collection[str], groups_claim: str) -> list[str]:
        """The scopes to ask for: those of the role, and the one that shows memberships."""
        also = ["read:org"] if groups_claim and not _SHOW_MEMBERSHIPS & set(wanted) else []
        return [*dict.fromkeys(wanted), *also]

    async def claims(self, person: Person) -> Mapping[str, Any]:
        """As ``ProviderSettings.claims``: all that is known of the person."""
        granted, token, root = frozenset(person.scope.replace(",", " ").split()), person.access_token, self.api_root
        if person.groups_claim and not (granted & _SHOW_MEMBERSHIPS or token.startswith(_OF_AN_APP)):
            # A person can edit the scope in the address bar, to be seen with fewer groups.
            raise InvalidClaims("the scope read:org, which shows organizations and teams, was not granted")
        async with fetching(person.ca_pem) as fetcher:
            user = await api.owner_of(fetcher, root, token)
            email = await api.verified_email_of(fetcher, root, token) if granted & _SHOW_EMAILS else user.email
            found = {"id": str(user.id), "login": user.login, "email": email, "name": user.name}
            claims: dict[str, Any] = {name: value for name, value in found.items() if value}
            if not person.groups_claim:
                return claims
            organizations = await api.organizations_of(fetcher, root, token)
            teams = await api.teams_of(fetcher, root, token)
        names = [one.login for one in organizations] + [f"{one.organization.login}/{one.slug}" for one in teams]
        claims["organization_ids"] = [str(one.id) for one in organizations if one.id]
        return claims | nested(person.groups_claim, group_names(names))
