"""Contract of the providers in ``provider_config``, each a settings object that asks its provider about a person.

    GitHub   OAuth 2 without OpenID Connect: the person and the groups come from its API (``github``)
    Azure    the groups, where the token only says that there are too many (``azure``)
    Gsuite   the groups, which no token has (``gsuite``)
    Okta     the groups, where the claim may have been cut (``okta``)

A provider that can't be asked raises ``FetchFailed``, and the login fails: a caller with fewer groups than it has could
get past a policy that denies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from msgspec import Struct

from auth_methods.fetching.client import FetchFailed, web_root
from auth_methods.jwt.claims import Claims

MAX_GROUPS = 5_000
"""The most groups of a person."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person who has proved to the provider to be one."""

    claims: Claims
    """The claims of the verified token; none from a provider without such tokens."""

    user: str
    """The value of the role's ``user_claim``; empty if the token has none."""

    groups_claim: str
    """The claim that the role takes groups from; empty for none."""

    access_token: str = ""
    """The person's access token at the provider; empty in a login by a token that was shown."""

    scope: str = ""
    """The scope of the access token; its words are parted as the provider does it."""

    ca_pem: str = ""
    """The authorities to trust, in PEM; empty for the system's."""

    def __repr__(self) -> str:
        return "Person()"


class InvalidSettings(ValueError):
    """The settings can't be used; the text is for the operator who wrote them."""


class ProviderSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="provider"):
    """The parameters in ``provider_config`` beside ``provider``."""

    secrets: ClassVar[frozenset[str]] = frozenset()
    """Parameters that are never shown."""

    metadata: ClassVar[Mapping[str, str]] = {}
    """Claims that become metadata in any case, and under which names."""

    def check(self, discovery_url: str) -> None:
        """Raise ``InvalidSettings`` for values that can't be used."""

    def authorization_parameters(self) -> Mapping[str, str]:
        """Parameters for the address that a browser is sent to."""
        return {}

    async def claims(self, person: Person) -> Mapping[str, Any]:
        """Claims beside those of the token, which they replace.

        Raises ``FetchFailed``, and ``InvalidClaims`` for a person who may not log in.
        """
        raise NotImplementedError


def checked_root(name: str, value: str) -> str:
    """The address ``value`` of the parameter ``name``, without ``/`` at its end. Raises ``InvalidSettings``."""
    try:
        return web_root(value)
    except ValueError as error:
        raise InvalidSettings(f"'{name}': {error}") from None


def group_names(found: Sequence[Any]) -> list[str]:
    """``found``, which has to be names of groups, each once. Raises ``FetchFailed``."""
    if not all(isinstance(name, str) and name for name in found):
        raise FetchFailed("a group has no name")
    names = list(dict.fromkeys(found))
    if len(names) > MAX_GROUPS:
        raise FetchFailed(f"the person is in more than {MAX_GROUPS} groups")
    return names
