"""Settings of a provider as they are written and shown: the object ``provider_config``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from auth_methods.jwt.providers.azure import Azure
from auth_methods.jwt.providers.base import InvalidSettings, ProviderSettings
from auth_methods.jwt.providers.github import GitHub
from auth_methods.jwt.providers.gsuite import Gsuite
from auth_methods.jwt.providers.okta import Okta

AnyProvider: TypeAlias = Azure | GitHub | Gsuite | Okta

_KINDS: dict[str, type[ProviderSettings]] = {"azure": Azure, "github": GitHub, "gsuite": Gsuite, "okta": Okta}


def read_settings(given: Mapping[str, Any]) -> AnyProvider | None:
    """The settings in ``provider_config``; None if it is empty. Raises ``InvalidSettings``, in OpenBao's words."""
    if not given:
        return None
    name = given.get("provider")
    if not isinstance(name, str):
        raise InvalidSettings("'provider' field not found in provider_config")
    if name not in _KINDS:
        raise InvalidSettings(f'provider "{name}" not found in custom providers')
    try:
        settings: AnyProvider = msgspec.convert(dict(given), AnyProvider, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidSettings(f'error initializing "{name}" provider_config: {error}') from None
    return settings


def checked_settings(given: Mapping[str, Any], discovery_url: str) -> AnyProvider | None:
    """As ``read_settings``, with the values checked."""
    settings = read_settings(given)
    if settings is not None:
        try:
            settings.check(discovery_url)
        except InvalidSettings as error:
            name = given["provider"]
            raise InvalidSettings(f'error initializing "{name}" provider_config: {error}') from None
    return settings


def shown_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """``provider_config`` without its secrets."""
    kind = _KINDS.get(str(given.get("provider")), ProviderSettings)
    return {name: value for name, value in given.items() if name not in kind.secrets}
