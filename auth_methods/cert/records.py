"""Stored roles and settings of cert: trusted certificates, constraints, and the tokens' settings."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from auth_methods.cert.certificates import Wanted
from auth_methods.token_fields import TokenSettings

ROLES = "cert/"
CONFIG = "config"
"""The key of the settings in storage."""


class Role(Struct, frozen=True, kw_only=True):
    """A stored role. Lists are None until they are given."""

    certificate: str = ""
    """PEM: authorities, or clients' certificates themselves."""

    display_name: str = ""
    allowed_names: list[str] | None = None
    allowed_common_names: list[str] | None = None
    allowed_dns_sans: list[str] | None = None
    allowed_email_sans: list[str] | None = None
    allowed_uri_sans: list[str] | None = None
    allowed_organizational_units: list[str] | None = None
    allowed_metadata_extensions: list[str] | None = None
    required_extensions: list[str] | None = None
    token: TokenSettings = TokenSettings()

    @property
    def wanted(self) -> Wanted:
        """Its constraints on a certificate."""
        return Wanted(
            names=self.allowed_names or (),
            common_names=self.allowed_common_names or (),
            dns_names=self.allowed_dns_sans or (),
            emails=self.allowed_email_sans or (),
            uris=self.allowed_uri_sans or (),
            organizational_units=self.allowed_organizational_units or (),
            extensions=self.required_extensions or (),
        )


class Config(Struct, frozen=True, kw_only=True):
    """The stored settings."""

    disable_binding: bool = False
    """Whether tokens may be renewed without the certificate of their login."""


def key(name: str) -> str:
    """The storage key of a role."""
    return f"{ROLES}{name.lower()}"


def decode(value: bytes) -> Role:
    """A stored role."""
    return msgspec.msgpack.decode(value, type=Role)


def decode_config(value: bytes) -> Config:
    """The stored settings."""
    return msgspec.msgpack.decode(value, type=Config)
