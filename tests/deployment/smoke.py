"""Whether an installed CryptoServe runs at all: a development server, a key, a round trip, a clean stop.

For Pythons that the whole suite isn't run on: needs nothing but what the server itself needs.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

ROOT_TOKEN = "root"
PLAINTEXT = "c21va2U="


def _ask(address: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    request = urllib.request.Request(
        f"{address}/v1/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"X-Vault-Token": ROOT_TOKEN},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def main() -> None:
    """Exit with an exception if anything is amiss."""
    command = [str(Path(sys.executable).with_name("cryptoserve")), "server", "-dev", "-dev-no-store-token"]
    command += [f"-dev-root-token-id={ROOT_TOKEN}", "-dev-listen-address=127.0.0.1:0"]
    with tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert server.stdout is not None
            address = next(line.split()[-1] for line in server.stdout if line.startswith("listening on "))
            assert _ask(address, "GET", "sys/health")["sealed"] is False
            _ask(address, "POST", "transit/keys/smoke", {})
            ciphertext = _ask(address, "POST", "transit/encrypt/smoke", {"plaintext": PLAINTEXT})["data"]["ciphertext"]
            opened = _ask(address, "POST", "transit/decrypt/smoke", {"ciphertext": ciphertext})["data"]["plaintext"]
            assert opened == PLAINTEXT
            server.send_signal(signal.SIGTERM)
            assert server.wait(timeout=30) == 0
        finally:
            server.kill()
            server.wait()
    version = ".".join(map(str, sys.version_info[:3]))
    sys.stdout.write(f"smoke test on Python {version}: {ciphertext.split(':')[1]} round trip, clean stop\n")


if __name__ == "__main__":
    main()
