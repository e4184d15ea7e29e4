"""State of one mount of cert: its roles, settings and revocation lists, and its renewals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auth_methods.base import Renewal
from auth_methods.cert.certificates import is_trusted, read_trusted
from auth_methods.cert.records import CONFIG, Config, Role, decode, decode_config, key
from auth_methods.cert.revocation_lists import FOLDER, Revoked
from auth_methods.cert.revocation_lists import decode as decode_list
from auth_methods.cert.trust import UNMET, UNTRUSTED, is_valid, shown
from auth_methods.names import is_name
from engines.base import Call, Mount
from engines.faults import Failed, InvalidRequest


class Cert:
    """The roles, settings and revocation lists of one mount."""

    def __init__(self, mount: Mount) -> None:
        self.mount = mount

    async def role(self, name: str) -> Role | None:
        """The role of this name, in any case."""
        return await self.mount.storage.load(key(name), decode) if is_name(name) else None

    async def configuration(self) -> Config:
        """The mount's settings."""
        return await self.mount.storage.load(CONFIG, decode_config) or Config()

    async def revoked(self) -> Revoked:
        """The certificates revoked by the mount's lists."""
        names = await self.mount.storage.list(FOLDER)
        found = [await self.mount.storage.load(FOLDER + name, decode_list) for name in names]
        return Revoked(tuple(one for one in found if one is not None))

    async def role_of(self, path: str, given: Mapping[str, Any]) -> str:
        """As ``ResolvesRole``: the one named in the login."""
        name = given.get("name")
        return name.lower() if path == "login" and isinstance(name, str) else ""

    async def renewal(self, metadata: Mapping[str, str], policies: tuple[str, ...]) -> Renewal:
        """The renewal that the role allows; none once the role is deleted."""
        name = metadata.get("cert_name", "")
        role = await self.role(name)
        if role is None:
            raise Failed(f"failed to renew entry: certificate {name} does not exist during renewal")
        return role.token.renewal()

    async def check_renewal(self, metadata: Mapping[str, str], call: Call) -> None:
        """As ``ChecksRenewals``: the caller must present the same certificate again."""
        if (await self.configuration()).disable_binding:
            return
        certificate = shown(call)
        name = metadata.get("cert_name", "")
        role = await self.role(name)
        if role is None:
            return  # ``renewal`` refuses it.
        trusted = read_trusted(role.certificate)
        if not is_trusted(certificate, trusted, call.now):
            raise InvalidRequest(UNTRUSTED)
        if not is_valid(certificate, trusted, await self.revoked(), call.now):
            raise InvalidRequest(UNMET)
        if certificate.identity().items() - metadata.items():
            raise Failed(
                "failed to renew entry: client identity during renewal not matching client identity used during login"
            )
