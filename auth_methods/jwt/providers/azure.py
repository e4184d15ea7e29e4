"""Azure AD (Microsoft Entra ID) as a provider: groups by Microsoft Graph, where the token has too many to list them.

A token with more than 200 groups names an address to ask in their place (OpenID Connect Core 1.0, 5.6.2). The address
comes from the token, so only its path is taken, and only if its host is one of Graph's; the person's access token goes
to ``graph_url`` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from auth_methods.fetching.client import Fetcher, FetchFailed, Sent, bearer, fetching
from auth_methods.fetching.paging import odata_pages
from auth_methods.jwt.claims import InvalidClaims, claim, groups, nested
from auth_methods.jwt.providers.base import Person, ProviderSettings, checked_root, group_names

_GRAPH = "https://graph.microsoft.com"
_GRAPH_HOSTS = frozenset(
    {"graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"}
)
_AD_GRAPH_HOSTS = frozenset({"graph.windows.net", "graph.microsoftazure.us", "graph.chinacloudapi.cn"})
"""The hosts of Graph's predecessor, which tokens name still."""

_VERSION = "/v1.0"
_MEMBERSHIPS = "/getMemberObjects"
_NAMED_AT_ONCE = 1000


class Azure(ProviderSettings, frozen=True, kw_only=True, tag="azure"):
    """The address of Microsoft Graph, and whether groups are known by their names."""

    graph_url: str = _GRAPH
    groups_as_names: bool = False

    def check(self, discovery_url: str) -> None:
        """As ``ProviderSettings.check``."""
        checked_root("graph_url", self.graph_url)

    @property
    def _root(self) -> str:
        return self.graph_url.rstrip("/").removesuffix(_VERSION)

    async def claims(self, person: Person) -> Mapping[str, Any]:
        """As ``ProviderSettings.claims``: the groups, once the tenant is known to be the issuer's."""
        _check_tenant(person.claims)
        name = person.groups_claim
        if not name:
            return {}
        shown = claim(person.claims, name)
        path = self._overage(person.claims, name) if shown is None else ""
        if not path and not self.groups_as_names:
            return {}  # Also a claim that is missing, which is refused where it is looked for.
        async with fetching(person.ca_pem) as fetcher:
            ids = await self._ids(fetcher, path, person) if path else list(groups(person.claims, name))
            found = await self._names(fetcher, group_names(ids), person) if self.groups_as_names else ids
        return nested(name, group_names(found))

    def _overage(self, claims: Mapping[str, Any], name: str) -> str:
        """The path at Graph of the person's groups; empty if the token doesn't say that there are too many."""
        if claims.get("hasgroups") is True:
            return f"{_VERSION}/me{_MEMBERSHIPS}"
        source = claim(claims, f"/_claim_names/{name.strip('/')}")
        if not isinstance(source, str):
            return ""
        address = claim(claims, f"/_claim_sources/{source}/endpoint")
        if not isinstance(address, str):
            raise FetchFailed("the token doesn't say where the groups are")
        parts = urlsplit(address)
        path = parts.path
        if parts.netloc in _AD_GRAPH_HOSTS:
            path = _VERSION + path
        elif parts.netloc not in _GRAPH_HOSTS and parts.netloc != urlsplit(self._root).netloc:
            raise FetchFailed("the groups are said to be on a host that isn't Graph's")
        if not path.endswith(_MEMBERSHIPS) or ".." in path:
            raise FetchFailed("the address of the groups isn't one of Graph's")
        return path

    async def _ids(self, fetcher: Fetcher, path: str, person: Person) -> list[Any]:
        sent = Sent(json={"securityEnabledOnly": False}, headers=_authorized(person))
        return await odata_pages(fetcher, self._root + path, sent)

    async def _names(self, fetcher: Fetcher, ids: list[str], person: Person) -> list[Any]:
        """The display names of the objects with these ids."""
        names: list[Any] = []
        for start in range(0, len(ids), _NAMED_AT_ONCE):
            part = ids[start : start + _NAMED_AT_ONCE]
            url = f"{self._root}{_VERSION}/directoryObjects/getByIds"
            objects = await odata_pages(fetcher, url, Sent(json={"ids": part}, headers=_authorized(person)))
            by_id = {one.get("id"): one.get("displayName") for one in objects if isinstance(one, dict)}
            if not by_id.keys() >= set(part):
                raise FetchFailed("Graph doesn't tell the names of all groups")
            names += [by_id[one] for one in part]
        return names


def _authorized(person: Person) -> Mapping[str, str] | None:
    if not person.access_token:
        raise FetchFailed("there is no access token to ask Graph with")
    return bearer(person.access_token).headers


def _check_tenant(claims: Mapping[str, Any]) -> None:
    """Refuse a token whose tenant (``tid``) isn't the one that its issuer names."""
    tenant, issuer = claims.get("tid"), urlsplit(str(claims.get("iss", ""))).path.split("/")
    if tenant is not None and (not tenant or tenant not in issuer):
        raise InvalidClaims("invalid tenant (tid) claim: it isn't the issuer's")
