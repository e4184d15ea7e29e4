"""Capabilities of a token on paths: the caller's own, or one named by its id or accessor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engines.base import Body, Call, Nothing, Reply
from engines.faults import Denied, Failed, InvalidRequest
from engines.fields import CommaList
from engines.worker_pools import in_turns
from server.system.state import System
from server.tenants.mounts.table import Router
from server.tenants.policies.acl import Acl
from server.tenants.policies.path_spelling import judged
from server.tenants.tokens.store import Token, token_of

MAX_PATHS = 10_000
"""The most paths in one request."""


class CapabilitiesBody(Body):
    """The paths; ``path`` is the old name of ``paths``."""

    other_names: ClassVar[Mapping[str, str]] = {"path": "paths"}

    paths: CommaList = []
    path: CommaList = []

    tells = {
        "paths": "The paths to tell of.",
        "path": "The old name of `paths`.",
    }


class OwnCapabilitiesBody(CapabilitiesBody):
    """Capabilities of the calling token. Clients send their ``token`` again, which has no effect."""

    token: str = ""

    tells = {
        "token": "Accepted and ignored.",
    }


class TokenCapabilitiesBody(CapabilitiesBody):
    """Capabilities of a token named by its id."""

    token: str = ""

    tells = {
        "token": "The token.",
    }


class AccessorCapabilitiesBody(CapabilitiesBody):
    """Capabilities of a token named by its accessor."""

    accessor: str = ""

    tells = {
        "accessor": "The accessor of the token.",
    }


async def capabilities_self(system: System, call: Call, body: CapabilitiesBody) -> Reply:
    """Show the capabilities of the calling token."""
    paths = _paths(body)
    return await _reply(await caller_reach(system, call), paths)


async def capabilities(system: System, call: Call, body: TokenCapabilitiesBody) -> Reply:
    """Show the capabilities of a token."""
    if not body.token:
        raise Failed("no token found")
    paths = _paths(body)
    home = await system.unsealed.home(body.token)
    token = await home.tokens.authenticate(body.token, call.now)
    if token is None:
        raise InvalidRequest("invalid token", wrapped=True)
    return await _reply(await reach_of(system, token), paths)


async def capabilities_accessor(system: System, call: Call, body: AccessorCapabilitiesBody) -> Reply:
    """Show the capabilities of the token with an accessor."""
    if not body.accessor:
        raise InvalidRequest("missing accessor")
    paths = _paths(body)
    token = await system.tenant.tokens.by_accessor(body.accessor, call.now)
    if token is None or not await system.tenant.identities.is_valid(token):
        raise InvalidRequest("invalid accessor", wrapped=True)
    return await _reply(await reach_of(system, token), paths)


async def read_resultant_acl(system: System, call: Call, body: Nothing) -> Reply:
    """Show all that the calling token's policies allow."""
    token = _calling(call)
    return Reply((await reach_of(system, token)).acl.resultant_acl(token.namespace_path))


@dataclass(frozen=True, slots=True)
class Reach:
    """A token's rights in a namespace. ``below`` is the namespace's path relative to the policies'; None: no rights."""

    acl: Acl
    below: str | None
    router: Router

    def capabilities(self, path: str) -> list[str]:
        """As ``Acl.capabilities``, for a path of the namespace in its canonical spelling."""
        if self.below is None:
            return ["deny"]
        path = path.lstrip("/")
        match = self.router.find(path)
        listing = path.endswith("/") and (match is None or match.endpoint is None)
        if listing:
            match = self.router.find(path.removesuffix("/"))
        acl, path = judged(self.acl, self.below, match, path, listing=listing)
        return acl.capabilities(path)

    def touches(self, path: str) -> bool:
        """As ``Acl.touches``, for a path of the namespace."""
        return self.below is not None and self.acl.touches(self.below + path)


async def reach_of(system: System, token: Token) -> Reach:
    """The rights of ``token`` in this namespace."""
    acl = await token.store.rights(token)
    return Reach(acl, system.tenant.namespace.below(token.store.namespace), await system.tenant.mounts.router())


async def caller_reach(system: System, call: Call) -> Reach:
    """The rights of the calling token in this namespace. Raises ``Denied`` without one, on public routes."""
    return await reach_of(system, _calling(call))


def _calling(call: Call) -> Token:
    if call.caller is None:
        raise Denied(wrapped=False)
    return token_of(call.caller)


def _paths(body: CapabilitiesBody) -> list[str]:
    paths = body.paths or body.path
    if not paths:
        raise InvalidRequest("paths must be supplied")
    if len(paths) > MAX_PATHS:
        raise InvalidRequest(f"at most {MAX_PATHS} paths may be supplied")
    if "" in paths:
        raise InvalidRequest("missing path", wrapped=True)
    return paths


async def _reply(reach: Reach, paths: list[str]) -> Reply:
    data: dict[str, Any] = {path: reach.capabilities(path) async for path in in_turns(paths)}
    if len(paths) == 1:
        data["capabilities"] = data[paths[0]]
    return Reply(data)
