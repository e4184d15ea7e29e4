"""A browser, Debian's Chromium, and a server with a ledger to look at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.servers import Server
from tests.wire.console.visits import CHROMIUM, LONGEST_MILLISECONDS, log_in, open_window, serving

MISSING = "" if CHROMIUM else "there is no chromium (Debian: apt-get install chromium)"

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser; each context in it has cookies of its own.

    It ends with the module: the library leaves an event loop running, beside which no asynchronous test can run.
    """
    if MISSING:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"], timeout=LONGEST_MILLISECONDS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A durable server of two workers with an audit ledger, keys, a policy, a namespace and a person."""
    with serving(tmp_path_factory.mktemp("console")) as server:
        yield server


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A window without cookies."""
    context = open_window(chromium)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, server: Server) -> Page:
    """A page that is logged in with the root token."""
    return log_in(context, server)
