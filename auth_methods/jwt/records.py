"""Stored configuration and roles of jwt: accepted tokens, and the logins that they give."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from auth_methods.jwt.claims import Expected
from auth_methods.jwt.providers.endpoints import Client
from auth_methods.jwt.providers.github import USER_CLAIM, GitHub
from auth_methods.jwt.providers.settings import AnyProvider, read_settings
from auth_methods.jwt.remote import KeySource
from auth_methods.token_fields import TokenSettings
from engines.faults import InvalidRequest

CLIENT, DIRECT, DEVICE = "client", "direct", "device"
"""Callback modes: the browser comes back to the client, to this server, or not at all."""

CONFIG = "config"
"""The key of the configuration in storage."""


class Config(Struct, frozen=True, kw_only=True):
    """The stored configuration."""

    bound_issuer: str = ""
    default_role: str = ""
    jwks_url: str = ""
    jwks_ca_pem: str = ""
    jwt_supported_algs: tuple[str, ...] = ()
    jwt_validation_pubkeys: tuple[str, ...] = ()
    oidc_discovery_url: str = ""
    oidc_discovery_ca_pem: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_response_mode: str = ""
    oidc_response_types: tuple[str, ...] = ()
    namespace_in_state: bool = True
    local_issuer: bool = False
    """Whether the tokens are this server's own."""

    provider_config: dict[str, Any] = {}
    """As written, and checked then; see ``auth_methods.jwt.providers.settings``."""

    def __repr__(self) -> str:
        return f"Config({self.issuer!r})"

    @property
    def client(self) -> Client:
        """This server as a client of the provider."""
        return Client(self.oidc_client_id, self.oidc_client_secret)

    @property
    def source(self) -> KeySource | None:
        """The source of keys to fetch; None if they are static."""
        if self.jwks_url:
            return KeySource(self.jwks_url, self.jwks_ca_pem)
        if self.oidc_discovery_url:
            return KeySource(self.oidc_discovery_url, self.oidc_discovery_ca_pem, discovery=True)
        return None

    @property
    def issuer(self) -> str:
        """The required issuer of tokens; by default, a discovered provider itself."""
        return self.bound_issuer or self.oidc_discovery_url

    @property
    def custom(self) -> AnyProvider | None:
        """What the provider has of its own."""
        return read_settings(self.provider_config)

    @property
    def github(self) -> GitHub | None:
        """GitHub, if that is the provider."""
        custom = self.custom
        return custom if isinstance(custom, GitHub) else None

    def scopes(self, role: Role) -> list[str]:
        """The scopes that logins with ``role`` ask for."""
        wanted, github = role.oidc_scopes or [], self.github
        if github is not None:
            return github.scopes(wanted, role.groups_claim)
        return list(dict.fromkeys(["openid", *wanted]))

    def check_role(self, role: Role) -> None:
        """Raise ``InvalidRequest`` for a role that can't be one of this provider."""
        if self.github is not None and role.role_type == "oidc" and role.user_claim != USER_CLAIM:
            raise InvalidRequest(
                f'user_claim must be "{USER_CLAIM}" for the provider "github": names change their owners'
            )

    @property
    def provider_id(self) -> bytes:
        """A hash of who the provider is, and of this server's name there, which a begun login keeps to."""
        github = self.github
        issuer = self.oidc_discovery_url if github is None else github.endpoints.issuer
        return hashlib.sha256(f"{len(issuer)}:{issuer}{self.oidc_client_id}".encode()).digest()[:16]


class Role(Struct, frozen=True, kw_only=True):
    """A stored role. Leeways are in seconds: 0 is the default, negative is none."""

    role_type: str = "oidc"
    allowed_redirect_uris: list[str] | None = None
    bound_audiences: list[str] | None = None
    bound_claims: dict[str, Any] | None = None
    bound_claims_type: str = "string"
    bound_subject: str = ""
    callback_mode: str = CLIENT
    claim_mappings: dict[str, str] | None = None
    clock_skew_leeway: int = 0
    expiration_leeway: int = 0
    groups_claim: str = ""
    jti_required: bool = False
    """Whether tokens without an id are refused."""

    jti_single_use: bool = False
    """Whether each token is valid for one login only."""

    max_age: int = 0
    not_before_leeway: int = 0
    oidc_disable_confirmation: bool = False
    oidc_scopes: list[str] | None = None
    poll_interval: int = 0
    """The seconds between polls in the modes ``direct`` and ``device``; 0 for the provider's, or 5."""

    token_policies_template_claims: bool = False
    """Whether the names of its policies are templates, see ``auth_methods.jwt.policy_templates``."""

    user_claim: str = ""
    user_claim_json_pointer: bool = False
    verbose_oidc_logging: bool = False
    token: TokenSettings = TokenSettings()

    def expected(self, issuer: str, audiences: Sequence[str] | None = None) -> Expected:
        """The required registered claims; the role's audiences unless others are given."""
        return Expected(
            issuer=issuer,
            subject=self.bound_subject,
            audiences=audiences or self.bound_audiences or (),
            skew_seconds=self.clock_skew_leeway,
            expiration_leeway_seconds=self.expiration_leeway,
            not_before_leeway_seconds=self.not_before_leeway,
        )


def decode_config(value: bytes) -> Config:
    """The stored configuration."""
    return msgspec.msgpack.decode(value, type=Config)


def key(name: str) -> str:
    """The storage key of a role."""
    return f"role/{name.lower()}"


def decode(value: bytes) -> Role:
    """A stored role."""
    return msgspec.msgpack.decode(value, type=Role)
