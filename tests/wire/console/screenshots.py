"""``python -m tests.wire.console.screenshots FOLDER``: pictures of the console for the documentation."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.support.servers import Server
from tests.wire.console.visits import CHROMIUM, log_in, serving

PICTURES = {
    "overview": ("", "light"),
    "key": ("keys/transit/orders", "light"),
    "inventory": ("inventory?profile=nist-transition@2024-11", "dark"),
    "audit": ("audit?request_id={request_id}", "light"),
}
"""The page and the theme of each picture."""

_SIZE = 1200
_VERSIONS = 4


def main(folder: Path) -> None:
    """Write ``console-NAME.png`` for each of ``PICTURES`` into ``folder``."""
    with tempfile.TemporaryDirectory() as place, serving(Path(place)) as server, sync_playwright() as playwright:
        request_id = _use(server)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, (path, theme) in PICTURES.items():
            context = browser.new_context(
                viewport={"width": _SIZE, "height": 760}, color_scheme="dark" if theme == "dark" else "light"
            )
            page = log_in(context, server)
            page.goto(f"{server.address}/ui/{path.format(request_id=request_id)}")
            if name == "overview":  # Its rate takes two counts.
                page.wait_for_function("() => /[0-9]/.test(document.getElementById('rate').textContent)")
            page.wait_for_timeout(1000)
            page.screenshot(path=folder / f"console-{name}.png")
            context.close()
        browser.close()


def _use(server: Server) -> str:
    """Give the key a history; returns the id of a request that is in the signed ledger."""
    for _ in range(_VERSIONS):
        time.sleep(1)
        server.request("POST", "transit/keys/orders/rotate", {})
        for _ in range(20):
            answer = server.request("POST", "transit/encrypt/orders", {"plaintext": "aGVsbG8="})
    server.request("POST", "transit/sign/signer", {"input": "aGVsbG8="})
    server.request("POST", "transit/keys/release", {"type": "ml-dsa", "parameter_set": "65"})
    time.sleep(2)
    request_id: str = answer.json()["request_id"]
    return request_id


if __name__ == "__main__":
    main(Path(sys.argv[1]))
