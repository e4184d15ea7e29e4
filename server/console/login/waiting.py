"""Logins whose browser doesn't come back to the console, in the callback modes ``direct`` and ``device``.

The page that waits for one carries it, sealed, in its own address: so nothing is stored, and any worker can go on.
A person who reads the address can't end the login, which takes the nonce of the browser that began it.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from auth_methods import sealing
from engines.encoding import NotBase64, decode_base64_url, encode_base64_url
from server.core.runtime import Runtime
from server.tenants.namespaces.names import ROOT
from storage.view import View

_FOLDER = "sys/ui/logins/"
_LABEL = b"cryptoserve console login"
_MAX_CHARACTERS = 16_384


class Waiting(Struct, frozen=True, array_like=True):
    """A begun login."""

    namespace: str
    mount: str
    """The path of the mount below ``auth/``, ending in ``/``."""

    state: str
    address: str
    """Where the person logs in."""

    user_code: str
    """What the person enters there; empty for nothing."""

    interval_seconds: int

    def __repr__(self) -> str:
        return f"Waiting({self.mount!r})"


class WaitingLogins:
    """Begun logins as texts."""

    def __init__(self, runtime: Runtime) -> None:
        self._view = View(runtime.barrier, ROOT.storage_prefix + _FOLDER, runtime.cache)

    async def seal(self, waiting: Waiting) -> str:
        """The text for ``waiting``."""
        return encode_base64_url(await sealing.seal(self._view, _LABEL, msgspec.msgpack.encode(waiting)))

    async def unseal(self, text: str) -> Waiting | None:
        """The login that ``text`` stands for; None if it is none of this server's."""
        if len(text) > _MAX_CHARACTERS:
            return None
        try:
            content = await sealing.unseal(self._view, _LABEL, decode_base64_url(text))
        except NotBase64:
            return None
        return None if content is None else msgspec.msgpack.decode(content, type=Waiting)
