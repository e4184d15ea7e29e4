"""Notifications to systemd about the server's state: sd_notify(3), by datagrams on the socket named by systemd.

Only the first process sends them, the one that systemd started (``NotifyAccess=main``).
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import MutableMapping

_log = logging.getLogger(__name__)

_VARIABLE = "NOTIFY_SOCKET"


class ServiceManager:
    """The service manager at ``address``: a path, or ``@`` and a name in the abstract namespace of unix(7).

    With an empty address, nothing is sent.
    """

    def __init__(self, address: str = "") -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address

    @classmethod
    def of_environment(cls, environment: MutableMapping[str, str]) -> ServiceManager:
        """The manager named in ``environment``, from which it is removed: child processes mustn't notify it."""
        address = environment.pop(_VARIABLE, "")
        if address and not address.startswith(("/", "@")):
            _log.warning("%s is neither a path nor abstract, so systemd isn't told anything", _VARIABLE)
            address = ""
        return cls(address)

    def ready(self) -> None:
        """The server accepts requests, or has reloaded."""
        self._tell("READY=1")

    def reloading(self) -> None:
        """The server reloads; ``ready`` follows."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """The server is about to end."""
        self._tell("STOPPING=1")

    def _tell(self, state: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
                sending.setblocking(False)
                sending.sendto(state.encode(), self._address)
        except OSError as error:
            _log.warning("can't tell systemd %s: %s", state.partition("=")[0], error.strerror)
