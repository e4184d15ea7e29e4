"""The OpenID provider ``oidc-provider`` from npm, certified by the OpenID Foundation, and a browser that uses it.

It is installed from the lock beside this file into the virtual environment, once; tests skip where that can't be done.
"""

from __future__ import annotations

import hashlib
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

from tests.support.products import free_port

_FOLDER = Path(__file__).parent
_FILES = ("package.json", "package-lock.json", "provider.mjs")
_MAX_STEPS = 15


def installed() -> Path:
    """The folder where the provider is installed. Skips the test if it can't be."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("the provider oidc-provider takes node and npm")
    digest = hashlib.sha256(b"".join((_FOLDER / name).read_bytes() for name in _FILES)).hexdigest()[:12]
    folder = Path(sys.prefix) / "npm-provider" / digest
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        for name in _FILES:
            shutil.copy(_FOLDER / name, made)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        done = subprocess.run(command, cwd=made, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            pytest.skip(f"oidc-provider can't be installed from npm: {done.stderr.strip()[-200:]}")
        with suppress(OSError):  # Another process may have been faster.
            os.rename(made, folder)
            Path(made).mkdir()  # For the context, which removes it.
    return folder


@contextmanager
def npm_provider(*return_addresses: str) -> Iterator[str]:
    """The address of a provider that sends browsers back to ``return_addresses``."""
    folder, port = installed(), free_port()
    command = ["node", "provider.mjs", str(port), *return_addresses]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            assert any(line.strip() == "ready" for line in process.stdout), "the provider has not started"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


class Browser:
    """A browser that logs in as a person, and confirms whatever it is asked."""

    def __init__(self, account: str = "alice") -> None:
        self._account = account
        self._client = httpx2.Client(trust_env=False, follow_redirects=False, timeout=60)

    def open(self, address: str, return_address: str) -> dict[str, str]:
        """The fields that the provider sends back to ``return_address``, in the address or in a form."""
        answer = self._client.get(address)
        for _ in range(_MAX_STEPS):
            if answer.is_redirect:
                target = urljoin(str(answer.url), answer.headers["location"])
                if target.startswith(return_address):
                    return dict(httpx2.URL(target).params)
                answer = self._client.get(target)
                continue
            action, fields = _form(answer.text)
            if action.startswith(return_address):
                return fields
            if not action:
                return {"page": answer.text}
            filled = {**fields, "login": self._account, "password": "any"}
            answer = self._client.post(urljoin(str(answer.url), action), data=filled)
        raise AssertionError(f"the login doesn't end: {answer.url}")

    def close(self) -> None:
        """Close its connections."""
        self._client.close()


def _form(page: str) -> tuple[str, dict[str, Any]]:
    """The action and the hidden fields of the first form on a page; empty if there is none."""
    form = re.search(r"<form[^>]*action=\"([^\"]*)\"[^>]*>(.*?)</form>", page, re.DOTALL)
    if form is None:
        return "", {}
    hidden = re.findall(r"<input[^>]*type=\"hidden\"[^>]*name=\"([^\"]*)\"[^>]*value=\"([^\"]*)\"", form[2])
    return html.unescape(form[1]), {name: html.unescape(value) for name, value in hidden}
