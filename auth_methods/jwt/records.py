"""The configuration and the roles as they are stored: whose tokens are taken, and what comes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from auth_methods.jwt.claims import Expected
from auth_methods.jwt.provider import Client
from auth_methods.jwt.remote import KeySource
from auth_methods.token_fields import TokenSettings

CONFIG = "config"
"""Where the configuration lies."""


class Config(Struct, frozen=True, kw_only=True):
    """As stored."""

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
    """The tokens are those that this server gives out itself."""

    def __repr__(self) -> str:
        return f"Config({self.issuer!r})"

    @property
    def client(self) -> Client:
        """What this server is to the provider."""
        return Client(self.oidc_client_id, self.oidc_client_secret)

    @property
    def source(self) -> KeySource | None:
        """Where keys are fetched from; None if they are static."""
        if self.jwks_url:
            return KeySource(self.jwks_url, self.jwks_ca_pem)
        if self.oidc_discovery_url:
            return KeySource(self.oidc_discovery_url, self.oidc_discovery_ca_pem, discovery=True)
        return None

    @property
    def issuer(self) -> str:
        """Who must have issued tokens; unless told otherwise, a provider that was discovered signs for itself alone."""
        return self.bound_issuer or self.oidc_discovery_url


class Role(Struct, frozen=True, kw_only=True):
    """As stored. Leeways are in seconds: 0 is the default, less is none."""

    role_type: str = "oidc"
    allowed_redirect_uris: list[str] | None = None
    bound_audiences: list[str] | None = None
    bound_claims: dict[str, Any] | None = None
    bound_claims_type: str = "string"
    bound_subject: str = ""
    callback_mode: str = "client"
    claim_mappings: dict[str, str] | None = None
    clock_skew_leeway: int = 0
    expiration_leeway: int = 0
    groups_claim: str = ""
    jti_required: bool = False
    """Tokens without an id of their own are refused."""

    jti_single_use: bool = False
    """Each token is good for one login."""

    max_age: int = 0
    not_before_leeway: int = 0
    oidc_disable_confirmation: bool = False
    oidc_scopes: list[str] | None = None
    user_claim: str = ""
    user_claim_json_pointer: bool = False
    verbose_oidc_logging: bool = False
    token: TokenSettings = TokenSettings()

    def expected(self, issuer: str, audiences: Sequence[str] | None = None) -> Expected:
        """What the registered claims of a token must be; its own audiences unless others are given."""
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
    """Where a role lies."""
    return f"role/{name.lower()}"


def decode(value: bytes) -> Role:
    """A stored role."""
    return msgspec.msgpack.decode(value, type=Role)
