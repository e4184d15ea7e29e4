"""Listening sockets, bound before anything is served: so errors show early, and port 0 has its number."""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import pwd
import socket
import stat

from server.config import Listener

_BACKLOG = 2048


class ListenFailed(Exception):
    """An address can't be listened on; the text is for the operator."""


def open_socket(listener: Listener) -> socket.socket:
    """A listening socket for ``listener``: clients can connect, and wait for the server. Raises ``ListenFailed``."""
    try:
        return _unix_socket(listener) if listener.type == "unix" else _tcp_socket(listener.address)
    except (OSError, KeyError) as error:
        # The error for a path too long for a socket has a text and no number.
        reason = error.strerror or str(error) if isinstance(error, OSError) else f"no such user or group: {error}"
        raise ListenFailed(f"can't listen on {listener.address}: {reason}") from None


def url(listener: Listener, opened: socket.socket) -> str:
    """The URL of ``opened``: ``http://127.0.0.1:8200``, ``https://[::1]:8200`` or ``unix:///path``."""
    if listener.type == "unix":
        return f"unix://{os.path.abspath(listener.address)}"
    host, port = opened.getsockname()[:2]
    host = f"[{host}]" if ":" in host else host
    return f"{'https' if listener.tls else 'http'}://{host}:{port}"


def _tcp_socket(address: str) -> socket.socket:
    """A TCP socket; IPv6 addresses are in brackets, and an empty host means every address of the machine."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family, kind, protocol, _, place = socket.getaddrinfo(
        host or None, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Inherited by accepted connections: an answer is sent at once, however many writes it took.
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.bind(place)
        opened.listen(_BACKLOG)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened


def _unix_socket(listener: Listener) -> socket.socket:
    """A unix socket, created without permissions, so that no client connects before owner and mode are set."""
    path = listener.address
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(os.stat(path).st_mode):
            if _answers(path):
                raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
            os.unlink(path)
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777)
    try:
        opened.bind(path)
    except OSError:
        opened.close()
        raise
    finally:
        os.umask(before)
    try:
        if listener.socket_user or listener.socket_group:
            os.chown(path, _user(listener.socket_user), _group(listener.socket_group))
        os.chmod(path, listener.socket_mode)
        opened.listen(_BACKLOG)
        opened.setblocking(False)
    except (OSError, KeyError):
        opened.close()
        os.unlink(path)
        raise
    return opened


def _answers(path: str) -> bool:
    """Whether a server listens at ``path``, which otherwise is the leftover of a killed one."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        return probe.connect_ex(path) not in (errno.ECONNREFUSED, errno.ENOENT)


def _user(name: str) -> int:
    if not name:
        return -1
    return int(name) if name.isdecimal() else pwd.getpwnam(name).pw_uid


def _group(name: str) -> int:
    if not name:
        return -1
    return int(name) if name.isdecimal() else grp.getgrnam(name).gr_gid
