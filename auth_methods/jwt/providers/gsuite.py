"""Google Workspace as a provider: groups by the Directory API, which no token has.

A service account with domain-wide delegation asks in the name of an administrator (RFC 7523). Groups of groups count up
to ``groups_recurse_max_depth``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from auth_methods.fetching.client import Fetcher, FetchFailed, bearer, fetching
from auth_methods.fetching.paging import MAX_ITEMS
from auth_methods.jwt.claims import InvalidClaims, nested
from auth_methods.jwt.providers.base import InvalidSettings, Person, ProviderSettings, checked_root, group_names
from auth_methods.jwt.providers.service_account import read_service_account

_DIRECTORY = "https://admin.googleapis.com"
_GROUPS_SCOPE = "https://www.googleapis.com/auth/admin.directory.group.readonly"
_USERS_SCOPE = "https://www.googleapis.com/auth/admin.directory.user.readonly"
_PAGE_ITEMS = 200
_MAX_DEPTH = 10


class Gsuite(ProviderSettings, frozen=True, kw_only=True, tag="gsuite"):
    """The service account and the domain, with OpenBao's parameters; ``directory_url`` and ``hd`` are ours."""

    secrets: ClassVar[frozenset[str]] = frozenset({"gsuite_service_account"})

    gsuite_service_account: str = ""
    """The key file of a service account, as JSON."""

    gsuite_admin_impersonate: str = ""
    """The administrator in whose name the Directory is asked."""

    fetch_groups: bool = False
    fetch_user_info: bool = False
    user_custom_schemas: str = ""
    """Custom schemas of the Directory to take as claims, with commas between them; with ``fetch_user_info``."""

    groups_recurse_max_depth: int = 0
    domain: str = ""
    """The domain whose groups count; empty for all."""

    hd: str = ""
    """The hosted domain that a person has to belong to; empty for any."""

    directory_url: str = _DIRECTORY

    def __repr__(self) -> str:
        return f"Gsuite({self.domain or self.hd!r})"

    def check(self, discovery_url: str) -> None:
        """As ``ProviderSettings.check``."""
        checked_root("directory_url", self.directory_url)
        if not 0 <= self.groups_recurse_max_depth <= _MAX_DEPTH:
            raise InvalidSettings(f"'groups_recurse_max_depth' must be from 0 to {_MAX_DEPTH}")
        if self.fetch_groups or self._schemas or self.gsuite_service_account:
            read_service_account(self.gsuite_service_account)

    @property
    def _schemas(self) -> str:
        return self.user_custom_schemas if self.fetch_user_info else ""

    def authorization_parameters(self) -> Mapping[str, str]:
        """As ``ProviderSettings.authorization_parameters``: the domain, so that Google offers no other accounts."""
        return {"hd": self.hd} if self.hd else {}

    async def claims(self, person: Person) -> Mapping[str, Any]:
        """As ``ProviderSettings.claims``: the groups, once the person is known to be of the domain."""
        if self.hd and person.claims.get("hd") != self.hd:
            raise InvalidClaims("invalid hosted domain (hd) claim")
        wants_groups = self.fetch_groups and person.groups_claim
        if not (wants_groups or self._schemas):
            return {}
        if not person.user:
            raise InvalidClaims("the token doesn't say who the user is at Google")
        account = read_service_account(self.gsuite_service_account)
        scopes = [*([_GROUPS_SCOPE] if wants_groups else []), *([_USERS_SCOPE] if self._schemas else [])]
        found: dict[str, Any] = {}
        async with fetching(person.ca_pem) as fetcher:
            token = await account.access_token(fetcher, self.gsuite_admin_impersonate, " ".join(scopes))
            if self._schemas:
                found = await self._custom_schemas(fetcher, token, person)
            if wants_groups:
                groups = await self._groups(fetcher, token, person.user)
                found |= nested(person.groups_claim, group_names(groups))
        return found

    async def _custom_schemas(self, fetcher: Fetcher, token: str, person: Person) -> dict[str, Any]:
        """The custom schemas of the person, but for those that would replace a claim of the token."""
        asked = {"projection": "custom", "customFieldMask": self._schemas, "fields": "customSchemas"}
        root = self.directory_url.rstrip("/")
        url = f"{root}/admin/directory/v1/users/{quote(person.user, safe='')}?{urlencode(asked)}"
        answer = await fetcher.document(url, bearer(token))
        schemas = answer.get("customSchemas", {}) if isinstance(answer, dict) else None
        if not isinstance(schemas, dict):
            raise FetchFailed("the Directory's answer is no user")
        return {name: value for name, value in schemas.items() if name not in person.claims}

    async def _groups(self, fetcher: Fetcher, token: str, user: str) -> list[str]:
        """The addresses of the groups with ``user``, and of those with such a group, breadth first."""
        found: dict[str, None] = {}
        members = [user]
        for _ in range(self.groups_recurse_max_depth + 1):
            groups = [group for member in members for group in await self._groups_with(fetcher, token, member)]
            members = [group for group in dict.fromkeys(groups) if group not in found]
            found |= dict.fromkeys(members)
        return list(found)

    async def _groups_with(self, fetcher: Fetcher, token: str, member: str) -> list[str]:
        asked = {"userKey": member, "maxResults": str(_PAGE_ITEMS), "fields": "nextPageToken,groups(email)"}
        asked |= {"domain": self.domain} if self.domain else {}
        found: list[str] = []
        while True:
            url = f"{self.directory_url.rstrip('/')}/admin/directory/v1/groups?{urlencode(asked)}"
            page = _page(await fetcher.document(url, bearer(token)))
            found += [group.email for group in page.groups]
            if len(found) > MAX_ITEMS:
                raise FetchFailed(f"more than {MAX_ITEMS} groups")
            if not page.next_page_token:
                return found
            asked["pageToken"] = page.next_page_token


class _Group(Struct, frozen=True):
    email: str


class _Page(Struct, frozen=True, rename="camel"):
    groups: tuple[_Group, ...] = ()
    next_page_token: str = ""


def _page(document: Any) -> _Page:
    try:
        return msgspec.convert(document, _Page)
    except msgspec.ValidationError:
        raise FetchFailed("the Directory's answer is no list of groups") from None
