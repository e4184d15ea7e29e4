"""Configuration of a mount of github: the organization whose members may log in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import quote

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from auth_methods.fetching.client import FetchFailed, fetching, web_root
from auth_methods.fetching.failures import report
from auth_methods.github import api
from auth_methods.github.state import CONFIG, Config, GitHub
from auth_methods.records import encoded
from auth_methods.token_fields import TokenFields, TokenSettings, changed, warn_of_long_ttl
from engines.base import Call, Nothing, Reply
from engines.faults import InvalidRequest
from engines.fields import Duration
from storage.base import put

_OLD_NAMES = {"ttl": "token_ttl", "max_ttl": "token_max_ttl"}
_MAX_LOGIN_CHARACTERS = 100

WARNING = (
    "any token of a member of the organization that has the scope read:org logs in as that member, also one that was "
    'given to another service; the method oidc with the provider "github" has no such tokens'
)
"""The warning of Vault's documentation, in short."""


class ConfigBody(TokenFields):
    """The configuration; omitted parameters are unchanged."""

    other_names: ClassVar[Mapping[str, str]] = _OLD_NAMES

    organization: str | UnsetType = UNSET
    organization_id: int | UnsetType = UNSET
    base_url: str | UnsetType = UNSET
    ttl: Duration | UnsetType = UNSET
    max_ttl: Duration | UnsetType = UNSET

    tells = {
        "organization": "The organization whose members may log in.",
        "organization_id": "The number of the organization, which survives renaming. Default: fetched from GitHub.",
        "base_url": "The root URL of the API. Default: github.com's.",
        "ttl": "The old name of `token_ttl`.",
        "max_ttl": "The old name of `token_max_ttl`.",
    }


async def read_config(method: GitHub, call: Call, body: Nothing) -> Reply | None:
    """Show the configuration."""
    config = await method.configuration()
    if config is None:
        return None
    call.warn(WARNING)
    return Reply(
        {
            "organization": config.organization,
            "organization_id": config.organization_id,
            "base_url": config.base_url,
            **config.token.shown(_OLD_NAMES),
        }
    )


async def write_config(method: GitHub, call: Call, body: ConfigBody) -> Reply | None:
    """Set or change the configuration."""
    before = await method.configuration()
    organization = body.organization or (before.organization if before is not None else "")
    if not organization:
        raise InvalidRequest("organization is a required parameter")
    if len(organization) > _MAX_LOGIN_CHARACTERS:
        raise InvalidRequest("organization is too long")
    base_url = _base_url(body, before)
    settings = TokenSettings() if before is None else before.token
    config = Config(
        organization=organization,
        organization_id=_known_id(body, before, organization, base_url),
        base_url=base_url,
        token=changed(settings, body, _OLD_NAMES),
    )
    if not config.organization_id:
        config = replace(config, organization_id=await _organization_id(config, method, call))
    warn_of_long_ttl(config.token, method.mount, call)
    await put(method.storage, CONFIG, encoded(config))
    return Reply() if call.warnings else None


def _base_url(body: ConfigBody, before: Config | None) -> str:
    if body.base_url is UNSET:
        return before.base_url if before is not None else ""
    try:
        return web_root(body.base_url) + "/" if body.base_url else ""
    except ValueError as error:
        raise InvalidRequest(f"error parsing given base_url: {error}") from None


def _known_id(body: ConfigBody, before: Config | None, organization: str, base_url: str) -> int:
    """The number of the organization, as given, or as known of the same one; 0 if it has to be asked for."""
    if body.organization_id is not UNSET:
        if body.organization_id < 0:
            raise InvalidRequest("organization_id is not a number of GitHub's")
        return body.organization_id
    same = before is not None and (before.organization, before.base_url) == (organization, base_url)
    return before.organization_id if before is not None and same else 0


async def _organization_id(config: Config, method: GitHub, call: Call) -> int:
    try:
        async with fetching("") as fetcher:
            found = await api.organization_named(fetcher, config.api_root, quote(config.organization, safe=""))
    except FetchFailed as error:
        report("an organization can't be looked up: %s", error, mount=method.mount.path, request=call.request_id)
        reason = f"unable to fetch the organization_id, you must manually set it in the config: {error}"
        raise InvalidRequest(reason) from None
    return found.id
