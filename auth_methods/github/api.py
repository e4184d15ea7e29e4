"""GitHub's REST API: the owner of a token, and the organizations and teams that the token shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from auth_methods.fetching.client import Fetcher, FetchFailed, bearer
from auth_methods.fetching.paging import linked_pages

_PAGE = "?per_page=100"


@dataclass(frozen=True, slots=True)
class User:
    """A person. The number stays the same for ever; login and email may pass to another person."""

    id: int
    login: str
    email: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization. The number stays the same for ever, and is 0 if an API like GitHub's doesn't tell it; the login
    may pass to another one."""

    id: int
    login: str


@dataclass(frozen=True, slots=True)
class Team:
    """A team of an organization."""

    organization: Organization
    name: str
    slug: str


async def owner_of(fetcher: Fetcher, root: str, token: str) -> User:
    """The owner of ``token``, by the API at ``root``. Raises ``FetchFailed``, as all functions here do."""
    return _user(await fetcher.document(f"{root}/user", bearer(token)))


async def user_named(fetcher: Fetcher, root: str, login: str) -> User:
    """The person with this login, which has to be a name of a path."""
    return _user(await fetcher.document(f"{root}/users/{login}"))


async def organization_named(fetcher: Fetcher, root: str, login: str) -> Organization:
    """The organization with this login, which has to be a name of a path."""
    return _organization(await fetcher.document(f"{root}/orgs/{login}"))


async def organizations_of(fetcher: Fetcher, root: str, token: str) -> list[Organization]:
    """The organizations that the owner of ``token`` is a member of."""
    return [_organization(one) for one in await linked_pages(fetcher, f"{root}/user/orgs{_PAGE}", bearer(token))]


async def teams_of(fetcher: Fetcher, root: str, token: str) -> list[Team]:
    """The teams that the owner of ``token`` is in."""
    return [_team(one) for one in await linked_pages(fetcher, f"{root}/user/teams{_PAGE}", bearer(token))]


async def verified_email_of(fetcher: Fetcher, root: str, token: str) -> str:
    """The primary address of the owner of ``token`` if GitHub has verified it, else empty."""
    for one in await linked_pages(fetcher, f"{root}/user/emails{_PAGE}", bearer(token)):
        if isinstance(one, dict) and one.get("primary") is True and one.get("verified") is True:
            return _text(one, "email")
    return ""


def _user(found: Any) -> User:
    email, name = (found.get(key) if isinstance(found, dict) else None for key in ("email", "name"))
    return User(
        _number(found),
        _text(found, "login"),
        email if isinstance(email, str) else "",
        name if isinstance(name, str) else "",
    )


def _organization(found: Any) -> Organization:
    number = _number(found) if isinstance(found, dict) and "id" in found else 0
    return Organization(number, _text(found, "login"))


def _team(found: Any) -> Team:
    organization = found.get("organization") if isinstance(found, dict) else None
    slug = _text(found, "slug")
    return Team(_organization(organization), _text({"name": slug, **found}, "name"), slug)


def _number(found: Any) -> int:
    number = found.get("id") if isinstance(found, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or number <= 0:
        raise FetchFailed("an object of GitHub's has no number")
    return number


def _text(found: Any, name: str) -> str:
    text = found.get(name) if isinstance(found, dict) else None
    if not isinstance(text, str) or not text:
        raise FetchFailed(f"an object of GitHub's has no {name}")
    return text
