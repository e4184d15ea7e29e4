"""Google Workspace as a provider: groups by the Directory API, which no token has.

A service account with domain-wide delegation asks in the name of an administrator (RFC 7523). Groups of groups count up
to ``groups_recurse_max_depth``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct

from auth_methods.fetching.client import Fetcher, FetchFailed, Sent, bearer, fetching
from auth_methods.fetching.paging import MAX_ITEMS
from auth_methods.jwt.claims import InvalidClaims, nested
from auth_methods.jwt.keys import MIN_RSA_BITS
from auth_methods.jwt.providers.base import InvalidSettings, Person, ProviderSettings, checked_root, group_names

_DIRECTORY = "https://admin.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/admin.directory.group.readonly"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_SECONDS = 300
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
        if self.fetch_groups or self.gsuite_service_account:
            _service_account(self.gsuite_service_account)

    def authorization_parameters(self) -> Mapping[str, str]:
        """As ``ProviderSettings.authorization_parameters``: the domain, so that Google offers no other accounts."""
        return {"hd": self.hd} if self.hd else {}

    async def claims(self, person: Person) -> Mapping[str, Any]:
        """As ``ProviderSettings.claims``: the groups, once the person is known to be of the domain."""
        if self.hd and person.claims.get("hd") != self.hd:
            raise InvalidClaims("invalid hosted domain (hd) claim")
        if not (self.fetch_groups and person.groups_claim):
            return {}
        if not person.user:
            raise InvalidClaims("the token doesn't say who the user is at Google")
        account = _service_account(self.gsuite_service_account)
        async with fetching(person.ca_pem) as fetcher:
            token = await account.access_token(fetcher, self.gsuite_admin_impersonate)
            found = await self._groups(fetcher, token, person.user)
        return nested(person.groups_claim, group_names(found))

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


class _KeyFile(Struct, frozen=True):
    client_email: str
    private_key: str
    token_uri: str
    private_key_id: str = ""


@dataclass(frozen=True, slots=True)
class _ServiceAccount:
    email: str
    key: RSAPrivateKey
    key_id: str
    token_url: str

    async def access_token(self, fetcher: Fetcher, subject: str) -> str:
        """A token to ask the Directory with, in the name of ``subject`` if it isn't empty. Raises ``FetchFailed``."""
        now = int(time.time())
        claims = {
            "iss": self.email,
            "scope": _SCOPE,
            "aud": self.token_url,
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
            **({"sub": subject} if subject else {}),
        }
        assertion = jwt.encode(claims, self.key, "RS256", headers={"kid": self.key_id} if self.key_id else None)
        sent = Sent(form={"grant_type": _GRANT, "assertion": assertion})
        answer = await fetcher.document(self.token_url, sent)
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token:
            raise FetchFailed("the service account gets no access token")
        return token


def _service_account(text: str) -> _ServiceAccount:
    """The service account in a key file's JSON. Raises ``InvalidSettings``."""
    try:
        file = msgspec.json.decode(text, type=_KeyFile)
        key = load_pem_private_key(file.private_key.encode(), password=None)
    except (msgspec.MsgspecError, ValueError, TypeError):
        raise InvalidSettings("'gsuite_service_account' must be the key file of a service account, as JSON") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < MIN_RSA_BITS:
        raise InvalidSettings("'gsuite_service_account' has no RSA key that can be used")
    return _ServiceAccount(file.client_email, key, file.private_key_id, checked_root("token_uri", file.token_uri))
