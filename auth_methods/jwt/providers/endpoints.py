"""Endpoints of a provider, and this server as its client."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The endpoints of a provider; empty for those that it doesn't have."""

    issuer: str
    authorization: str
    token: str
    user_info: str = ""
    device: str = ""
    revocation: str = ""
    secret_in_body: bool = False
    """Whether the provider wants the client's secret as a parameter, not by HTTP Basic."""

    names_issuer: bool = False
    """Whether the provider puts its issuer into each answer that a browser brings back (RFC 9207)."""


@dataclass(frozen=True, slots=True)
class Client:
    """This server as a client of the provider."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"Client({self.id!r})"
