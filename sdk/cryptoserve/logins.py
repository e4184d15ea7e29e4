"""Logins. Each defines its requests; ``session.py`` sends them, and renews the token.

Files are read anew at each login, so what rotates them needs no restart. No repr shows a secret.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from cryptoserve.calls.names import checked_mount
from cryptoserve.settings import LONGEST_TOKEN, checked_token

Secret: TypeAlias = str | os.PathLike[str] | Callable[[], str]
"""The text itself, a ``Path`` of a file that holds it, or what is called for it at each login."""

KUBERNETES_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")


@dataclass(frozen=True, slots=True)
class Proof:
    """The request of a login: a path below ``/v1/`` and a body."""

    path: str
    body: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A token that needs no login."""

    token: str = field(repr=False)
    watched: bool
    """The token is renewed elsewhere, and has to be asked for again from time to time."""


class Login(Protocol):
    """A way to get a token."""

    def start(self) -> Proof | GivenToken:
        """What to send, or a token. Raises ``OSError`` or ``ValueError`` for a file without what it is to hold."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token that the client renews by itself at two thirds of its time, if it can be renewed."""

    token: Secret = field(repr=False)

    def start(self) -> GivenToken:
        return GivenToken(checked_token(_revealed(self.token)), watched=False)


@dataclass(frozen=True, slots=True)
class AgentFile:
    """The sink file of ``bao agent``, which renews the token and writes it anew."""

    path: str | os.PathLike[str]

    def start(self) -> GivenToken:
        return GivenToken(checked_token(_read(self.path)), watched=True)


@dataclass(frozen=True, slots=True)
class AppRole:
    """A role id and a secret id, which may be left out where the role asks for none."""

    role_id: str
    secret_id: Secret = field(default="", repr=False)
    mount: str = "approle"

    def start(self) -> Proof:
        body = {"role_id": self.role_id}
        if secret_id := _revealed(self.secret_id):
            body["secret_id"] = secret_id
        return Proof(f"auth/{checked_mount(self.mount)}/login", body)


@dataclass(frozen=True, slots=True)
class Jwt:
    """A signed token (JWT) of an identity provider."""

    role: str
    jwt: Secret = field(repr=False)
    mount: str = "jwt"

    def start(self) -> Proof:
        return Proof(f"auth/{checked_mount(self.mount)}/login", {"role": self.role, "jwt": _revealed(self.jwt)})


@dataclass(frozen=True, slots=True)
class Kubernetes:
    """The token of the pod's service account."""

    role: str
    jwt: Secret = field(default=KUBERNETES_TOKEN, repr=False)
    mount: str = "kubernetes"

    def start(self) -> Proof:
        return Proof(f"auth/{checked_mount(self.mount)}/login", {"role": self.role, "jwt": _revealed(self.jwt)})


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A TLS client certificate, which all requests of the client then show. ``role`` names one of several."""

    certificate: str | os.PathLike[str]
    key: str | os.PathLike[str]
    role: str = ""
    mount: str = "cert"

    def start(self) -> Proof:
        return Proof(f"auth/{checked_mount(self.mount)}/login", {"name": self.role} if self.role else {})

    def files(self) -> tuple[str, str]:
        """The files of the certificate (with its chain) and of its key, in PEM."""
        return os.fspath(self.certificate), os.fspath(self.key)


def _revealed(secret: Secret) -> str:
    if isinstance(secret, str):
        return secret
    return secret() if callable(secret) else _read(secret)


def _read(path: str | os.PathLike[str]) -> str:
    with open(path, encoding="ascii", errors="strict") as file:
        text = file.read(LONGEST_TOKEN + 2).strip()
    if not text or len(text) > LONGEST_TOKEN:
        raise ValueError(f"{os.fspath(path)!r} doesn't hold 1 to {LONGEST_TOKEN} characters")
    return text
