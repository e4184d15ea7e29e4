"""The console of a server in this process."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from server.config import Listener
from server.console.app import Console
from server.pipeline.app import Application
from tests.server.console.browser import Browser
from tests.support.systems import Server

NewBrowser = Callable[[], Browser]


@pytest.fixture
def new_browser(server: Server) -> NewBrowser:
    """Makes browsers without cookies."""
    listener = Listener("tcp", "127.0.0.1:8200", tls_disable=True)
    application = Application(server.dispatcher, listener, Console(server.core, server.dispatcher, listener).routes())
    return lambda: Browser(application)


@pytest.fixture
async def browser(server: Server, new_browser: NewBrowser) -> Browser:
    """A browser that is logged in with the root token, at a server with a key ``orders``."""
    await server.ask("POST", "sys/mounts/transit", {"type": "transit"})
    await server.ask("POST", "transit/keys/orders", {})
    browser = new_browser()
    await browser.log_in(server.root_token)
    return browser
