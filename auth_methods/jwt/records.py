"""Stored configuration and roles of jwt: accepted tokens, and the logins that they give."""

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


class Role(Struct, frozen=True, kw_only=True):
    """A stored role. Leeways are in seconds: 0 is the default, negative is none."""

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
    """Whether tokens without an id are refused."""

    jti_single_use: bool = False
    """Whether each token is valid for one login only."""

    max_age: int = 0
    not_before_leeway: int = 0
    oidc_disable_confirmation: bool = False
    oidc_scopes: list[str] | None = None
    token_policies_template_claims: bool = False
    """Whether the names of its policies are templates, see ``auth_methods.policy_templates``."""

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
