"""Okta as a provider: the groups from its API, where the claim in the token may have been cut.

Okta leaves out groups of a person with many, and doesn't say so. Its API shows all of them, page by page, to the token
of an administrator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from auth_methods.fetching.client import Sent, fetching
from auth_methods.fetching.paging import linked_pages
from auth_methods.jwt.claims import InvalidClaims, claim, nested, text_claim
from auth_methods.jwt.providers.base import InvalidSettings, Person, ProviderSettings, checked_root, group_names

_PAGE_ITEMS = 200


class Okta(ProviderSettings, frozen=True, kw_only=True, tag="okta"):
    """The organization's address, and a token for its API that may read users and groups."""

    secrets: ClassVar[frozenset[str]] = frozenset({"api_token"})

    org_url: str = ""
    """The web root; empty for that of the discovery URL."""

    api_token: str = ""
    user_id_claim: str = ""
    """The claim with the person's id or login at Okta; empty for the role's ``user_claim``."""

    groups_cap: int = 100
    """The number of groups from which on a claim may have been cut."""

    def __repr__(self) -> str:
        return f"Okta({self.org_url!r})"

    def check(self, discovery_url: str) -> None:
        """As ``ProviderSettings.check``."""
        if not self.api_token:
            raise InvalidSettings("'api_token' must be set")
        if self.groups_cap < 1:
            raise InvalidSettings("'groups_cap' must be at least 1")
        checked_root("org_url", self.org_url or _root(discovery_url))

    async def claims(self, person: Person) -> Mapping[str, Any]:
        """As ``ProviderSettings.claims``: the groups."""
        if not person.groups_claim:
            return {}
        shown = claim(person.claims, person.groups_claim)
        if isinstance(shown, list) and len(shown) < self.groups_cap:
            return {}
        user = text_claim(person.claims, self.user_id_claim, pointer=False) if self.user_id_claim else person.user
        if user in ("", ".", ".."):
            raise InvalidClaims("the token doesn't say who the user is at Okta")
        root = (self.org_url or _root(str(person.claims.get("iss", "")))).rstrip("/")
        url = f"{root}/api/v1/users/{quote(user, safe='')}/groups?limit={_PAGE_ITEMS}"
        async with fetching(person.ca_pem) as fetcher:
            found = await linked_pages(fetcher, url, Sent(headers={"Authorization": f"SSWS {self.api_token}"}))
        return nested(person.groups_claim, group_names([_name(group) for group in found]))


def _root(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _name(group: Any) -> Any:
    profile = group.get("profile") if isinstance(group, dict) else None
    return profile.get("name") if isinstance(profile, dict) else None
